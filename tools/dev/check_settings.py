"""Checks the settings of all services before anything is started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import gateway.settings
import notify_service.settings
import storage_service.console.settings
import storage_service.settings
from dev import run_settings
from shared.settings import SettingsError

_LOADS: dict[str, Callable[[], object]] = {
    "gateway": gateway.settings.load,
    "storage": storage_service.settings.load,
    "console": storage_service.console.settings.load,
    "notify": notify_service.settings.load,
}
_TO_BE_MADE = {**run_settings.addresses(8080, 8090), "BROKER_URL": "amqp://127.0.0.1/", "SMTP_URL": "smtp://127.0.0.1"}
_TO_BE_MADE_AS_FILES = {"SECRET": "to be made", "API_KEY_HASHES": "", "OPERATOR_KEY_HASHES": "", "SETUP_TOKEN": ""}


def problems(directory: Path) -> str:
    """Return what is wrong, each once whichever service says it, a line each; empty where all of it is right.

    Only what is given is judged: what a run makes itself is not there yet, and has stand-ins.
    """
    found: dict[str, None] = {}
    for service, load in _LOADS.items():
        with _environment(_of(directory, service)):
            try:
                load()
            except SettingsError as error:
                found |= dict.fromkeys(str(error).splitlines())
    return "\n".join(found)


def _of(directory: Path, service: str) -> dict[str, str]:
    given = run_settings.environment(directory, service, _TO_BE_MADE)
    for name, stand_in in _TO_BE_MADE_AS_FILES.items():
        if not run_settings.is_given(name):
            del given[f"COUNTERFOIL_{name}_FILE"]
            given[f"COUNTERFOIL_{name}"] = stand_in
    for name in ("ERASURES", "FILES_URL"):
        if not run_settings.is_given(name):
            given.pop(f"COUNTERFOIL_{name}", None)  # in the folder of a run, which there may not be yet
    return given


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    """Have this environment for a moment: the settings are read from the process's own."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
