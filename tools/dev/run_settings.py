"""Makes the settings that `make run` gives the services; the environment goes before its defaults."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from dev import run_directory
from dev.steps import ROOT
from shared.forms import file_at

EXAMPLE = ROOT / "forms.example.toml"
OWNER = "owner@example.org"
"""Whom the sink keeps the owner's mails for, unless somebody says who the owner is."""

_OURS = ("COUNTERFOIL_", "OTEL_")
ERASURES = "erasures"
"""The file below a run's directory in which erasures are noted; no backup has it, and no restore takes it away."""

FILES = "files"
"""The directory below a run's in which uploaded files are."""

_DATABASE_OF = {"console": "storage"}


def is_given(name: str) -> bool:
    """Say whether a setting, or the file that holds it, is in the environment."""
    return bool(os.environ.get(f"COUNTERFOIL_{name}") or os.environ.get(f"COUNTERFOIL_{name}_FILE"))


def forms() -> Path:
    """Return the form definitions: COUNTERFOIL_FORMS, else forms.toml here or in forms/, else the example."""
    own = [path for path in (ROOT / "forms.toml", ROOT / "forms" / "forms.toml") if path.exists()]
    return file_at(Path(os.environ.get("COUNTERFOIL_FORMS") or [*own, EXAMPLE][0]))


def templates() -> Path | None:
    """Return the folder of one's own templates of mails: COUNTERFOIL_TEMPLATES, if any."""
    return Path(folder) if (folder := os.environ.get("COUNTERFOIL_TEMPLATES")) else None


def addresses(port: int, console_port: int) -> dict[str, str]:
    """Return where the gateway listens, and where the console does, to which it passes on what owners ask.

    COUNTERFOIL_CONSOLE_BIND goes before `console_port`.
    """
    console = os.environ.get("COUNTERFOIL_CONSOLE_BIND") or f"127.0.0.1:{console_port}"
    gateway = f"127.0.0.1:{port}"
    return {
        "BIND": gateway,
        "CONSOLE_BIND": console,
        "CONSOLE_URL": f"http://{console}",
        "GATEWAY_URL": f"http://{gateway}",
    }


def environment(directory: Path, service: str, made: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of one service; `made` holds what was made for this run, by the setting's name.

    PORT says where the gateway listens, whatever COUNTERFOIL_BIND says.
    """
    secrets = directory / "secrets"
    own = {
        "DATABASE_URL": f"sqlite:///{directory / _DATABASE_OF.get(service, service)}.db",
        "SECRET_FILE": str(secrets / "secret"),
        "API_KEY_HASHES_FILE": str(secrets / "api_key_hashes"),
        "OPERATOR_KEY_HASHES_FILE": str(secrets / "operator_key_hashes"),
        "ERASURES": str(directory / ERASURES),
        "FILES_URL": (directory / FILES).absolute().as_uri(),
        "SETUP_TOKEN_FILE": str(secrets / "setup_token"),
        "FORM_SECRETS": str(ROOT / "secrets" / "forms"),
        "LOG_FORMAT": "console",
        **_sealing(service, secrets),
        **_links(service, made),
        **made,
    }
    settings = {f"COUNTERFOIL_{name}": value for name, value in own.items() if not is_given(name.removesuffix("_FILE"))}
    fixed = {"COUNTERFOIL_FORMS": str(forms()), "COUNTERFOIL_BIND": made["BIND"], "PYTHONUNBUFFERED": "1"}
    return dict(os.environ) | settings | fixed


def _sealing(service: str, secrets: Path) -> dict[str, str]:
    """Return the half of the pair for sealed fields that a service is to have: the console alone can open them."""
    files = {"gateway": ("SEALING_KEY_FILE", "sealing_key"), "console": ("OPENING_KEYS_FILE", "opening_keys")}
    name, file = files.get(service, ("", ""))
    return {name: str(secrets / file)} if name and (secrets / file).exists() else {}


def _links(service: str, made: Mapping[str, str]) -> dict[str, str]:
    """Return where mails to the owner find the console: through the gateway, unless somebody says where that is."""
    if service != "notify" or is_given("PUBLIC_URL"):
        return {}
    return {"CONSOLE_PUBLIC_URL": f"http://{made['BIND']}"}


def write(directory: Path, service: str, made: Mapping[str, str]) -> None:
    """Leave the settings of one service in `directory`/<service>.env, for commands: `set -a; . .run/storage.env`."""
    settings = environment(directory, service, made).items()
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(settings) if name.startswith(_OURS)]
    path = directory / f"{service}.env"
    path.touch(mode=0o600)
    path.write_text("".join(line for line in lines if not line.startswith(run_directory.MARK)), "utf-8")
