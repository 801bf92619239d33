"""The look that the gateway's pages and the console's have in common: files that both serve."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

FILES = ("tokens.css", "icon.svg")

FOLDER = Path(str(resources.files(__name__)))
"""Where they are: the packages are installed as files."""
