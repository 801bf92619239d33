"""Checks the section `confirmation` of a form, and what depends on double opt-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from shared.forms.definitions import ConfirmationMail
from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text

UNCONFIRMED_KEPT = timedelta(days=30)
"""How long what waits to be confirmed is kept at most, unless the form says otherwise."""

_NEEDS_OPT_IN = "only a form with confirmation.opt_in = true has submissions that wait to be confirmed"


class ConfirmationSchema(Table):
    """The section `confirmation` of a form."""

    enabled = fields.Boolean()
    subject = Text(most=300)
    text = Text(lines=True)
    subject_from_page = Switch()
    opt_in = Switch()
    unconfirmed_apart = Switch()

    @validates_schema(skip_on_field_errors=False)
    def _opt_in_is_a_mail(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("opt_in") and not data.get("enabled", True):
            reason = "the button is in the confirmation: leave enabled = false out, or opt_in = true"
            raise ValidationError(reason, "opt_in")

    @validates_schema(skip_on_field_errors=False)
    def _apart_where_some_wait(self, data: dict[str, Any], **_: Any) -> None:
        if "unconfirmed_apart" in data and not data.get("opt_in"):
            raise ValidationError(_NEEDS_OPT_IN, "unconfirmed_apart")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> ConfirmationMail:
        return ConfirmationMail(**data)


def wrong_in_opt_in(data: dict[str, Any]) -> str | None:
    """Return what is wrong with a form's `unconfirmed_retention`; None where nothing is."""
    return _NEEDS_OPT_IN if "unconfirmed_retention" in data and not _asks(data) else None


def kept_unconfirmed(data: dict[str, Any]) -> dict[str, timedelta]:
    """Return how long a form's unconfirmed submissions are kept, where it has such and does not say so itself.

    No longer than the others are.
    """
    if not _asks(data) or "unconfirmed_retention" in data:
        return {}
    return {"unconfirmed_retention": min(UNCONFIRMED_KEPT, data.get("retention", UNCONFIRMED_KEPT))}


def _asks(data: dict[str, Any]) -> bool:
    mail = data.get("confirmation")
    return isinstance(mail, ConfirmationMail) and mail.opt_in
