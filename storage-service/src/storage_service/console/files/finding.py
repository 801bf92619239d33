"""Finds the one file that an address names, for who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.web.refusals import Refused, refused
from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts
from storage_service.console.places import no_submission
from storage_service.files import StoredFile
from storage_service.records import Record

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is: of a submission, or with `fingerprint` of what came later under its id."""

    id: UUID
    number: int
    fingerprint: str | None = None

    @property
    def address(self) -> str:
        """The address below `/v1/submissions/`; the audit calls it so."""
        return f"{self.id}{_beside(self.fingerprint)}/files/{self.number}"


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and the submission that it belongs to."""

    place: Place
    record: Record
    file: StoredFile


def place_of(key: UUID, number: str, fingerprint: str | None = None) -> Place:
    """Return the place in an address; raises `Refused` (404)."""
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS and number == str(int(number))):
        raise no_file()
    return Place(key, int(number), fingerprint)


def found(parts: Parts, place: Place, who: Asker) -> Found:
    """Return the file; raises `Refused`: 404, or 409 where it may not be handed out."""
    record = parts.records.one(place.id, who.forms)
    if record is None:
        raise no_submission()
    file = next((one for one in _files(parts, place) if one.number == place.number), None)
    if file is None:
        raise no_file()
    why = parts.uploads.withheld(file, parts.forms.get(record.form))
    if why is not None:
        raise refused(409, f"FILE_{why.upper()}", WITHHELD[why])
    return Found(place, record, file)


def no_file() -> Refused:
    """Return the refusal of a file that is not there."""
    return refused(404, "FILE_NOT_FOUND", "There is no such file with this submission.")


def address_of(key: UUID, number: int, fingerprint: str | None = None) -> str:
    """Return where the API hands out a file."""
    return f"/v1/submissions/{Place(key, number, fingerprint).address}"


WITHHELD = {
    "infected": "The virus scanner found something in this file: it is not handed out.",
    "unscanned": "No virus scanner has looked at this file yet: it is handed out when one has.",
}


def _files(parts: Parts, place: Place) -> Sequence[StoredFile]:
    if place.fingerprint is None:
        return parts.uploads.own(place.id)
    return parts.uploads.of_conflicts(place.id).get(place.fingerprint, ())


def _beside(fingerprint: str | None) -> str:
    return "" if fingerprint is None else f"/conflicts/{fingerprint}"
