"""The bodies of what changes a submission: how each is checked, and how it is described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema as Body
from marshmallow import ValidationError, fields, validate, validates_schema

from shared.web.schemas import TEXT, Schema, a_list, an_object
from storage_service.deliveries.naming import TOLD_AS, channel_named
from storage_service.deliveries.selection import RESENT
from storage_service.work import Change
from storage_service.work.change import STATES
from storage_service.work.values import LABEL_MOST, LABELS_MOST, NOTE_MOST

_LISTS = ("labels", "add_labels", "remove_labels")


def _list_of_labels() -> fields.List[str]:
    return fields.List(fields.String(), validate=validate.Length(max=LABELS_MOST))


def _is_true_or_false(value: object) -> None:
    if not isinstance(value, bool):
        raise ValidationError("expected true or false")


class ChangeBody(Body):
    """What is to be changed; `status` is the state of `is:new` and its like."""

    status = fields.String(validate=validate.OneOf(STATES))
    starred = fields.Raw(validate=_is_true_or_false)
    labels = _list_of_labels()
    add_labels = _list_of_labels()
    remove_labels = _list_of_labels()
    assignee = fields.String(allow_none=True)

    @validates_schema
    def _says_something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(f"expected one at least of {', '.join(self.fields)}")


class NoteBody(Body):
    """A note."""

    text = fields.String(required=True)


class Channel(fields.String):
    """A channel, by its name or as a submission shows it; loaded, it is its name."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **others: Any) -> str:
        return channel_named(super()._deserialize(value, attr, data, **others))


class AgainBody(Body):
    """What is to be sent again: all of a channel, or what failed or is held of all."""

    channel = Channel(validate=validate.OneOf(RESENT))


def change_of(data: Mapping[str, Any]) -> Change:
    """Return the change that a body asks for; raises `BadValue`."""
    values: dict[str, Any] = {name: tuple(one) if name in _LISTS else one for name, one in data.items()}
    if "assignee" in values:
        values["assignee"] = values["assignee"] or ""
    return Change(state=values.pop("status", None), **values)


_LABELS: Schema = {**a_list({**TEXT, "maxLength": LABEL_MOST}), "maxItems": LABELS_MOST}

CHANGE: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "status": {"enum": [*STATES]},
        "starred": {"type": "boolean"},
        "labels": {**_LABELS, "description": "All that it is to have; not beside the other two."},
        "add_labels": _LABELS,
        "remove_labels": _LABELS,
        "assignee": {"type": ["string", "null"], "description": "A mail address; null is nobody."},
    },
}
NOTE = an_object(text={**TEXT, "maxLength": NOTE_MOST})

CHANNEL: Schema = {
    "enum": [*RESENT, *TOLD_AS],
    "description": "`email`, as a submission shows it, is `confirmation`.",
}
AGAIN = an_object("channel", channel=CHANNEL)
