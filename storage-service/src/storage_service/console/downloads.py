"""Answers with what a query finds as a file, which is written while it is read: for the API and for the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from flask import Response, request

from shared.contracts import JsonValue
from shared.files import StoreUnavailable
from shared.messaging.failures import DependencyUnavailable
from shared.query import Query
from shared.web.refusals import Refused, refused, unavailable
from shared.web.unfinished import never_ending
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import TARGET_MOST
from storage_service.console.answers import NOT_KEPT
from storage_service.console.files.bundle import Bundle, TooMuch
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.records import QueryTookTooLong
from storage_service.records.export import AllTaken, Asked, ColumnsError, Export, Exporter, Format, Place, named_columns
from storage_service.records.export.scope import Scope
from storage_service.records.export.unsealing import Unseal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FORMATS: Mapping[str, Format] = {"csv": "csv", "ndjson": "ndjson", "json": "json", "xlsx": "xlsx"}
NAMES = ("format", "columns", "bom", "labels", "count", "unseal", "files")
"""What a request may say of a file, beside its query and the time zone."""

BUNDLED = "export.files"
UNSEALED = "export.unseal"
"""What the audit calls an export with sealed fields in the clear, beside what it calls every one."""

RETRY_AFTER_S = 30

_TOLD = (DependencyUnavailable, QueryTookTooLong, StoreUnavailable)
"""What may be said in the log of why an export broke off."""

_log = structlog.get_logger()


class Downloads:
    """Answers with files."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._exporter = Exporter(parts.records, parts.forms, clock=parts.clock)

    def answer(self, given: Parameters, query: Query | None, zone: tzinfo, who: Asker) -> Response:
        """Return the response; raises `Refused`, and as `Records` does."""
        asked, unseal = _asked(given, zone), self._unseal(given, who)
        place = self._place()
        try:
            bundle = self._bundle(given, query, zone, who)
            begun = self._exporter.begin(query, who.forms, asked, me=who.name, unseal=unseal)
            if unseal is not None:
                self._parts.audit.note(who, UNSEALED, on=_forms_of(who), count=begun.expected)
            self._parts.audit.note(who, f"export.{asked.format}", on=_forms_of(who), count=begun.expected)
            if bundle is not None:
                self._parts.audit.note(who, BUNDLED, on=_forms_of(who), count=bundle.count)
                begun = bundle.around(begun)
            return _answer(begun, place)
        except BaseException:
            place.free()
            raise

    def file(self, begin: Callable[[], Export]) -> Response:
        """Return another file as a response, which is begun when there is a place for it; raises `Refused`."""
        place = self._place()
        try:
            return _answer(begin(), place)
        except BaseException:
            place.free()
            raise

    def _bundle(self, given: Parameters, query: Query | None, zone: tzinfo, who: Asker) -> Bundle | None:
        """Return the files beside the table, where these are asked for; raises `Refused` (422) for too many."""
        if given.one_of("files", ("none", "zip"), "none") == "none":
            return None
        scope = Scope(self._parts.records, query, who.forms, self._parts.clock(), zone, who.name)
        try:
            return Bundle.of(scope, self._parts.uploads, self._parts.forms)
        except TooMuch as error:
            raise refused(422, "TOO_MUCH", str(error), field="files") from None

    def _unseal(self, given: Parameters, who: Asker) -> Unseal | None:
        """Return what opens sealed fields where that is asked for; raises `Refused` (403)."""
        if not _flag(given, "unseal"):
            return None
        if not who.may("unseal"):
            raise refused(403, "SCOPE", "This may not be opened: the scope unseal is needed.", field="unseal")

        def unseal(
            form: str, key: UUID, sealed: Mapping[str, str]
        ) -> tuple[Mapping[str, JsonValue], Mapping[str, str]]:
            if not who.may("unseal", form):
                return {}, {}
            opened = self._parts.opening.opened(form, key, sealed)
            return opened.fields, {name: f"sealed: {one.words}" for name, one in opened.locked.items()}

        return unseal

    def _place(self) -> Place:
        try:
            return self._parts.exports.take()
        except AllTaken:
            raise _all_taken() from None


def _asked(given: Parameters, zone: tzinfo) -> Asked:
    columns = given.text("columns")
    try:
        named = None if columns is None else named_columns(columns)
    except ColumnsError as error:
        raise refused(400, "COLUMNS", f"columns: {error}.", field="columns") from error
    return Asked(
        format=FORMATS[given.one_of("format", FORMATS, "csv")],
        columns=named,
        zone=zone,
        has_bom=_flag(given, "bom"),
        has_labels=_flag(given, "labels"),
        is_counted=_flag(given, "count", default="1"),
    )


def _flag(given: Parameters, name: str, default: str = "0") -> bool:
    return given.one_of(name, ("1", "0", "true", "false"), default) in ("1", "true")


def _all_taken() -> Refused:
    refusal = unavailable("As many exports as may be are being written just now. Please ask again in half a minute.")
    refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
    return refusal


def _forms_of(who: Asker) -> str:
    """Return of which forms the file may be: by their names, where these are few."""
    if who.forms is None:
        return "forms: all"
    names = f"forms: {', '.join(sorted(who.forms))}"
    return names if len(names) <= TARGET_MOST else f"forms: the {len(who.forms)} of its key"


def _answer(begun: Export, place: Place) -> Response:
    headers = {
        **NOT_KEPT,
        "Content-Type": begun.content_type,
        "Content-Disposition": f'attachment; filename="{begun.file_name}"',
        "X-Accel-Buffering": "no",
    }
    headers |= begun.headers
    if begun.expected is not None:
        headers["X-Rows-Expected"] = str(begun.expected)
    response = Response(_sent(begun, place, request.environ), headers=headers)
    response.call_on_close(place.free)  # also of what nobody has begun to read
    return response


def _sent(begun: Export, place: Place, environ: WSGIEnvironment) -> Iterator[bytes]:
    sent_bytes = 0
    try:
        for chunk in begun.chunks:
            yield chunk
            sent_bytes += len(chunk)
    except Exception as error:  # noqa: BLE001 - whatever it is, what was sent must not look whole
        because = str(error) if isinstance(error, _TOLD) else None  # no values
        _log.error("an export broke off", file=begun.file_name, error=type(error).__name__, because=because)
    else:
        return
    finally:
        place.free()
    yield from never_ending(environ, sent_bytes)
