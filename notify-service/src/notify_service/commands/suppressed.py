"""Asks for a command whether an address is sent no mail, where there is a database to ask."""

from __future__ import annotations

from pathlib import Path

from notify_service import settings
from notify_service.channels.planned import Planned
from notify_service.commands.terminal import say
from notify_service.deliveries.states import SUPPRESSED
from notify_service.history.words import in_words
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import MIGRATIONS
from shared import database
from shared.links.addresses import AddressKey
from shared.messaging.failures import DependencyUnavailable

_UNKNOWN = "not asked whether this address is sent no mail: "


def why_not(chosen: settings.Settings, planned: Planned) -> str | None:
    """Return why a mail is not sent to an address, in words; None where it is, or nobody can say: then that is said."""
    if not chosen.secret:
        say(f"{_UNKNOWN}COUNTERFOIL_SECRET is not set")
        return None
    engine = database.create(chosen.database_url)
    try:
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
            say(f"{_UNKNOWN}there is no database here")
            return None
        if MIGRATIONS.pending(engine):
            say(f"{_UNKNOWN}the database waits for its migration")
            return None
        found = Suppression(AddressKey(chosen.secret), SuppressionTable(engine))
        reason = found.among([planned.destination], planned.form).get(planned.destination)
        return None if reason is None else in_words("suppressed", f"{SUPPRESSED}{reason}")
    except DependencyUnavailable:
        say(f"{_UNKNOWN}the database does not answer")
        return None
    finally:
        engine.dispose()
