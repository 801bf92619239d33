"""Says whether a submission waits for its address to be confirmed, and which that is; refuses one that has none."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.http.errors import FieldError, invalid
from shared.contracts import Control, reply_address_of
from shared.contracts.strict_json import JsonValue
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


def reply_to_of(form: Form, given: str | None, fields: Mapping[str, JsonValue]) -> str | None:
    """Return what counts as `_replyto`: what was given, but with opt-in the address that stands in the form, if any.

    Who confirms has to be who stands there: else somebody enters another's address, has the mail sent to their own, and
    the other one counts as confirmed.
    """
    if not form.confirmation.opt_in:
        return given
    own, named = fields.get(form.address_field or ""), reply_address_of(Control(), fields)
    if isinstance(own, str) and own:
        return None if own == named else own
    return None if named else given
