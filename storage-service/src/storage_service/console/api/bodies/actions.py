"""What can be done to many submissions at once, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema as Checked
from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.web.schemas import TEXT, TEXT_OR_NONE, Schema, a_list, an_object
from storage_service.console.api.bodies.changes import CHANNEL, Channel
from storage_service.deliveries.selection import RESENT
from storage_service.jobs.job import Kind
from storage_service.work import BadValue, Change
from storage_service.work.change import STATES
from storage_service.work.values import LABEL_MOST, LABELS_MOST

_SENT = ("failed", "held")


class _Labels(Checked):
    add = fields.List(fields.String(), validate=validate.Length(max=LABELS_MOST), load_default=list)
    remove = fields.List(fields.String(), validate=validate.Length(max=LABELS_MOST), load_default=list)


class _Resend(Checked):
    channel = Channel(validate=validate.OneOf(RESENT), load_default=None, allow_none=True)
    states = fields.List(
        fields.String(validate=validate.OneOf(_SENT)), validate=validate.Length(1, 2), load_default=lambda: list(_SENT)
    )


def _is_true(value: object) -> None:
    if value is not True:
        raise ValidationError("expected true")


class ActionSchema(Checked):
    """Changes, one or several, or sending again, or erasing. Loaded, it is a `Change`, or the kind of job that does it,
    and what that knows."""

    status = fields.String(validate=validate.OneOf(STATES))
    starred = fields.Boolean(truthy={True}, falsy={False})
    labels = fields.Nested(_Labels)
    assignee = fields.String(allow_none=True)
    spam = fields.Boolean(truthy={True}, falsy={False})
    resend = fields.Nested(_Resend)
    erase = fields.Raw(validate=_is_true)

    @validates_schema
    def _check(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("expected one of status, starred, labels, assignee, spam, resend, erase")
        for alone in ("resend", "erase"):
            if alone in data and len(data) > 1:
                raise ValidationError(f"expected nothing beside {alone}", alone)

    @post_load
    def _read(self, data: Mapping[str, Any], **_: Any) -> Change | tuple[Kind, Mapping[str, Any]]:
        if "erase" in data:
            return "erase", {}
        if "resend" in data:
            return "resend", {**data["resend"], "states": sorted(set(data["resend"]["states"]))}
        labels = data.get("labels", {})
        assignee = (data["assignee"] or "") if "assignee" in data else None
        try:
            change = Change(
                state=data.get("status"),
                starred=data.get("starred"),
                add_labels=tuple(labels.get("add", ())),
                remove_labels=tuple(labels.get("remove", ())),
                assignee=assignee,
                spam=data.get("spam"),
            )
        except BadValue as error:
            raise ValidationError(_placed(error)) from error
        if not change.to_json():
            raise ValidationError("expected labels to add or to remove", "labels")
        return change


def kind_and_action(loaded: Change | tuple[Kind, Mapping[str, Any]]) -> tuple[Kind, Mapping[str, Any]]:
    """Return the kind of job that does what `ActionSchema` has loaded, and the action as the job keeps it."""
    return ("change", {"change": loaded.to_json()}) if isinstance(loaded, Change) else loaded


def action_shown(kind: Kind, action: Mapping[str, Any]) -> dict[str, Any]:
    """Return the action of a job as it was asked for; of one that undoes there is none."""
    if kind != "change":
        alone: dict[Kind, dict[str, Any]] = {"resend": {"resend": dict(action)}, "erase": {"erase": True}}
        return alone.get(kind, {})
    change = dict(action["change"])
    shown = {name: change[name] for name in ("starred", "spam") if name in change}
    if "state" in change:
        shown["status"] = change["state"]
    if "assignee" in change:
        shown["assignee"] = change["assignee"] or None
    labels = {way: change[f"{way}_labels"] for way in ("add", "remove") if f"{way}_labels" in change}
    return {**shown, "labels": labels} if labels else shown


def _placed(error: BadValue) -> dict[str, Any]:
    way = error.member.removesuffix("_labels")
    return {"labels": {way: [error.reason]}} if way != error.member else {way: [error.reason]}


_LABELS = {**a_list({**TEXT, "minLength": 1, "maxLength": LABEL_MOST}), "maxItems": LABELS_MOST}
ACTION: Schema = {
    **an_object(
        *("status", "starred", "labels", "assignee", "spam", "resend", "erase"),
        status={"enum": list(STATES)},
        starred={"type": "boolean"},
        labels={**an_object("add", "remove", add=_LABELS, remove=_LABELS), "minProperties": 1},
        assignee={**TEXT_OR_NONE, "description": "An address of mail; null for nobody."},
        spam={"type": "boolean", "description": "`false` releases: what was withheld is delivered."},
        resend=an_object(
            *("channel", "states"),
            channel={**CHANNEL, "enum": [*CHANNEL["enum"], None]},
            states={**a_list({"enum": list(_SENT)}), "minItems": 1, "maxItems": 2},
        ),
        erase={"const": True, "description": "The key needs the scope `erase`, too. It cannot be undone."},
    ),
    "minProperties": 1,
    "description": "One or several changes; or `resend`: what failed or is held, of a channel or of all; or `erase`.",
}
"""Describes it."""
