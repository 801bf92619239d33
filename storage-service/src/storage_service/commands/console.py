"""`python -m storage_service console` serves owners: the API, and the work behind it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from shared import database, logs
from shared.files import FilesSettings
from shared.forms import Forms, FormsError, load
from shared.settings import SettingsError
from shared.terminal import Refused, parser
from storage_service.commands.program import PROGRAM
from storage_service.console import settings as console_settings
from storage_service.tables import MIGRATIONS

_HELP = """\
Serve owners over HTTP at COUNTERFOIL_CONSOLE_BIND until told to stop: the API below /v1, which the gateways pass on.
Behind it the search index is filled, and what owners decide is published. Several may run. The environment sets it up.\
"""


def console(arguments: Sequence[str]) -> int:
    """Serve the API for owners, and fill the search index, until told to stop."""
    from storage_service.console.serving.server import serve  # noqa: PLC0415 - granian and Flask, which no other command needs

    parser(PROGRAM, "console", _HELP).parse_args(arguments)
    chosen = console_settings.load()
    logs.configure("console", level=chosen.log_level, format=chosen.log_format)
    try:
        say_if_no_store(load(chosen.forms), chosen.files)
    except FormsError as error:
        raise Refused(str(error)) from error
    engine = database.create(chosen.database_url)
    try:
        if MIGRATIONS.needed_at_start(engine):
            raise Refused(MIGRATIONS.advice(engine, PROGRAM))
    finally:
        engine.dispose()
    try:
        serve(chosen)
    except OSError as error:
        raise SettingsError(f"COUNTERFOIL_CONSOLE_BIND or COUNTERFOIL_METRICS_BIND: cannot listen: {error}") from error
    return 0


def say_if_no_store(forms: Forms, files: FilesSettings | None) -> None:
    """Log it where forms take files and this console has no store: nothing would remove what is erased."""
    taking = sorted(name for name, form in forms.items() if form.takes_files)
    if taking and files is None:
        why = "COUNTERFOIL_FILES_URL is not set for the console, and is for the gateways: set it as it is there"
        structlog.get_logger().error("files are neither shown nor removed", forms=taking, because=why)
