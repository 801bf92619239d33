"""How many confirmations go to one recipient, because of one source, and for one form.

Whoever can post makes us mail a third person: the caps say how often.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

Limit: TypeAlias = Literal["share", "source", "form", "recipient"]
"""Which cap holds a confirmation back. `share` is one source's share of a recipient's cap."""

LIMITED = "limit "
"""How the reason begins of a confirmation that a cap holds back, or that has failed by it: a `Limit` follows."""

HELD_AGAIN_LEAST = timedelta(minutes=2)

_PERIODS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SYNTAX = re.compile(r"([1-9][0-9]{0,5})/(minute|hour|day)")
_SHARES = 4


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many confirmations in any period of this length."""

    most: int
    period: timedelta


@dataclass(frozen=True, slots=True)
class Caps:
    """All caps of an installation; None is no cap."""

    recipient: Cap | None = None
    source: Cap | None = None
    form: Cap | None = None

    @property
    def share(self) -> Cap | None:
        """How much of a recipient's cap one source may use up: a quarter, so that no stranger uses up another's."""
        if self.recipient is None or self.source is None:
            return None
        return Cap(-(-self.recipient.most // _SHARES), self.recipient.period)

    def of(self, limit: Limit) -> Cap | None:
        """Return the cap of a limit."""
        return {"share": self.share, "source": self.source, "form": self.form, "recipient": self.recipient}[limit]

    def held_again_s(self, limit: Limit) -> float:
        """Return how soon to ask again whether there is room, in seconds: twice in a period, and not at once."""
        cap = self.of(limit)
        return max(HELD_AGAIN_LEAST, cap.period / 2 if cap else HELD_AGAIN_LEAST).total_seconds()

    def __bool__(self) -> bool:
        return any((self.recipient, self.source, self.form))


NO_CAPS = Caps()


def parse_cap(text: str) -> Cap | None:
    """Read `20/day`, `5/hour`, `1/minute`, or `none`, which is no cap; raises ValueError."""
    if text == "none":
        return None
    found = _SYNTAX.fullmatch(text)
    if found is None:
        raise ValueError("expected a number and a period, such as 20/day or 5/hour, or none")
    return Cap(int(found[1]), _PERIODS[found[2]])
