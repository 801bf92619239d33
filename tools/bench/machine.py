"""Describes the machine and the versions of the programs, on which the figures depend."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from dev.programs import postgresql, rabbitmq

_PACKAGES = ("pika", "flask", "granian", "SQLAlchemy", "psycopg", "fastapi", "aio-pika", "celery")


def machine() -> dict[str, str | int | None]:
    """Return what the figures depend on; load generator, servers, broker and database share its cores."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_mb": _memory_mb(),
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "rabbitmq": _version_of([rabbitmq("rabbitmqctl"), "version"]),
        "postgresql": _version_of([postgresql("postgres"), "--version"]),
        **{name.lower(): version(name) for name in _PACKAGES},
    }


def in_words(found: Mapping[str, str | int | None]) -> str:
    """Return it as a line for the table."""
    memory_gb = int(found["memory_mb"] or 0) / 1024
    return (
        f"{found['cores']} cores ({found['processor']}), {memory_gb:.0f} GB, {found['system']}; "
        f"Python {found['python']}, RabbitMQ {found['rabbitmq']}, PostgreSQL {found['postgresql']}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _version_of(command: list[str]) -> str:
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+\.\d+(?:\.\d+)?", printed)
    return found[0] if found else "unknown"
