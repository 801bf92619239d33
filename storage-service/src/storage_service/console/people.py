"""Says to whom a submission can be given."""

from __future__ import annotations

from storage_service.accounts.asker import Forms
from storage_service.accounts.user import User, asker_of
from storage_service.accounts.users import Users
from storage_service.records.folding import folded_address


def people(users: Users, forms: Forms) -> list[str]:
    """Return the addresses, as an assignee is kept, of those who may see submissions of some of these forms, in order;
    None is all forms."""
    there = (one for one in users.listed() if one.ended_at is None)
    return sorted(as_assignee(one) for one in there if _sees_some(one, forms))


def as_assignee(user: User) -> str:
    """Return an account's address as an assignee is kept."""
    return folded_address(user.email)


def _sees_some(user: User, forms: Forms) -> bool:
    asker = asker_of(user, None)
    return asker.may("read") if forms is None else any(asker.may("read", form) for form in forms)
