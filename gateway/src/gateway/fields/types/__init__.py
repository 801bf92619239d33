"""Names the types of field: each has a module that checks it, draws its input and describes it for OpenAPI."""

from __future__ import annotations

from gateway.fields.types.base import FieldType
from gateway.fields.types.boolean import Boolean
from gateway.fields.types.choice import Choice
from gateway.fields.types.date import Date
from gateway.fields.types.email import Email
from gateway.fields.types.file import File
from gateway.fields.types.integer import Integer
from gateway.fields.types.list import Listing
from gateway.fields.types.number import Number
from gateway.fields.types.tel import Tel
from gateway.fields.types.text import Text
from gateway.fields.types.url import Url
from shared.forms import Field
from shared.forms.definitions import ADDRESS_NAMES

TYPES: dict[str, type[FieldType]] = {
    "text": Text,
    "email": Email,
    "number": Number,
    "integer": Integer,
    "boolean": Boolean,
    "date": Date,
    "url": Url,
    "tel": Tel,
    "choice": Choice,
    "list": Listing,
    "file": File,
}
"""By the name that stands in a form's file. `shared.forms.FIELD_TYPES` has the same names."""


def checking_type(field: Field) -> type[FieldType]:
    """Return the type that checks a field: its own, or that of addresses for a text that a confirmation goes to."""
    return Email if field.type == "text" and field.name in ADDRESS_NAMES else TYPES[field.type]
