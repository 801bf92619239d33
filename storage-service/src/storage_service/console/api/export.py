"""`GET /v1/export`: what a query finds, as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, request

from shared.messaging.failures import DependencyUnavailable
from shared.web.refusals import Refused, refused, unavailable
from shared.web.schemas import TEXT, Schema, a_list, an_object, ref
from shared.web.unfinished import never_ending
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import TARGET_MOST
from storage_service.console.access import asker, needs
from storage_service.console.answers import JSON, NOT_KEPT
from storage_service.console.describing import Described, parameter
from storage_service.console.parameters import LINE_CHARACTERS, QUERY, ZONE, Parameters
from storage_service.console.parts import Parts
from storage_service.records import QueryTookTooLong
from storage_service.records.export import AllTaken, Asked, ColumnsError, Export, Exporter, Format, Place, named_columns

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FORMATS: Mapping[str, Format] = {"csv": "csv", "ndjson": "ndjson", "json": "json", "xlsx": "xlsx"}
RETRY_AFTER_S = 30

_log = structlog.get_logger()


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("export", __name__)
    exporter = Exporter(parts.records, parts.forms, clock=parts.clock)

    @views.get("/v1/export")
    @needs("export")
    def export() -> Response:
        given, who = Parameters(request, *_NAMES), asker()
        query, asked = given.query(), _asked(given)
        place = _place(parts)
        try:
            begun = exporter.begin(query, who.forms, asked, me=who.name)
            _note(parts, who, asked, begun)
            return _answer(begun, place)
        except BaseException:
            place.free()
            raise

    return views


def _asked(given: Parameters) -> Asked:
    columns = given.text("columns")
    try:
        named = None if columns is None else named_columns(columns)
    except ColumnsError as error:
        raise refused(400, "COLUMNS", f"columns: {error}.", field="columns") from error
    return Asked(
        format=FORMATS[given.one_of("format", FORMATS, "csv")],
        columns=named,
        zone=given.zone(),
        has_bom=_flag(given, "bom"),
        has_labels=_flag(given, "labels"),
        is_counted=_flag(given, "count", default="1"),
    )


def _flag(given: Parameters, name: str, default: str = "0") -> bool:
    return given.one_of(name, ("1", "0", "true", "false"), default) in ("1", "true")


def _place(parts: Parts) -> Place:
    try:
        return parts.exports.take()
    except AllTaken:
        raise _all_taken() from None


def _all_taken() -> Refused:
    refusal = unavailable("As many exports as may be are being written just now. Please ask again in half a minute.")
    refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
    return refusal


def _note(parts: Parts, who: Asker, asked: Asked, begun: Export) -> None:
    parts.audit.note(who, f"export.{asked.format}", on=_forms_of(who), count=begun.expected)


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
        because = str(error) if isinstance(error, DependencyUnavailable | QueryTookTooLong) else None  # no values
        _log.error("an export broke off", file=begun.file_name, error=type(error).__name__, because=because)
    else:
        return
    finally:
        place.free()
    yield from never_ending(environ, sent_bytes)


_NAMES = ("q", "format", "columns", "tz", "bom", "labels", "count")


def described() -> Described:
    """Describe it."""
    file = {"schema": {"type": "string"}}
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    kinds = {"text/csv": file, "application/x-ndjson": file, workbook: file, JSON: {"schema": ref("Exported")}}
    flag = {"enum": ["1", "0", "true", "false"], "default": "0"}
    return {
        "GET /v1/export": {
            "summary": "All that a query finds, as a file, newest first",
            "parameters": [
                QUERY,
                parameter("format", "What the file is.", enum=list(FORMATS), default="csv"),
                parameter("columns", _COLUMNS, maxLength=LINE_CHARACTERS),
                ZONE,
                parameter("bom", "CSV begins with U+FEFF, as Excel wants it.", **flag),
                parameter("labels", "The forms' labels stand on top of the columns.", **flag),
                parameter("count", "`0`: begin at once where nothing has to be counted.", **{**flag, "default": "1"}),
            ],
            "responses": {
                "200": {
                    "description": "The file. Its end is only good if the transfer ended well.",
                    "headers": {"X-Rows-Expected": {"schema": TEXT, "description": "How many rows there will be."}},
                    "content": kinds,
                }
            },
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe the file that is one JSON document."""
    submission = {"type": "object", "description": "As in a list, without counts and labels; or the columns asked for."}
    whole = an_object(submissions=a_list(submission), complete={"const": True}, rows={"type": "integer"})
    return {"Exported": whole}


_COLUMNS = (
    'Which, in this order, as a line of CSV: `name,"PLZ, Ort",accepted_at`; `field.id` for a field that is called `id`.'
)
