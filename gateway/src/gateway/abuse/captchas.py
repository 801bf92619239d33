"""Checks that a submission brings the token of a solved captcha, and that each token counts once."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from gateway.abuse.challenges import Challenges
from gateway.abuse.guarded_http import guarded_pools
from gateway.abuse.verdicts import Away, Failed, Verdict, Verifier
from gateway.abuse.verifiers import ProviderVerifier
from gateway.http.errors import captcha_failed, captcha_missing, no_challenge, unavailable
from shared.forms import Captcha, Form, FormSecrets, NoSecret
from shared.public_addresses import Guard

TIMEOUT_S = 1.5
"""How long a provider may take: less than a submission has in all."""

ASKED_MOST = 100
"""How many are asked about at once, in all forms; further ones wait, as long as an answer may take."""

TOKEN_LENGTH = 16 * 1024
REMEMBERED_MOST = 100_000
REMEMBERED_S = 1800.0
"""For how many tokens, and how long, it is known who used them: longer than any of them is good for."""

UNVERIFIED = "unverified"
_AWAY = "We could not check the captcha just now. Please send your submission again in a moment."

_log = structlog.get_logger()


class Spent:
    """Which submission each token was used for, in this process. Safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = REMEMBERED_MOST) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._used: OrderedDict[str, tuple[UUID, float]] = OrderedDict()

    def owner(self, mark: str) -> UUID | None:
        """Return whose token it is; None for one that nobody used."""
        with self._lock:
            return self._used[mark][0] if mark in self._used else None

    def claim(self, mark: str, submission_id: UUID) -> bool:
        """Say whether the token is this submission's: it was so before, or was nobody's."""
        now = self._clock()
        with self._lock:
            while self._used and (len(self._used) >= self._most or self._oldest() + REMEMBERED_S < now):
                self._used.popitem(last=False)
            return self._used.setdefault(mark, (submission_id, now))[0] == submission_id

    def _oldest(self) -> float:
        return next(iter(self._used.values()))[1]


class CaptchaCheck:
    """Checks one form's captcha."""

    def __init__(self, form: str, captcha: Captcha, verifier: Callable[[], Verifier], spent: Spent) -> None:
        """Make it with what verifies, asked for each time, as the secret may change; it raises `NoSecret`."""
        self._form = form
        self._captcha = captcha
        self._verifier = verifier
        self._spent = spent

    def challenge(self) -> dict[str, Any]:
        """Return a new challenge; raises `Refused`: 404 where the provider makes them, 503 without a secret."""
        if not self._captcha.is_local:
            raise no_challenge()
        try:
            verifier = self._verifier()
        except NoSecret as error:
            _log.warning("captcha without its secret", form=self._form, reason=str(error))
            raise unavailable(_AWAY) from None
        if not isinstance(verifier, Challenges):
            raise no_challenge()
        return verifier.make()

    def check(self, token: str | None, submission_id: UUID) -> str | None:
        """Return None where the challenge was solved, `unverified` where nobody could say and the form accepts that.

        Raises `Refused`: 422 without a token, or with one that stands for nothing or was used for another submission;
        503 where nobody could say. A submission's retry, by its id, may bring its token again. Without a secret nobody
        can say, whether there is a token or not.
        """
        try:
            verifier = self._verifier()
        except NoSecret as error:
            return self._unverified(Away(f"no secret: {error}"))
        if not token:
            raise captcha_missing()
        mark = hashlib.sha256(f"{self._form}\n{token}".encode()).hexdigest()
        owner = self._spent.owner(mark)
        if owner == submission_id:
            return None
        verdict = Failed("used before") if owner else _verdict(verifier, token, submission_id)
        if isinstance(verdict, Away):
            return self._unverified(verdict)
        if isinstance(verdict, Failed):  # maybe because the other click of a double click has used it meanwhile
            passed = self._spent.owner(mark) == submission_id
        else:
            passed = self._spent.claim(verdict.mark or mark, submission_id)
        if not passed:
            raise captcha_failed()
        return None

    def _unverified(self, verdict: Away) -> str:
        provider, policy = self._captcha.provider, self._captcha.when_away
        _log.warning("captcha not verified", form=self._form, provider=provider, reason=verdict.reason, policy=policy)
        if policy == "refuse":
            raise unavailable(_AWAY)
        return UNVERIFIED


def _verdict(verifier: Verifier, token: str, submission_id: UUID) -> Verdict:
    if len(token) > TOKEN_LENGTH:
        return Failed("too long")
    return verifier.verify(token, submission_id, timeout_s=TIMEOUT_S)


class Captchas:
    """Makes the checks of forms. They share connections, threads, and the memory of used tokens."""

    def __init__(self, secrets: FormSecrets, guard: Guard) -> None:
        self._secrets = secrets
        self._http = guarded_pools(guard)
        self._askers = ThreadPoolExecutor(ASKED_MOST, "captcha")
        self._spent = Spent()

    def check_of(self, form: Form) -> CaptchaCheck | None:
        """Return the check of a form; None where it has no captcha."""
        captcha = form.captcha
        if captcha is None:
            return None
        return CaptchaCheck(form.name, captcha, partial(self._verifier_of, captcha), self._spent)

    def _verifier_of(self, captcha: Captcha) -> Verifier:
        secret = self._secrets.of_captcha(captcha)
        if captcha.is_local:
            return challenges_of(secret or "")
        return ProviderVerifier(captcha, secret, self._http, self._askers)


def challenges_of(secret: str) -> Challenges:
    """Return what makes and verifies challenges with a secret."""
    return Challenges(secret, lambda: datetime.now(UTC))
