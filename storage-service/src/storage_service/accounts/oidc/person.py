"""Who somebody is, by what a provider says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GROUPS_MOST = 2000
SUBJECT_MOST = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2)."""

ISSUER_MOST = 2000


class NotAdmitted(Exception):
    """Somebody does not get in. `reason` is a word for the log and the audit; the text is a sentence for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Person:
    """`issuer` and `subject` are who it is; an `email` may be another person's by tomorrow.

    `email` is None where the provider does not say that it has verified it.
    """

    issuer: str
    subject: str
    email: str | None
    groups: frozenset[str]


def person_of(claims: Mapping[str, Any], issuer: str, groups_claim: str) -> Person:
    """Read what a provider says; members of other shapes than expected say nothing. Raises `NotAdmitted`."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MOST or "\0" in subject:
        raise NotAdmitted("no_subject", "The provider does not say who you are.")
    email = claims.get("email")
    verified = claims.get("email_verified")
    is_verified = verified is True or verified == "true"  # some providers write it as text
    return Person(
        issuer, subject, email if is_verified and isinstance(email, str) else None, _groups(claims.get(groups_claim))
    )


def lacks(claims: Mapping[str, Any], groups_claim: str | None) -> bool:
    """Say whether a token leaves out what is asked for: then the provider says it at another address (userinfo)."""
    return "email" not in claims or (groups_claim is not None and groups_claim not in claims)


def _groups(said: object) -> frozenset[str]:
    """Return names of groups: a list of them, or one."""
    listed = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(one for one in listed[:GROUPS_MOST] if isinstance(one, str))
