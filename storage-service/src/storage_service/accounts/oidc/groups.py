"""Reads which groups of a provider have which roles here: `admins=owner, support=editor:contact|signup`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from storage_service.accounts.roles import BadGrants, Grant, a_grant

ENTRIES_MOST = 200

_EXPECTED = "expected group=role or group=role:form|form, such as admins=owner, support=editor:contact|signup"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What those of a group may."""

    group: str
    grants: tuple[Grant, ...]


def parse(text: str) -> tuple[Mapped, ...]:
    """Read the setting: entries with commas between, or semicolons where a group's name has a comma.

    Raises ValueError, which names the entry and says what was expected.
    """
    entries = [one.strip() for one in text.split(";" if ";" in text else ",")]
    found = tuple(_mapped(one) for one in entries if one)
    if len(found) > ENTRIES_MOST:
        raise ValueError(f"{len(found)} groups, {ENTRIES_MOST} at most")
    return found


def grants_of(groups: Collection[str], mapped: Sequence[Mapped]) -> tuple[Grant, ...]:
    """Return what somebody of these groups may: all that any of them gives."""
    given = [grant for one in mapped if one.group in groups for grant in one.grants]
    return tuple(dict.fromkeys(given))


def _mapped(entry: str) -> Mapped:
    group, has_role, given = entry.rpartition("=")
    role, has_forms, listed = given.strip().partition(":")
    if not has_role or not group.strip():
        raise ValueError(f"{entry[:100]!r}: {_EXPECTED}")
    forms = [one.strip() for one in listed.split("|")] if has_forms else [None]
    try:
        return Mapped(group.strip(), tuple(a_grant(role.strip(), form) for form in forms))
    except BadGrants as error:
        raise ValueError(f"{entry[:100]!r}: {error}; {_EXPECTED}") from None
