"""Checks the headers that an owner adds to a webhook, by RFC 9110, section 5."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, validate

from shared.forms.schemas.tables import Tables
from shared.forms.schemas.texts import Text
from shared.forms.webhook.definitions import Header

HEADERS_MOST = 20
VALUE_MOST = 2000

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?", re.ASCII)
_OURS = frozenset(
    [
        *("connection", "content-encoding", "content-length", "content-type", "expect", "host", "http2-settings"),
        *("keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        "user-agent",
    ]
)
_SIGNED = "webhook-"
"""How the names begin of the headers that Standard Webhooks defines."""


def check_value(value: str) -> None:
    """Raise ValueError unless a header may have the value: visible ASCII, with spaces inside alone."""
    if not _VALUE.fullmatch(value):
        raise ValueError("expected visible characters of ASCII, with spaces only between them")


def _is_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationError("a header's name is letters, digits and - as a rule, 100 at most, without a colon")
    if name.lower() in _OURS or name.lower().startswith(_SIGNED):
        raise ValidationError("this header is ours: the request would not be what was signed, or not arrive")


class _Value(Text):
    """A value, or `{file = "…"}`, as a `Header` whose name is yet to come."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, dict):
            name = value.get("file")
            if value.keys() != {"file"} or not isinstance(name, str) or not 1 <= len(name) <= 1000:
                raise ValidationError('expected a text, or {file = "…"} with the name of a file that holds it')
            return Header("", file=super()._deserialize(name, attr, data, **options))
        text = super()._deserialize(value, attr, data, **options)
        try:
            check_value(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return Header("", text)


class Headers(Tables):
    """The table `headers`, as a tuple of `Header`."""

    default_error_messages = {"invalid": "expected a table of headers"}  # noqa: RUF012 - as marshmallow has it

    def __init__(self, **options: Any) -> None:
        most = validate.Length(max=HEADERS_MOST, error="expected {max} headers at most")
        super().__init__(keys=Text(validate=_is_name), values=_Value(most=VALUE_MOST), validate=most, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        found: dict[str, Header] = super()._deserialize(value, attr, data, **options)
        if len({name.lower() for name in found}) < len(found):
            raise ValidationError("a header stands here twice: the case of letters makes no difference")
        return tuple(Header(name, one.value, one.file) for name, one in found.items())
