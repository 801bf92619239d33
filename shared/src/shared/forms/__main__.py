"""`python -m shared.forms [PATH]` checks form definitions: all errors, each with its line, or how many are fine."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.forms import FormsError, load


def main(arguments: Sequence[str]) -> int:
    """Check one file, as the gateway and the notify service do at start; returns 0 where it is fine, else 1."""
    parser = argparse.ArgumentParser(prog="python -m shared.forms", description=__doc__)
    default = Path(os.environ.get("COUNTERFOIL_FORMS") or "forms.toml")
    parser.add_argument("path", type=Path, nargs="?", default=default, help="COUNTERFOIL_FORMS, else forms.toml")
    path = parser.parse_args(arguments).path
    try:
        forms = load(path)
    except FormsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - what the command is for
        return 1
    count = len(forms)
    print(f"{path}: {count} {'form is' if count == 1 else 'forms are'} fine: {', '.join(forms)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
