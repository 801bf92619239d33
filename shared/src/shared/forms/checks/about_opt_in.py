"""Warns about forms with double opt-in that take nothing, or whose mail cannot be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.forms import positions
from shared.forms.definitions import ADDRESS_NAMES, Form

_LINK_DAYS = 7
"""As `shared.links` has it; which needs the form definitions no more than these need it."""


def of_opt_in(form: Form, written: Mapping[str, Any], *, can_link: bool) -> Iterator[tuple[positions.Path, str]]:
    """Yield what is to be said of a form that asks for opt-in; `written` is the form's table as it stands in the file.

    `can_link` says whether the mail's button can lead somewhere.
    """
    if not form.confirmation.opt_in:
        return
    place = ("forms", form.name)
    if not can_link:
        reason = "the gateway's COUNTERFOIL_PUBLIC_URL is not set: the mail's button leads nowhere, so no mail is sent"
        yield (*place, "confirmation", "opt_in"), reason
    if name := _not_required(form):
        reason = f"without an address nothing is taken, and {name} may be left empty: add required = true to it"
        yield (*place, "fields", name), reason
    kept_for = form.unconfirmed_retention
    if kept_for and kept_for < timedelta(days=_LINK_DAYS):
        reason = f"the link in the mail would be good for {_LINK_DAYS} days: what is gone before cannot be confirmed"
        yield (*place, "unconfirmed_retention"), reason
    if "unconfirmed_retention" in written and kept_for and form.retention and kept_for > form.retention:
        yield (*place, "unconfirmed_retention"), "what waits is kept for longer than what was confirmed"


def _not_required(form: Form) -> str | None:
    """Return the field with the address to confirm, where nobody has to fill it in."""
    fields = form.fields or {}
    known = fields.get(form.address_field or "")
    others = [fields[name] for name in ADDRESS_NAMES if name in fields]
    return known.name if known and not any(one.required for one in (known, *others)) else None
