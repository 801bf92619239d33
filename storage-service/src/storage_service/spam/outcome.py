"""What came of a training, as a process that trained tells it to the one that began it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

Kind: TypeAlias = Literal["trained", "refused", "missing", "met", "failed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MADE_NONE: frozenset[Kind] = frozenset(("missing", "failed"))
"""After these there is no other model than before. Of a refused one there is, and `met` is said where somebody else has
just made one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `words` is the version, or why there is none that gateways use."""

    kind: Kind
    words: str

    def encode(self) -> str:
        """Return it as a line."""
        return json.dumps({"kind": self.kind, "words": self.words})

    @classmethod
    def decode(cls, line: str) -> Outcome:
        """Read a line; what is none says that the process failed."""
        try:
            told = json.loads(line)
            kind, words = told["kind"], told["words"]
        except (ValueError, KeyError, TypeError):
            return cls("failed", "the process that trains ended before it was done: see the log")
        return cls(cast("Kind", kind), str(words)) if kind in KINDS else cls("failed", str(words))
