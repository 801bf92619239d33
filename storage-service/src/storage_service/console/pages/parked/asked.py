"""Reads which parked messages are asked for: all of it stands in the address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Request

from shared.parked.limits import REPLAY_MOST
from shared.web.refusals import refused
from storage_service.console.api.parked.reading import REASON_CHARACTERS, STATES
from storage_service.console.asking import PARKED_AT
from storage_service.console.parameters import Parameters

NAMES = ("service", "state", "reason")
SERVICES = tuple(PARKED_AT)

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. An empty `service` is both, an empty `reason` any."""

    service: str = ""
    state: str = "waiting"
    reason: str = ""

    def members(self) -> dict[str, str]:
        """Return what says it: in an address, or in a form that is posted."""
        found = {"service": self.service, "state": self.state, "reason": self.reason}
        return {name: value for name, value in found.items() if value and (name, value) != ("state", "waiting")}

    def address(self, **others: str) -> str:
        """Return the address of the page that shows it, or of another one where something else is said."""
        said = {name: value for name, value in {**self.members(), **others}.items() if value}
        return f"/console/parked?{urlencode(said)}" if said else "/console/parked"


def asked_of(asked: Request) -> tuple[Asked, str | None]:
    """Return what the address of a page asks for, and the place in the list; raises `Refused`."""
    given = Parameters(asked, *NAMES, "cursor")
    service, state = given.one_of("service", ("", *SERVICES), ""), given.one_of("state", STATES, "waiting")
    return Asked(service, state, given.text("reason", REASON_CHARACTERS) or ""), given.text("cursor")


def posted_of(asked: Request) -> Asked:
    """Return what the form of a post asks for; what is none of ours is left out."""
    said = {name: asked.form.get(name, "") for name in NAMES}
    service = said["service"] if said["service"] in SERVICES else ""
    state = said["state"] if said["state"] in STATES else "waiting"
    return Asked(service, state, said["reason"][:REASON_CHARACTERS])


def place_of(service: str, parked_id: str) -> tuple[str, str]:
    """Return the service and the id in an address; raises `Refused` (404)."""
    if service not in SERVICES or not _ID.fullmatch(parked_id):
        raise refused(404, "PARKED_NOT_FOUND", "There is no parked message with this id.")
    return service, parked_id


def chosen_of(said: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the ids that were chosen, `storage:…`, by their service; raises `Refused` (422)."""
    if len(said) > REPLAY_MOST:
        raise refused(422, "MESSAGE", f"Choose {REPLAY_MOST} messages at most.", field="message")
    found: dict[str, list[str]] = {}
    for one in said:
        service, _, parked_id = one.partition(":")
        if service not in SERVICES or not _ID.fullmatch(parked_id):
            raise refused(422, "MESSAGE", "message must be one, as the page has them.", field="message")
        found.setdefault(service, []).append(parked_id)
    return found
