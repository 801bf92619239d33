"""Says which roles may be given, by whom and where: what the API and the pages have in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shared.web.refusals import Refused, refused
from storage_service.accounts.roles import BadGrants, Grant, checked

OWNER = Grant("owner")


def granted(given: Sequence[Grant], forms: Collection[str], before: Collection[Grant] = ()) -> tuple[Grant, ...]:
    """Return roles that may be given; raises `Refused` (422).

    A form must be in the forms file, unless the account has a role for it already. A role for the whole installation
    that allows as much makes one for a form needless: it is left out.
    """
    unknown = sorted({one.form for one in given if one.form and one.form not in forms and one not in before})
    if unknown:
        raise refused(422, "FORM_NOT_FOUND", f"There is no form {unknown[0]} in the forms file.", field="roles")
    try:
        found = checked(given)
    except BadGrants as error:
        raise bad_roles(error) from error
    whole = {scope for one in found if one.form is None for scope in one.scopes}
    return tuple(one for one in found if one.form is None or not one.scopes <= whole)


def bad_roles(error: BadGrants) -> Refused:
    """Return the refusal of roles that are none."""
    text = str(error)
    return refused(422, "ROLES", f"{text[:1].upper()}{text[1:]}.", field="roles")
