"""Defines the section `owner` of a form: the mail that tells its owner of each submission."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from marshmallow import ValidationError, fields, post_load, validate

from shared.forms.digest import Digest, DigestText, check_timezone
from shared.forms.placeholders import names_in
from shared.forms.schemas.field import FIELD_NAME
from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.mail_addresses import ADDRESS_MOST, is_address

ADDRESSES_MOST = 10
"""How many owners a submission is told to: each gets a mail of their own."""

ReplyTo: TypeAlias = str | Literal[False] | None

Attach: TypeAlias = Literal["nothing", "small"]

_COUNT = f"expected 1 to {ADDRESSES_MOST} addresses"
_NO_ADDRESS = "expected an address alone, such as info@example.org"


@dataclass(frozen=True, slots=True)
class Owner:
    """How the owner of a form is told by mail.

    `to` is empty where notify's setting COUNTERFOIL_OWNER_MAIL says whom to tell; `also` are told too, as a route asks
    for. `subject` is a template, as the confirmation's is. `include` names the fields that the mail shows, None shows
    all. `reply_to` names the field with the address to answer to: None takes the address of who submitted, False none.
    `timezone` is a name of the IANA's, None takes notify's setting. `attach` says which files the mail brings: all,
    where they are `small` together, or nothing but where they are. `digest` says when one mail tells of all submissions
    since the last; with None there is a mail for each.
    """

    to: tuple[str, ...] = field(default=(), repr=False)
    also: tuple[str, ...] = field(default=(), repr=False)
    subject: str = ""
    include: tuple[str, ...] | None = None
    reply_to: ReplyTo = None
    timezone: str | None = None
    enabled: bool = True
    attach: Attach = "nothing"
    digest: Digest | None = None


def parse_addresses(text: str) -> tuple[str, ...]:
    """Read addresses with commas between, none where the text is empty; raises ValueError, which shows none of them."""
    found = tuple(part.strip() for part in text.split(",")) if text.strip() else ()
    if not all(map(is_address, found)):
        raise ValueError(f"{_NO_ADDRESS}; several with commas between")
    _check_list(found)
    return found


def strange_names(owner: Owner, known: Container[str]) -> dict[str, list[str]]:
    """Return the names of fields in an owner's section that are not among those of the form, by their keys."""
    asked = {
        "subject": names_in(owner.subject),
        "include": list(owner.include or ()),
        "reply_to": [owner.reply_to] if owner.reply_to else [],
    }
    found = {key: [name for name in names if name not in known] for key, names in asked.items()}
    return {key: names for key, names in found.items() if names}


def _check_list(addresses: Sequence[str]) -> None:
    if len(addresses) > ADDRESSES_MOST:
        raise ValueError(f"{_COUNT}, not {len(addresses)}")
    if len({one.lower() for one in addresses}) < len(addresses):
        raise ValueError("an address stands twice: each owner gets one mail")


class _Addresses(fields.List[str]):
    """One address, or a list of them."""

    def __init__(self) -> None:
        super().__init__(Text(most=ADDRESS_MOST, validate=_is_address), validate=[_some, _each_once])

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, str):
            return [self.inner.deserialize(value, **options)]
        if not isinstance(value, list):
            raise ValidationError(f"{_NO_ADDRESS}, or a list of such")
        return super()._deserialize(value, attr, data, **options)


def _is_address(text: str) -> None:
    if not is_address(text):
        several = '; several stand in a list: ["…", "…"]' if "," in text else ""
        raise ValidationError(_NO_ADDRESS + several)


def _some(addresses: Sequence[str]) -> None:
    if not addresses:
        raise ValidationError(_COUNT)


def _each_once(addresses: Sequence[str]) -> None:
    try:
        _check_list(addresses)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class _ReplyTo(Text):
    """The name of a field, or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if value is False:
            return False
        if not isinstance(value, str):
            raise ValidationError("expected the name of a field, or false")
        return super()._deserialize(value, attr, data, **options)


def _is_timezone(name: str) -> None:
    try:
        check_timezone(name)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class OwnerSchema(Table):
    """The section `owner` of a form."""

    to = _Addresses()
    subject = Text(most=300)
    include = fields.List(Text(validate=FIELD_NAME), validate=validate.Length(max=1000))
    reply_to = _ReplyTo(most=100)
    timezone = Text(most=100, validate=_is_timezone)
    enabled = Switch()
    attach = Text(validate=validate.OneOf(get_args(Attach), error='expected "small" or "nothing"'))
    digest = DigestText()

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Owner:
        return Owner(**data | {key: tuple(data[key]) for key in ("to", "include") if key in data})
