"""Names the lists that several pages know: the inbox, and that of a form."""

from __future__ import annotations

from shared.forms import Form, Forms
from storage_service.accounts.asker import Asker

INBOX = "/console/inbox"

USUAL = "is:new -is:spam"
"""What the inbox shows where nothing is asked for: what nobody has begun with."""

_APART, _GOOD = "-is:unconfirmed", "-is:spam"


def usual(forms: Forms, who: Asker) -> str:
    """Return `USUAL`, without what waits to be confirmed in the forms that list it apart."""
    asking = [one for one in forms.values() if one.confirmation.opt_in and who.may_see(one.name)]
    apart = [f"form:{one.name}" for one in asking if is_apart(one)]
    if not apart:
        return USUAL
    return f"{USUAL} {_APART}" if len(apart) == len(asking) else f"{USUAL} -(is:unconfirmed ({' OR '.join(apart)}))"


def of_form(name: str, form: Form | None, more: str = _GOOD) -> str:
    """Return the query of a form's list; `more` is what else is asked. What is listed apart is no part of it."""
    is_left_out = form is not None and is_apart(form) and _GOOD in more
    return f"form:{name} {more}" + (f" {_APART}" if is_left_out else "")


def is_apart(form: Form) -> bool:
    """Say whether a form lists apart what waits to be confirmed."""
    return form.confirmation.opt_in and form.confirmation.unconfirmed_apart


def asks_to_confirm(forms: Forms, who: Asker) -> bool:
    """Say whether one of the forms that somebody may see asks for a confirmation of addresses."""
    return any(one.confirmation.opt_in for one in forms.values() if who.may_see(one.name))
