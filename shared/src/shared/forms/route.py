"""Defines a route of a form: whom to tell of the submissions that a query asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.mail_addresses import ADDRESS_MOST, is_address
from shared.query import Query, QueryError, parse_for_event
from shared.query.parser import LENGTH_MOST

ADDRESSES_MOST = 10
CHANNELS_MOST = 50

OWN = "owner"
"""What a route calls the mail to the form's own addresses, among its channels."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `query` is what `when` says, read once.

    `owner` are addresses, `channels` names: `owner`, `slack`, `webhook` for all webhooks, `webhook:<name>` for one.
    They are told beside the others; with `instead` in place of them, as `routed` of the notify service has it.
    """

    when: str
    query: Query = field(compare=False, repr=False)
    owner: tuple[str, ...] = field(default=(), repr=False)
    channels: tuple[str, ...] = ()
    instead: bool = False


def is_one_of(channel: str, names: Sequence[str] | frozenset[str]) -> bool:
    """Return whether routes that name these channels name this one: `webhook` names each `webhook:<name>`."""
    return channel in names or channel.partition(":")[0] in names


def _is_address(text: str) -> None:
    if not is_address(text):
        raise ValidationError("expected an address alone, such as info@example.org")


def _each_once(names: Sequence[str]) -> None:
    if len({name.lower() for name in names}) < len(names):
        raise ValidationError("one of them stands twice: leave it out once")


class _When(Text):
    """A query that a new submission can answer."""

    def __init__(self) -> None:
        missing = "a route says when it counts: when = 'field.topic:\"A fault\"'"
        super().__init__(most=LENGTH_MOST, required=True, error_messages={"required": missing})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            parse_for_event(text)
        except QueryError as error:
            raise ValidationError(str(error)) from error
        return text


class RouteSchema(Table):
    """One of the list `route`."""

    when = _When()
    owner = fields.List(
        Text(most=ADDRESS_MOST, validate=_is_address),
        validate=[validate.Length(1, ADDRESSES_MOST, error="expected {min} to {max} addresses"), _each_once],
        error_messages={"invalid": 'expected a list of addresses: ["support@example.org"]'},
    )
    channels = fields.List(
        Text(most=200),
        validate=[validate.Length(1, CHANNELS_MOST, error="expected {min} to {max} channels"), _each_once],
        error_messages={"invalid": 'expected a list of channels: ["slack"]'},
    )
    instead = Switch()

    @validates_schema
    def _tells_somebody(self, data: dict[str, Any], **_: Any) -> None:
        if "owner" not in data and "channels" not in data:
            raise ValidationError("a route says whom it tells: owner, channels, or both")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Route:
        return Route(
            data["when"],
            parse_for_event(data["when"]),
            tuple(data.get("owner", ())),
            tuple(data.get("channels", ())),
            data.get("instead", False),
        )
