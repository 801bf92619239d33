"""Tells what a browser may fill in by itself: the tokens of HTML's attribute `autocomplete` (WCAG 2.2, 1.3.5)."""

from __future__ import annotations

from gateway.fields.types import TYPES
from shared.forms import Field

_TOKENS = {
    "name": "name",
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "tel": "tel",
    "phone": "tel",
    "company": "organization",
    "organisation": "organization",
    "organization": "organization",
    "address": "street-address",
    "city": "address-level2",
    "postcode": "postal-code",
    "zip": "postal-code",
    "country": "country-name",
    "website": "url",
    "url": "url",
}
"""By what a field is called."""


def autocomplete_of(entry: Field) -> str | None:
    """Return a field's token, by its name or else its type, if it has one."""
    name = entry.name.lower().replace("-", "_").replace(" ", "_")
    return _TOKENS.get(name) or TYPES[entry.type].autocomplete
