"""Says whether a submission waits for its address to be confirmed, and refuses one that has none to confirm."""

from __future__ import annotations

from gateway.http.errors import FieldError, invalid
from shared.forms import Form
from shared.forms.labels import labels_of

NO_ADDRESS = "REQUIRED_FIELD_EMPTY"
_CONTROL = "_replyto"


def opts_in(form: Form, address: str | None, *, is_trapped: bool) -> bool:
    """Return whether a submission waits; raises `Refused` (422) where it would, and has no address.

    What a trap caught is not checked: it waits where it has one.
    """
    if not form.confirmation.opt_in:
        return False
    if address is None and not is_trapped:
        name = form.address_field
        label = labels_of(form, [name])[name] if name else "your email address"
        reason = f"Please fill in {label}: a mail to that address asks you to confirm."
        raise invalid(FieldError(NO_ADDRESS, reason, name or _CONTROL))
    return address is not None
