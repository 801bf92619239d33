"""Why a submission is spam, as its event and its row say it."""

from __future__ import annotations

SCORE = "score"
"""Its score is above its form's threshold."""

RULE = "rule:"
"""How the reason begins where one of its form's rules says so: `rule:words`."""

BY_HAND = "owner"
"""A person called it spam."""


def is_verdict(spam: str | None) -> bool:
    """Say whether a gateway judged so, by a score or a rule: another one, or the same a moment later, may see it
    otherwise, and then good wins. A trap says the same at any time, and a person has the last word."""
    return spam is not None and (spam == SCORE or spam.startswith(RULE))
