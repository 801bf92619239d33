"""Reads the settings about forms: their file, their secrets, and the private networks they may call."""

from __future__ import annotations

from pathlib import Path

from environs import FileAwareEnv
from marshmallow import ValidationError

from shared.forms.file import file_at
from shared.forms.secrets import FOLDER, FormSecrets
from shared.public_addresses import Network, parse_networks


def forms_file(env: FileAwareEnv) -> Path:
    """Read `FORMS`: the form definitions, or the folder that holds them as `forms.toml`; `forms.toml` by default."""
    return file_at(Path(env.str("FORMS", "") or "forms.toml"))


def form_secrets(env: FileAwareEnv) -> FormSecrets:
    """Read `FORM_SECRETS`: the folder that holds the secrets which forms name by a file, and nothing else."""
    return FormSecrets(Path(env.str("FORM_SECRETS", "") or FOLDER))


def networks(env: FileAwareEnv, name: str) -> tuple[Network, ...]:
    """Read networks, with commas between, that may be called though they are not public; none by default."""
    return parse_networks(env.str(name, "", validate=_are_networks) or "")


def _are_networks(value: str) -> None:
    try:
        parse_networks(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error
