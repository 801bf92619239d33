"""Reads what a request carries, each thing with a limit and an error that names it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Request
from marshmallow import Schema, ValidationError

from shared.contracts import Unacceptable, parse
from shared.query import Query
from shared.query import parse as parse_query
from shared.query.parser import LENGTH_MOST
from shared.web.refusals import FieldError, Refused, refused
from storage_service.console.describing import parameter
from storage_service.records import Cursor, CursorError

BODY_BYTES = 1024 * 1024
LINE_CHARACTERS = 10_000
"""The longest parameter: a query. `shared.query` takes fewer."""

QUERY_STRING_BYTES = 32 * 1024
IDS_MOST = 1000
LIMIT_DEFAULT = 50
LIMIT_MOST = 200
_ZONE_CHARACTERS = 64
_DIGITS_MOST = 18
_OF_A_PAGE = "next_cursor or previous_cursor of another page"

LIMIT = parameter("limit", "How many at most.", type="integer", minimum=1, maximum=LIMIT_MOST, default=LIMIT_DEFAULT)
CURSOR = parameter("cursor", "`next_cursor` of the page before.")
QUERY = parameter("q", "A query, see docs/queries.md; everything without one, spam too.", maxLength=LENGTH_MOST)
ZONE = parameter("tz", "The time zone of days, such as `Europe/Berlin`; UTC without.", maxLength=_ZONE_CHARACTERS)
"""How these are described wherever they are taken."""


class Parameters:
    """The parameters behind the `?` of a request, of which a view takes those named. All methods raise `Refused`."""

    def __init__(self, asked: Request, *names: str, others: bool = False) -> None:
        """Check that each is known (unless `others` are let pass by), said once, not too long, and text."""
        if len(asked.query_string) > QUERY_STRING_BYTES:
            raise refused(414, "TOO_LONG", f"The address is too long: {QUERY_STRING_BYTES} bytes behind the ? at most.")
        self._said = asked.args
        for name in self._said:
            if name in names:
                _check(name, self._said.getlist(name))
            elif not others:
                known = f"expected {', '.join(names)}" if names else "this address takes none"
                raise refused(400, "UNKNOWN_PARAMETER", f"There is no parameter {name[:64]!r}: {known}.")

    def text(self, name: str, most: int = LINE_CHARACTERS) -> str | None:
        """Return a parameter as it was said; None where it was not, or is empty."""
        text: str | None = self._said.get(name) or None
        if text is not None and len(text) > most:
            raise refused(400, name.upper(), f"{name} is too long: {most} characters at most.", field=name)
        return text

    def one_of(self, name: str, choices: Collection[str], default: str) -> str:
        """Return which of some words was said."""
        text: str = self._said.get(name, default)
        if text not in choices:
            raise refused(400, name.upper(), f"{name} must be {_listed(choices)}.", field=name)
        return text

    def flag(self, name: str) -> bool:
        """Return whether `true` was said; `false`, or nothing, is no."""
        return self.one_of(name, ("true", "false"), "false") == "true"

    def whole(self, name: str, default: int, *, least: int = 1, most: int) -> int:
        """Return a whole number."""
        text: str = self._said.get(name, str(default))
        is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST
        if not is_number or not least <= int(text) <= most or text != str(int(text)):
            raise refused(400, name.upper(), f"{name} must be a number from {least} to {most}.", field=name)
        return int(text)

    def limit(self) -> int:
        """Return how long a page is to be at most."""
        return self.whole("limit", LIMIT_DEFAULT, most=LIMIT_MOST)

    def query(self, name: str = "q") -> Query | None:
        """Return a query's tree, None for everything; raises `QueryError`, too."""
        text = self.text(name)
        return None if text is None else parse_query(text)

    def cursor(self, name: str = "cursor", expected: str = _OF_A_PAGE) -> Cursor | None:
        """Return a place in a list. `expected` says what the parameter takes."""
        text = self.text(name)
        try:
            return None if text is None else Cursor.read(text)
        except CursorError as error:
            raise refused(400, "CURSOR", f"{name} must be {expected}, as it was given.", field=name) from error

    def zone(self, name: str = "tz") -> tzinfo:
        """Return the reader's time zone, by its IANA name; UTC without one."""
        return zone_of(self.text(name, _ZONE_CHARACTERS), name)


