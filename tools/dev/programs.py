"""Finds the programs of RabbitMQ, PostgreSQL, Redis, ClamAV, Dovecot and Prometheus on this machine."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

_RABBITMQ_PLACES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin")
"""Before the PATH: Debian's /usr/sbin/rabbitmq-server refuses ordinary users and changes to its own user for root."""

RABBITMQ_CHOSEN = "COUNTERFOIL_RABBITMQ_SERVER"
"""Names the `rabbitmq-server` to start, where it is to be another than the machine's: its tools are taken from beside
it, and `epmd` from there too, else from the PATH."""


class NotInstalled(Exception):
    """A program is missing; the text says how it comes."""


def search_path() -> str:
    """Return the PATH, the places of RabbitMQ first; raises `NotInstalled` where the chosen one is not there."""
    chosen = os.environ.get(RABBITMQ_CHOSEN)
    if chosen and shutil.which(chosen) is None:
        raise NotInstalled(f"{RABBITMQ_CHOSEN}: {chosen} is no program; expected /path/to/sbin/rabbitmq-server")
    places = [str(Path(chosen).absolute().parent)] if chosen else []
    return os.pathsep.join([*places, *_RABBITMQ_PLACES, os.environ.get("PATH", os.defpath)])


def rabbitmq(name: str) -> str:
    """Return where a program of RabbitMQ or Erlang is; raises `NotInstalled`."""
    found = shutil.which(name, path=search_path())
    if found is None:
        raise NotInstalled(f"{name} (RabbitMQ) is not installed; `make run` and `make test` see to that")
    return found


def postgresql(name: str) -> str:
    """Return where a program of the newest PostgreSQL is; raises `NotInstalled`."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version, reverse=True)
    brew = [path for root in ("/opt/homebrew", "/usr/local") for path in Path(root).glob(f"opt/postgresql*/bin/{name}")]
    found = next((str(path) for path in [*debian, *brew]), None) or shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} (PostgreSQL) is not installed; `make test` sees to that")
    return found


def redis() -> str:
    """Return where the server of Redis is, or of Valkey, which is the same to us; raises `NotInstalled`."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise NotInstalled("redis-server is not installed; `make test` sees to that")
    return found


def has_redis() -> bool:
    """Say whether a Redis server can be started here."""
    try:
        redis()
    except NotInstalled:
        return False
    return True


def clamd() -> str:
    """Return where ClamAV's daemon is; raises `NotInstalled`."""
    found = shutil.which(
        "clamd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/opt/homebrew/sbin:/usr/local/sbin"
    )
    if found is None:
        raise NotInstalled("clamd (ClamAV) is not installed; `make test` sees to that")
    return found


def has_clamd() -> bool:
    """Say whether ClamAV's daemon can be started here."""
    try:
        clamd()
    except NotInstalled:
        return False
    return True


def dovecot() -> str:
    """Return where Dovecot is, an IMAP server; raises `NotInstalled`."""
    places = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/opt/homebrew/sbin:/usr/local/sbin"
    found = shutil.which("dovecot", path=places)
    if found is None:
        raise NotInstalled("dovecot is not installed; `make test` sees to that")
    return found


def has_dovecot() -> bool:
    """Say whether an IMAP server can be started here."""
    try:
        dovecot()
    except NotInstalled:
        return False
    return True


def prometheus(name: str) -> str:
    """Return where a program of Prometheus is, the server or promtool; raises `NotInstalled`."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} (Prometheus) is not installed; `make test` sees to that")
    return found


def has_prometheus() -> bool:
    """Say whether Prometheus and its promtool can be started here."""
    return shutil.which("prometheus") is not None and shutil.which("promtool") is not None


def seaweed() -> str:
    """Return where SeaweedFS is, which comes with the packages of the tests; raises `NotInstalled`."""
    found = Path(sys.executable).with_name("weed")
    if not found.exists():
        raise NotInstalled("weed (SeaweedFS) is not installed; `make test` sees to that")
    return str(found)


def has_rabbitmq() -> bool:
    """Say whether a RabbitMQ node can be started here."""
    return shutil.which("rabbitmq-server", path=search_path()) is not None


def has_postgresql() -> bool:
    """Say whether a PostgreSQL server can be started here."""
    try:
        postgresql("initdb")
    except NotInstalled:
        return False
    return True


def _version(path: Path) -> int:
    return int(re.sub(r"\D.*", "", path.parts[4]) or 0)
