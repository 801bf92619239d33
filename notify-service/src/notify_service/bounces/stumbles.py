"""Knows at which mails of the mailbox reading broke off, so that one of them keeps no other waiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

TIMES_MOST = 3
"""How often a mail is tried. Then it is put aside unread, once; if that fails too, it is passed over."""


class Stumbled(Exception):
    """The server answered, and then broke off at one mail: the connection is not to be used any longer."""


@dataclass(slots=True)
class Stumbles:
    """Counts them in memory, by the id of the mail: a new process tries all of them again.

    Ids are good for as long as the mailbox keeps its validity (RFC 3501, 2.3.1.1).
    """

    _validity: int | None = None
    _times: dict[int, int] = field(default_factory=dict)

    def begin(self, validity: int | None) -> None:
        """Begin to read; forgets all where the ids mean other mails now."""
        if validity != self._validity:
            self._times.clear()
        self._validity = validity

    def ordered(self, uids: Sequence[int]) -> list[int]:
        """Return those that are to be read, the oldest first, and behind them those at which it broke off before."""
        left = [uid for uid in uids if self._times.get(uid, 0) <= TIMES_MOST]
        return sorted(left, key=lambda uid: (self._times.get(uid, 0), uid))

    def is_worn_out(self, uid: int) -> bool:
        """Say whether a mail was tried often enough."""
        return self._times.get(uid, 0) >= TIMES_MOST

    def note(self, uid: int) -> None:
        """Count a mail that could not be had."""
        self._times[uid] = self._times.get(uid, 0) + 1

    @contextmanager
    def at(self, uid: int) -> Iterator[None]:
        """Do something with a mail; raises `Stumbled` where that fails, whatever it raised.

        A library that reads what a server says of a mail may fail in any way.
        """
        try:
            yield
        except Exception as error:
            self.note(uid)
            raise Stumbled(f"{type(error).__name__} at {uid}, for the {self._times[uid]}. time") from error
