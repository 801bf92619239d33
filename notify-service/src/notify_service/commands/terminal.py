"""What the commands of notify have in common: its name, and what they may raise; the rest is all services'."""

from __future__ import annotations

import argparse

from notify_service.channels.mail.template_set import TemplatesError
from shared import terminal
from shared.database import MigrationFailed
from shared.forms import FormsError
from shared.messaging.failures import DependencyUnavailable
from shared.settings import SettingsError
from shared.terminal import Refused, complain, say

__all__ = ["PROGRAM", "REFUSALS", "Refused", "complain", "parser", "say"]

PROGRAM = "python -m notify_service"

REFUSALS = (Refused, SettingsError, FormsError, TemplatesError, MigrationFailed, DependencyUnavailable)
"""What a command may raise: the text is for whoever typed it."""


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return what reads the arguments of a command; `--help` shows the description as it is written."""
    return terminal.parser(PROGRAM, command, description)
