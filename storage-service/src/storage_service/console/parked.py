"""Asks both services for the messages that wait for a person, and does with them what an operator says.

Each service keeps its own, and is asked over the broker. The API and the pages say what is returned here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.messaging.broker import Answer
from shared.parked.cursors import cursor_of, sort_key
from shared.web.refusals import Refused, refused, unavailable
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.console.asking import PARKED_AT, READING_TIMEOUT_S, Asking

REPLAY_TIMEOUT_S = 9.0
"""Less than the ten seconds that a proxy gives a POST."""


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """Messages of one service or of both, newest first. `waiting` is how many wait, by service; `silent` are services
    that do not answer just now: of them nothing is in it."""

    entries: Sequence[Mapping[str, Any]]
    next_cursor: str | None
    waiting: Mapping[str, int]
    silent: Sequence[str]


class Parked:
    """What an operator asks of parked messages; each is noted in the audit. All methods raise `Refused`."""

    def __init__(self, asking: Asking, audit: Audit) -> None:
        self._asking = asking
        self._audit = audit

    def page(
        self, who: Asker, service: str, state: str, reason: str | None, limit: int, cursor: str | None
    ) -> ParkedPage:
        """Return a page of one service, or of both with an empty `service`; of all states with `all`."""
        params = {"state": None if state == "all" else state, "reason": reason, "limit": limit, "cursor": cursor}
        self._audit.note(who, "parked.list")
        asked = {name: self._asking.parked(name, "list", params) for name in ([service] if service else PARKED_AT)}
        found = {name: answer for name, answer in asked.items() if answer is not None}
        if any("error" in answer for answer in found.values()):
            raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor")
        entries = [{"service": name, **one} for name, answer in found.items() for one in answer["parked"]]
        page = sorted(entries, key=sort_key, reverse=True)[:limit]
        more = len(entries) > limit or any(answer["next_cursor"] for answer in found.values())
        waiting = {name: answer["waiting"] for name, answer in found.items()}
        silent = [name for name in asked if name not in found]
        return ParkedPage(page, cursor_of(page[-1]) if more and page else None, waiting, silent)

    def one(self, who: Asker, service: str, parked_id: str) -> Mapping[str, Any]:
        """Return one message: its content, and all that happened to it."""
        self._audit.note(who, "parked.read", parked_id)
        return self._entry(service, "show", {"id": parked_id})

    def replay_one(self, who: Asker, service: str, parked_id: str) -> Mapping[str, Any]:
        """Publish one message again, whatever was done about it before, and return it."""
        self._audit.note(who, "parked.replay", parked_id)
        self._replay(service, {"ids": [parked_id], "actor": who.name})
        return self._entry(service, "show", {"id": parked_id})

    def replay_many(self, who: Asker, service: str, which: Mapping[str, Any]) -> Answer:
        """Publish several messages again: `ids`, or those that wait longest, with a `reason` or with any, up to a
        `limit`. Returns `replayed` and `unknown`, both ids, `remaining` and `problem`."""
        self._audit.note(who, "parked.replay", service, count=len(which["ids"]) if "ids" in which else None)
        return self._replay(service, {**which, "actor": who.name})

    def discard(self, who: Asker, service: str, parked_id: str, reason: str) -> Mapping[str, Any]:
        """Let one message that waits rest, with a reason, and return it; 409 for one that was replayed."""
        self._audit.note(who, "parked.discard", parked_id)
        entry = self._entry(service, "discard", {"id": parked_id, "reason": reason, "actor": who.name})
        if entry["state"] != "discarded":
            raise refused(409, "REPLAYED", "This message was replayed: there is nothing left to discard.")
        return entry

    def _replay(self, service: str, params: dict[str, Any]) -> Answer:
        done = self._asked(service, "replay", params, timeout_s=REPLAY_TIMEOUT_S)
        if done["problem"] and not done["replayed"]:
            raise unavailable("The broker does not take messages just now. Please try again in a moment.")
        return done

    def _entry(self, service: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        entry = self._asked(service, method, params)["parked"]
        if entry is None:
            raise refused(404, "PARKED_NOT_FOUND", "There is no parked message with this id.")
        return {"service": service, **entry}

    def _asked(
        self, service: str, method: str, params: dict[str, Any], *, timeout_s: float = READING_TIMEOUT_S
    ) -> Answer:
        answer = self._asking.parked(service, method, params, timeout_s=timeout_s)
        if answer is None:
            raise silent(service)
        return answer


def silent(service: str) -> Refused:
    """Return the refusal for a service that does not answer."""
    return unavailable(f"The {service} service does not answer just now. Please ask again in a moment.")
