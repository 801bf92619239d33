"""Opens the sealed fields of one submission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts import JsonValue
from shared.sealing import OpeningKey
from shared.sealing.opening import KeyMissing, Opener, Unopened


@dataclass(frozen=True, slots=True)
class Locked:
    """Why a field stays sealed; `key` is the id of the key that is missing, None where the value is spoiled."""

    words: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """Sealed fields by name: those that could be opened, with their values, and the others."""

    fields: Mapping[str, JsonValue] = field(repr=False)
    locked: Mapping[str, Locked]


class Opening:
    """Opens with the keys of this console; without any, nothing. Threads may share it."""

    def __init__(self, keys: Iterable[OpeningKey] = ()) -> None:
        self._opener = Opener(keys)

    def opened(self, form: str, submission_id: UUID, sealed: Mapping[str, str]) -> Opened:
        """Open what can be opened; it never raises for what cannot."""
        fields: dict[str, JsonValue] = {}
        locked: dict[str, Locked] = {}
        for name, value in sealed.items():
            try:
                fields[name] = self._opener.open(form, submission_id, name, value)
            except Unopened as error:
                locked[name] = Locked(str(error), error.key_id if isinstance(error, KeyMissing) else None)
        return Opened(fields, locked)
