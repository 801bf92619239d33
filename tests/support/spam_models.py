"""Models and texts for tests of spam."""

from __future__ import annotations

import random
from array import array

from shared.spam import Known, Model, SpamText
from shared.spam.hashing import SIGNAL_BITS, WORD_BITS


def a_text(message: str = "Hello, please call me back", **members: object) -> SpamText:
    return SpamText({"message": message}, **members)  # type: ignore[arg-type]


def a_model(seed: int = 0, **members: object) -> Model:
    """Return a model whose weights are noise."""
    chance = random.Random(seed)  # noqa: S311 - noise that each run has alike
    given: dict[str, object] = {
        "version": 12,
        "weights": array("b", (chance.randint(-127, 127) for _ in range(1 << WORD_BITS))),
        "signals": array("b", (chance.randint(-127, 127) for _ in range(1 << SIGNAL_BITS))),
        "word_scale": 0.01,
        "signal_scale": 0.02,
        "bias": -1.5,
        "cut": 2.0,
        "slope": 1.25,
        "offsets": {"contact": 0.5, "Übung": -0.25},
        "scripts": {"contact": frozenset({"latin", "greek"})},
        "texts": Known.of({chance.getrandbits(64): 3 for _ in range(50)}),
        "networks": Known.of({chance.getrandbits(64): 300 for _ in range(20)}),
        **members,
    }
    return Model(**given)  # type: ignore[arg-type]
