"""Asks a captcha's provider, over HTTP, whether a token stands for a solved challenge.

Sources: each provider's documentation of its verify address. The submitter's address is not sent along.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

import urllib3

from gateway.abuse.verdicts import Away, Failed, Passed, Verdict
from shared.forms import Captcha
from shared.public_addresses import Refused

_URLS = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
    "recaptcha": "https://www.google.com/recaptcha/api/siteverify",
}
_OURS = frozenset({"missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "internal-error"})
"""The error codes that say nothing about the token: what is wrong is our secret, or the provider."""

_ANSWER_BYTES = 64 * 1024

Document: TypeAlias = dict[str, Any]


class ProviderVerifier:
    """Verifies by Turnstile, hCaptcha, reCAPTCHA, or ALTCHA's Sentinel. Safe to use from many threads."""

    def __init__(
        self, captcha: Captcha, secret: str | None, http: urllib3.PoolManager, askers: ThreadPoolExecutor
    ) -> None:
        self._captcha = captcha
        self._secret = secret
        self._url = captcha.verify_url or _URLS[captcha.provider]
        self._http = http
        self._askers = askers

    def verify(self, token: str, submission_id: UUID, *, timeout_s: float) -> Verdict:
        """Ask the provider, once. Turnstile gives a submission's retry, whose id is the same, the same answer.

        In a thread of its own, to be left in time: the limits of urllib3 are those of each step, and finding the
        provider's addresses has none.
        """
        asking = self._askers.submit(self._ask, self._question(token, submission_id), timeout_s)
        try:
            status, answer = asking.result(timeout_s)
        except Refused as error:
            return Away(str(error))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            asking.cancel()
            return Away(type(error).__name__)
        except (ValueError, RecursionError):
            return Away("no JSON")
        if status >= 500 or status == 429:
            return Away(f"status {status}")
        return self._sentinels(status, answer) if self._captcha.provider == "altcha" else self._providers(answer)

    def _question(self, token: str, submission_id: UUID) -> Mapping[str, str]:
        if self._captcha.provider == "altcha":
            return {"payload": token, **({"secret": self._secret} if self._secret else {})}
        question = {"secret": self._secret or "", "response": token}
        return question | {"idempotency_key": str(submission_id)} if self._captcha.provider == "turnstile" else question

    def _ask(self, question: Mapping[str, str], timeout_s: float) -> tuple[int, Document]:
        as_json = self._captcha.provider == "altcha"
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        deadline = time.monotonic() + timeout_s
        response = self._http.request(
            "POST",
            self._url,
            body=(json.dumps(question) if as_json else urlencode(question)).encode("ascii"),
            headers={"Content-Type": kind, "Accept": "application/json"},
            timeout=urllib3.Timeout(total=timeout_s),
            redirect=False,
            preload_content=False,
        )
        content = _content_of(response, deadline)
        response.release_conn()
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("no JSON object")  # noqa: TRY004 - as for anything else that is none
        return response.status, document

    def _sentinels(self, status: int, answer: Document) -> Verdict:
        if answer.get("verified") is True and status < 300:
            return Passed()
        return Failed("sentinel") if answer.get("verified") is False or status == 400 else Away(f"status {status}")

    def _providers(self, answer: Document) -> Verdict:
        codes = answer.get("error-codes")
        ours = sorted(code for code in _OURS if isinstance(codes, list) and code in codes)
        if ours:
            return Away(ours[0])
        if answer.get("success") is not True:
            return Failed("provider") if answer.get("success") is False else Away("an answer of another kind")
        return Passed() if self._is_enough(answer.get("score")) else Failed("score")

    def _is_enough(self, score: object) -> bool:
        least = self._captcha.min_score
        return least is None or (isinstance(score, int | float) and score >= least)


def _content_of(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """Read an answer's body, however many parts it comes in, by the deadline: nobody waits for it afterwards."""
    content = b""
    while len(content) < _ANSWER_BYTES and (part := response.read1(_ANSWER_BYTES)):
        content += part
        if time.monotonic() > deadline:
            raise urllib3.exceptions.TimeoutError("an answer that does not end")
    return content
