"""Makes and verifies ALTCHA's challenges here, without asking anybody: a proof of work.

The widget of version 3 speaks this (https://altcha.org/docs/v2/proof-of-work-captcha). Making a challenge costs an
HMAC, solving it some hundreds of derived keys, verifying it one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import altcha

from gateway.abuse.verdicts import Failed, Passed, Verdict

ALGORITHM = "PBKDF2/SHA-256"
COST = 5_000
LIFETIME = timedelta(minutes=20)
"""How long a challenge may be solved: as long as somebody may take to fill in a form."""


class Challenges:
    """Makes the challenges of one secret, and verifies their solutions, which are good for `LIFETIME`."""

    def __init__(self, secret: str, clock: Callable[[], datetime], cost: int = COST) -> None:
        self._secret = secret
        self._clock = clock
        self._cost = cost

    def make(self) -> dict[str, Any]:
        """Return a challenge as the widget reads it."""
        made = altcha.create_challenge(
            ALGORITHM, self._cost, expires_at=self._clock() + LIFETIME, hmac_secret=self._secret
        )
        return made.to_dict()

    def verify(self, token: str, submission_id: UUID, *, timeout_s: float) -> Verdict:  # noqa: ARG002
        """See `verdicts.Verifier`. A token can be written in many ways; the challenge's signature names it."""
        try:
            result = altcha.verify_solution(token, self._secret)
            signature = altcha.Payload.from_base64(token).challenge.signature if result.verified else None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return Failed("no solution")
        return Passed(signature) if signature else Failed("expired" if result.expired else "no solution")
