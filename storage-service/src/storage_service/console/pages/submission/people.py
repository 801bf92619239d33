"""Says to whom a submission can be given."""

from __future__ import annotations

from storage_service.accounts.users import User, Users
from storage_service.records.folding import folded_address


def people(users: Users, form: str) -> list[str]:
    """Return the addresses, as an assignee is kept, of those who may see a form's submissions, in order."""
    there = (one for one in users.listed() if one.ended_at is None)
    return sorted(as_assignee(one) for one in there if any(grant.form in (None, form) for grant in one.grants))


def as_assignee(user: User) -> str:
    """Return an account's address as an assignee is kept."""
    return folded_address(user.email)
