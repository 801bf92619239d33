"""`python -m shared.forms [PATH]` checks form definitions and prints every error with its line.

PATH is the file, or the folder that holds it as forms.toml. Warnings name settings without effect, and those that
cannot work on this machine, such as a missing secret below COUNTERFOIL_FORM_SECRETS.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.forms import FOLDER, FormSecrets, FormsError, file
from shared.forms.checks.warnings import find_warnings
from shared.forms.secrets import READERS


def main(arguments: Sequence[str]) -> int:
    """Check one file, as the gateway and the notify service do at start; returns 0 where it is fine, else 1."""
    parser = argparse.ArgumentParser(prog="python -m shared.forms", description=__doc__)
    default = Path(os.environ.get("COUNTERFOIL_FORMS") or "forms.toml")
    parser.add_argument("path", type=Path, nargs="?", default=default, help="COUNTERFOIL_FORMS, else forms.toml")
    path = file.file_at(parser.parse_args(arguments).path)
    secrets = FormSecrets(Path(os.environ.get("COUNTERFOIL_FORM_SECRETS") or FOLDER))
    try:
        content = file.read(path)
        forms, warnings = file.parse(content, path), find_warnings(content, path, secrets, list(READERS))
    except FormsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - what the command is for
        return 1
    for warning in warnings:
        print(warning, file=sys.stderr)  # noqa: T201
    count = len(forms)
    print(f"{path}: {count} {'form is' if count == 1 else 'forms are'} fine: {', '.join(forms)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
