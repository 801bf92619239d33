"""Submits a test to a form through a gateway, as anybody's page would: to see that it comes, and who is told.

Where it goes is a setting, what it says follows from the form: whoever asks for a test chooses neither.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from shared.contracts import JsonValue, Unacceptable, parse
from shared.forms import Form
from shared.forms.examples import fields_to_offer, values_for_test
from shared.web.refusals import refused, unavailable

AGENT = "Counterfoil-Console (test of a form)"
"""What a test says of itself: it stands in the submission's source."""

LABEL = "test"
"""What a test is found by, and left out by: `-label:test`."""

AT_ONCE_MOST = 2
TIMEOUT_S = 5.0
_ANSWER_BYTES_MOST = 64 * 1024
_TEXT_MOST = 300
_SAID_MOST = 20
_TAKEN = (200, 202)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test: its `id` where the gateway took it, else what the gateway said."""

    id: UUID | None
    status: int
    said: Sequence[str] = ()


def why_not(form: Form) -> str | None:
    """Return why no program can submit to a form; None where one can."""
    if not form.active:
        return "The form is switched off: it takes no submissions."
    if form.captcha is not None:
        return "The form asks for a captcha, which takes a person: open its page, and submit it there."
    if any(field.file and field.required for field in (form.fields or {}).values()):
        return "The form needs a file, and a test has none: open its page, and submit it there."
    return None


class Trying:
    """Submits tests. `gateway_url` is where a gateway is reached, None where nobody says."""

    def __init__(self, gateway_url: str | None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = gateway_url
        self._timeout_s = timeout_s
        self._places = threading.BoundedSemaphore(AT_ONCE_MOST)

    @property
    def is_possible(self) -> bool:
        """Whether it is known where a gateway is."""
        return self._url is not None

    def submit(self, form: Form, address: str | None) -> Tried:
        """Submit a test; a confirmation of it goes to `address`.

        Raises `Refused`: 409 for a form that takes none, 429 while others try, 503 where no gateway answers.
        """
        if reason := why_not(form):
            raise refused(409, "NO_TEST", reason)
        if self._url is None:
            raise refused(409, "NO_TEST", "It is not known where a gateway is: set COUNTERFOIL_GATEWAY_URL.")
        if not self._places.acquire(blocking=False):
            raise refused(429, "TOO_MANY_TESTS", "Other tests are under way: try again in a moment.")
        try:
            return _tried(*self._posted(self._url, form, address))
        except (OSError, HTTPException) as error:
            raise unavailable(f"No gateway answers at {self._url} ({type(error).__name__}).") from error
        finally:
            self._places.release()

    def _posted(self, url: str, form: Form, address: str | None) -> tuple[int, bytes]:
        """Return the status and the beginning of the answer; no redirect is followed."""
        parts = urlsplit(url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connect(parts.hostname or "", parts.port, timeout=self._timeout_s)
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": AGENT,
            "Idempotency-Key": f"test-{token_urlsafe(16)}",
        }
        try:
            connection.request("POST", f"/f/{form.name}", json.dumps(_body(form, address)), headers)
            answer = connection.getresponse()
            return answer.status, answer.read(_ANSWER_BYTES_MOST)
        finally:
            connection.close()


def _body(form: Form, address: str | None) -> Mapping[str, JsonValue]:
    key = {"access_key": form.access_key} if form.access_key else {}
    return {**key, **values_for_test(fields_to_offer(form), address)}


def _tried(status: int, raw: bytes) -> Tried:
    document = _document(raw)
    key = document.get("id")
    if status in _TAKEN and isinstance(key, str):
        try:
            return Tried(UUID(key), status)
        except ValueError:
            pass
    return Tried(None, status, _said(document) or [f"It answered with {status}, and nothing that is known here."])


def _document(raw: bytes) -> Mapping[str, Any]:
    try:
        found = parse(raw)
    except Unacceptable:
        return {}
    return found if isinstance(found, dict) else {}


def _said(document: Mapping[str, Any]) -> list[str]:
    errors = document.get("errors")
    told = [one.get("message") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return [text[:_TEXT_MOST] for text in told or [document.get("message")] if isinstance(text, str)][:_SAID_MOST]
