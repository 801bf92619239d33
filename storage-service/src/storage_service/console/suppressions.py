"""Asks notify for the addresses that are sent no mail, and has it change them, as an owner says.

Notify keeps them, and alone can make their hashes. The API and the pages say what is returned here. What is noted in
the audit is a hash and what may be seen of an address, never the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.mail_addresses import ADDRESS_MOST, is_plain
from shared.messaging.broker import Answer
from shared.web.refusals import FieldError, Refused, refused, unavailable
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.console.asking import Asking

NOTE_MOST = 500
ID_MOST = 160
_HASH_SHOWN = 16


@dataclass(frozen=True, slots=True)
class SuppressionPage:
    """Addresses that are sent no mail, newest first. `next_cursor` is None at the end."""

    entries: Sequence[Mapping[str, Any]]
    next_cursor: str | None


class Suppressions:
    """What an owner asks of them. All methods raise `Refused`: 503 where notify is away, 409 where it keeps none."""

    def __init__(self, asking: Asking, audit: Audit) -> None:
        self._asking = asking
        self._audit = audit

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """Return a page; of each address its first character and its domain alone."""
        answer = self._asked("list", {"limit": limit, "cursor": cursor})
        if answer.get("error") == "cursor":
            raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor")
        return SuppressionPage(answer["suppressions"], answer["next_cursor"])

    def find(self, who: Asker, address: str) -> Sequence[Mapping[str, Any]]:
        """Return all that stands there of an address, the newest first."""
        answer = self._found(address)
        self._audit.note(who, "suppression.find", _target(answer["shown"], answer["address"]))
        found: Sequence[Mapping[str, Any]] = answer["suppressions"]
        return found

    def add(self, who: Asker, address: str, form: str | None, note: str | None) -> tuple[Mapping[str, Any], bool]:
        """Have an address sent no mail, of a form or of any, and return what stands there, and whether it is new."""
        known = self._found(address)
        self._audit.note(who, "suppression.added", _target(known["shown"], known["address"]))
        asked = {"address": address.strip(), "form": form or "", "by": who.name, "note": note or None}
        answer = self._asked("add", asked)
        if answer["suppression"] is None:
            raise unavailable("Somebody has just taken it back. Please ask again in a moment.")
        return answer["suppression"], bool(answer["added"])

    def remove(self, who: Asker, key: str) -> None:
        """Take one back; raises `Refused` (404) where there is none of this id."""
        self._audit.note(who, "suppression.removed", _target("", key))
        if len(key) > ID_MOST or not self._asked("remove", {"id": key})["removed"]:
            raise refused(404, "NOT_FOUND", "There is no suppressed address with this id.")

    def _found(self, address: str) -> Answer:
        address = address.strip()
        if not _is_address(address):
            title = "Expected a mail address, such as ada@example.org."
            raise Refused(422, title, FieldError("EMAIL", title, "address"))
        return self._asked("find", {"address": address})

    def _asked(self, method: str, params: dict[str, Any]) -> Answer:
        answer = self._asking.suppressions(method, params)
        if answer is None:
            raise unavailable("The notify service does not answer just now. Please ask again in a moment.")
        if answer.get("error") == "off":
            raise refused(409, "OFF", "The notify service has no COUNTERFOIL_SECRET, so it keeps no such addresses.")
        return answer


def _is_address(text: str) -> bool:
    if not 0 < len(text) <= ADDRESS_MOST:
        return False
    local, _, domain = text.rpartition("@")
    return is_plain(text) or bool(local and domain and text.isprintable() and not any(map(str.isspace, text)))


def _target(shown: str, key: str) -> str:
    """Return how the audit names an address."""
    return f"{shown} {key[:_HASH_SHOWN]}".strip()
