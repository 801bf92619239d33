"""Names the pages that pictures are taken of, in an installation with nothing, with something, and with very much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from support.pictures.camera import Shot

_EVERYWHERE = {
    "inbox": "/console/inbox",
    "forms": "/console/forms",
    "form": "/console/forms/contact",
    "deliveries": "/console/deliveries",
    "parked": "/console/parked",
    "suppression": "/console/suppression",
    "jobs": "/console/jobs",
    "export": "/console/export",
    "person": "/console/person",
    "spam": "/console/spam",
    "users": "/console/settings/users",
    "keys": "/console/settings/keys",
    "audit": "/console/settings/audit",
    "account": "/console/account",
}
_QUERIES = {"found": "ada", "spam": "is:spam", "nothing": "nobody-has-this-name", "mistake": "is:mad form:contact"}


def of_strangers() -> Iterator[Shot]:
    """Yield what is shown to whoever is not signed in."""
    yield Shot("sign-in", "/console/sign-in")
    yield Shot("reset", "/console/reset")
    yield Shot("no-link", "/console/invitation/nothing")


def of_owners() -> Iterator[Shot]:
    """Yield what every installation has."""
    for name, path in _EVERYWHERE.items():
        yield Shot(name, path)
    for name, query in _QUERIES.items():
        yield Shot(f"{'no-' if name == 'mistake' else ''}inbox-{name}", f"/console/inbox?q={quote(query)}")


def of_submissions(ids: Mapping[str, str]) -> Iterator[Shot]:
    """Yield the pages of submissions, by what they show."""
    for name, one in ids.items():
        yield Shot(f"submission-{name}", f"/console/submissions/{one}")
        yield Shot(f"erase-{name}", f"/console/submissions/{one}/erase")
    yield Shot("no-submission", "/console/submissions/00000000-0000-4000-8000-000000000000")
    yield Shot("inbox-selected", "/console/inbox", ["input[type=checkbox][name=ids]"])