_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Files among the zones that mean another one on each machine."""


def zone_of(text: str | None, name: str = "tz") -> tzinfo:
    """Return a time zone by its IANA name; UTC without one. Raises `Refused`."""
    if text is None:
        return UTC
    try:
        return ZoneInfo("" if text in _NO_ZONES else text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones
        reason = f"{name} must be a time zone's name, such as Europe/Berlin."
        raise refused(400, name.upper(), reason, field=name) from None


def body_of(asked: Request, schema: Schema) -> dict[str, Any]:
    """Return what the JSON body of a request holds, checked by a schema; raises `Refused`.

    400: no JSON object. 413: too large, or without a length. 415: another type. 422: wrong members, each named.
    """
    if asked.mimetype != "application/json":
        raise refused(415, "TYPE_NOT_SUPPORTED", "Send a JSON object: Content-Type: application/json.")
    try:
        document = parse(_bytes_of(asked))
    except Unacceptable as error:
        status = 400 if error.malformed else 422
        raise refused(status, "MALFORMED", f"The body could not be read: {error.reason}.") from error
    if not isinstance(document, dict):
        raise refused(400, "MALFORMED", "The body must be a JSON object.")
    known = [field.data_key or name for name, field in schema.load_fields.items()]
    schema.error_messages["unknown"] = f"there is no such member: expected some of {', '.join(known)}"
    try:
        loaded: dict[str, Any] = schema.load(document)
    except ValidationError as error:
        raise _wrong_members(error) from error
    return loaded


def _bytes_of(asked: Request) -> bytes:
    """Read the whole body, of the length that was said: the server ends chunks that break off as if all had come."""
    length = asked.content_length
    if length is None or "Transfer-Encoding" in asked.headers:
        raise refused(413, "LENGTH_REQUIRED", "Send the body's length (Content-Length), not chunks.")
    if length > BODY_BYTES:
        raise refused(413, "TOO_LARGE", f"The body is too large: {BODY_BYTES // 1024} kB at most.")
    body: bytes = asked.get_data(cache=False)
    if len(body) < length:
        raise refused(400, "CUT_OFF", "The body broke off before its end.")
    return body


def _wrong_members(error: ValidationError) -> Refused:
    found = list(_flat("", error.messages))
    errors = [FieldError("INVALID", f"{place or 'body'}: {text}", place or None) for place, text in found]
    title = errors[0].message if len(errors) == 1 else f"{len(errors)} members of the body are wrong."
    return Refused(422, title, *errors[:100])


def _flat(place: str, messages: Any) -> Any:
    if isinstance(messages, dict):
        for step, inner in messages.items():
            name = "" if step == "_schema" else str(step)[:64]
            yield from _flat(".".join(filter(None, (place, name))), inner)
    else:
        yield from ((place, str(text)) for text in (messages if isinstance(messages, list) else [messages]))


def _check(name: str, values: list[str]) -> None:
    if len(values) > 1:
        raise refused(400, name.upper(), f"{name} is said {len(values)} times: say it once.", field=name)
    if len(values[0]) > LINE_CHARACTERS:
        raise refused(400, name.upper(), f"{name} is too long: {LINE_CHARACTERS} characters at most.", field=name)
    if "\0" in values[0]:
        raise refused(400, name.upper(), f"{name} must be text without NUL.", field=name)


def _listed(choices: Collection[str]) -> str:
    *others, last = filter(None, choices)
    return f"{', '.join(others)} or {last}" if others else last
