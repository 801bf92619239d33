"""How many mails are claimed at once: as many as are sent in a moment, so that none is claimed long before its turn."""

from __future__ import annotations

MOMENT_S = 0.1
MOST = 16


class Pace:
    """How long the last mails took. The first one goes by itself."""

    def __init__(self) -> None:
        self._each_s = MOMENT_S

    @property
    def most(self) -> int:
        """How many are to be claimed at once, from 1 to `MOST`."""
        return max(1, int(MOMENT_S / max(self._each_s, MOMENT_S / MOST)))

    def note(self, count: int, took_s: float) -> None:
        """Note how long so many mails took, one after the other."""
        if count:
            self._each_s = took_s / count
