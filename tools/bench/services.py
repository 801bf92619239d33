"""Starts our own services as an installation does, with the limits against floods off."""

from __future__ import annotations

import sys

from bench.claims import LEAST, NO_PUBLISH, OURS
from bench.program import ROOT, Program

WORKERS = 2
SECRET = "a secret of the bench, longer than thirty-two characters"  # noqa: S105 - nobody else runs with it
FORMS = ROOT / "forms.example.toml"


def gateway(
    broker_url: str,
    *,
    name: str = OURS,
    module: str = "gateway",
    forms: str = str(FORMS),
    workers: int = WORKERS,
    console_url: str = "",
    sealing_key: str = "",
    files_url: str = "",
    metrics_bind: str = "",
) -> Program:
    """Return a gateway replica."""
    variables = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_BIND": "127.0.0.1:{port}",
        "COUNTERFOIL_WORKERS": str(workers),
        "COUNTERFOIL_FORMS": forms,
        "COUNTERFOIL_SECRET": SECRET,
        "COUNTERFOIL_API_KEY_HASHES": "",
        "COUNTERFOIL_CONSOLE_URL": console_url,
        "COUNTERFOIL_SEALING_KEY": sealing_key,
        "COUNTERFOIL_FILES_URL": files_url,
        "COUNTERFOIL_METRICS_BIND": metrics_bind,
        "COUNTERFOIL_UPLOADS_PER_SOURCE": "64",
        "COUNTERFOIL_LOG_LEVEL": "warning",
        "COUNTERFOIL_RATE_LIMIT": "none",
        "COUNTERFOIL_WATCHERS_PER_SOURCE": "1000",
    }
    return Program(name, (sys.executable, "-m", module), variables, listens=True)


def gateway_alone(broker_url: str) -> Program:
    """Return the gateway with a publisher that publishes nothing."""
    return gateway(broker_url, name=NO_PUBLISH, module="bench.limits.gateway_alone")


def least(broker_url: str) -> Program:
    """Return the least that could accept: constant bytes, published and confirmed, on our server."""
    return gateway(broker_url, name=LEAST, module="bench.limits.least")


def storage(broker_url: str, database_url: str, number: int = 1) -> Program:
    """Return a storage replica; its schema is to be migrated first."""
    return Program(
        f"storage service {number}",
        (sys.executable, "-m", "storage_service"),
        {
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_DATABASE_URL": database_url,
            "COUNTERFOIL_LOG_LEVEL": "warning",
        },
    )


def console(broker_url: str, database_url: str, setup: str = "", *, forms: str = str(FORMS)) -> Program:
    """Return a console; the schema of its database is to be migrated first. `setup` is COUNTERFOIL_SETUP_TOKEN."""
    return Program(
        "console",
        (sys.executable, "-m", "storage_service", "console"),
        {
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_DATABASE_URL": database_url,
            "COUNTERFOIL_CONSOLE_BIND": "127.0.0.1:{port}",
            "COUNTERFOIL_FORMS": forms,
            "COUNTERFOIL_SETUP_TOKEN": setup,
            "COUNTERFOIL_LOG_LEVEL": "warning",
        },
        listens=True,
    )


def notify(broker_url: str, database_url: str, smtp_url: str, *, owner: str = "") -> Program:
    """Return a notify replica; its schema is to be migrated first. `owner` is the address of every form's owner."""
    return Program(
        "notify service with owner" if owner else "notify service",
        (sys.executable, "-m", "notify_service"),
        {
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_DATABASE_URL": database_url,
            "COUNTERFOIL_SMTP_URL": smtp_url,
            "COUNTERFOIL_SECRET": SECRET,
            "COUNTERFOIL_OWNER_MAIL": owner,
            "COUNTERFOIL_CONFIRMATIONS_PER_RECIPIENT": "none",
            "COUNTERFOIL_CONFIRMATIONS_PER_SOURCE": "none",
            "COUNTERFOIL_CONFIRMATIONS_PER_FORM": "none",
            "COUNTERFOIL_OWNER_MAILS_MOST": "1000000",
            "COUNTERFOIL_FORMS": str(FORMS),
            "COUNTERFOIL_LOG_LEVEL": "warning",
        },
    )
