"""`python -m storage_service import FILE …` takes submissions over from elsewhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Engine

from shared import failpoints, settings
from shared.forms import Forms, FormsError, load
from shared.forms import settings as form_settings
from shared.terminal import Refused, complain, parser
from storage_service.accounts.audit import Audit
from storage_service.commands.program import PROGRAM, opened, whoever_types
from storage_service.importing.csv_rows import DELIMITERS
from storage_service.importing.encodings import CODECS, Encoding, encoding_of
from storage_service.importing.found import Found, NotTaken, Unreadable
from storage_service.importing.importer import Counts, Importer
from storage_service.importing.keys import Keys
from storage_service.importing.mapping import Columns, asked_of, check
from storage_service.importing.moments import Moments
from storage_service.importing.ours import TakingOurs
from storage_service.importing.progress import Progress
from storage_service.importing.remarks import Remarks
from storage_service.importing.report import Report
from storage_service.importing.rows import ImportedRows
from storage_service.importing.services import OURS, SERVICES, Service
from storage_service.importing.source import Source, open_source
from storage_service.importing.taken import Taken
from storage_service.importing.taking import Taking

INTERRUPTED = 130

_HELP = f"""\
Take submissions over from another form service, from a table, or from an export of another installation. No mail, no
webhook and no hook comes of it. What was imported is found by is:imported.

  import export.csv --from formspree --form contact --dry-run     what would be taken, what not, and why
  import export.csv --from formspree --form contact               take it
  import old.csv --from csv --form contact --map 'Your name=name' --map 'Sent=@time' --zone Europe/Berlin
  import contact-2026-11-22.ndjson --from {OURS}

Run it again whenever you like: what is here already is not taken twice, and after an interruption it goes on. What was
erased here does not come back. docs/moving-in.md says where each service has its export.\
"""


def import_(arguments: Sequence[str]) -> int:
    """Take submissions over from another form service, a table, or an export."""
    given = _parser().parse_args(arguments)
    service = SERVICES[given.service]
    try:
        forms = _forms(given.form, service)
        encoding = encoding_of(given.file, given.encoding)
        source = open_source(given.file, encoding, service, given.delimiter)
        try:
            with opened() as engine:
                return _import(engine, source, encoding, forms, service, given)
        finally:
            source.close()
    except Unreadable as error:
        raise Refused(str(error)) from error


def _import(
    engine: Engine, source: Source, encoding: Encoding, forms: Forms, service: Service, given: argparse.Namespace
) -> int:
    columns = Columns(service, asked_of(given.map, source.columns))
    if service.name != OURS:
        check(columns, source.columns)
    report = Report(given.show)
    report.begin(source.what, encoding.name, columns if service.name != OURS else None, source.columns)
    keys = Keys()
    progress = Progress(sys.stderr, given.file.stat().st_size)
    importer = Importer(
        ImportedRows(engine, lambda: datetime.now(UTC), whoever_types(), reach=failpoints.from_environment()),
        _taking(service, columns, forms, keys, given),
        Remarks(forms[given.form] if given.form else None, datetime.now(UTC)),
        is_dry=given.dry_run,
        note=lambda one: _note(one, report, progress),
        tick=lambda counts: progress.show(source.place(), counts.records),
    )
    audit, who = Audit(engine), whoever_types()
    if not given.dry_run:
        audit.note(who, "import.began", given.form)
    try:
        importer.run(source.records)
    except KeyboardInterrupt:
        progress.clear()
        complain("interrupted: what was taken stays; run it again, and it goes on")
        return INTERRUPTED
    finally:
        progress.clear()
        keys.close()
        if not given.dry_run and importer.counts.records:
            audit.note(who, "import.ended", given.form, count=importer.counts.taken)
    _end(report, importer, service, is_dry=given.dry_run)
    return 1 if importer.counts.not_taken or importer.counts.others else 0


def _end(report: Report, importer: Importer, service: Service, *, is_dry: bool) -> None:
    counts: Counts = importer.counts
    report.end(counts, importer.remarks, is_dry=is_dry)
    if service.name == OURS and counts.records and counts.is_complete is None and report.can_be_complete:
        complain("the export's last line is missing: it is not whole, fetch it again")


def _note(one: NotTaken, report: Report, progress: Progress) -> None:
    if report.is_shown():
        progress.clear()
    report.note(one)


def _taking(
    service: Service, columns: Columns, forms: Forms, keys: Keys, given: argparse.Namespace
) -> Callable[[Found], Taken | NotTaken | None]:
    moments = Moments(given.zone or service.zone, given.dates, datetime.now(UTC))
    if service.name == OURS:
        chosen = [forms[given.form]] if given.form else list(forms.values())
        return TakingOurs(columns, moments, keys, chosen, is_spam=given.spam)
    return Taking(service, columns, moments, keys, forms[given.form], is_spam=given.spam)


def _forms(name: str | None, service: Service) -> Forms:
    """Return the forms of the file; raises `Refused` where none has this name, and says which there are."""
    env = settings.reader()
    path = form_settings.forms_file(env)
    settings.sealed(env)
    try:
        forms = load(path)
    except FormsError as error:
        raise Refused(str(error)) from error
    known = ", ".join(forms) or "none"
    if name is None and service.name != OURS:
        raise Refused(f"--form: for which form is it? There are: {known}")
    if name is not None and name not in forms:
        raise Refused(f"--form: there is no form {name[:64]!r} in {path}. There are: {known}")
    return forms


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "import", _HELP)
    made.add_argument("file", metavar="FILE", type=Path, help="the file; it is only read")
    made.add_argument("--from", dest="service", choices=SERVICES, required=True, help="where the file is from")
    made.add_argument("--form", metavar="NAME", help="the form here that the submissions are of")
    made.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    made.add_argument(
        *("--map", "-m"),
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="what a column is: a field; @time, @ip, @reply_to, …; nothing for none",
    )
    made.add_argument("--zone", type=_zone, help="the time zone of times that name none, such as Europe/Berlin")
    made.add_argument(
        "--dates", choices=("day-first", "month-first"), help="what 03-02-2026 is: without it such a date is not taken"
    )
    made.add_argument("--encoding", choices=CODECS, help="of the file, if it is neither UTF-8 nor marked")
    made.add_argument("--delimiter", type=_delimiter, default=",", help="what stands between cells: ; or tab")
    made.add_argument("--spam", action="store_true", help="all in this file is spam")
    made.add_argument("--show", type=_count, default=100, metavar="N", help="how many lines not taken are named (100)")
    return made


def _zone(text: str) -> tzinfo:
    try:
        return ZoneInfo(text[:64])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{text[:64]!r} is no time zone: expected one such as Europe/Berlin") from None


def _delimiter(text: str) -> str:
    sign = {"tab": "\t"}.get(text, text)
    if sign not in DELIMITERS:
        raise argparse.ArgumentTypeError("expected , or ; or | or tab")
    return sign


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError("expected a number")
    return int(text)
