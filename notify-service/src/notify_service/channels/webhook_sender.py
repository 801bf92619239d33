"""Sends webhooks as Standard Webhooks asks for: signed, each with an id that stays the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from standardwebhooks import Webhook as Signer

from notify_service.channels.webhook import body_of, webhook_id
from notify_service.transports.failures import SendFailure, Transient
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer, NoAnswer
from notify_service.transports.http.endpoints import Endpoint
from shared.contracts import SubmissionAccepted
from shared.forms import Forms, FormSecrets, NoSecret, Webhook
from shared.messaging.failures import RetryLater
from shared.public_addresses import Refused

USER_AGENT = "Counterfoil"
CALLS_MOST = 2
"""How many calls to one endpoint are under way at once: one less than there are connections."""

BUSY_AFTER_S = 30.0

_BUSY = "its endpoint is slow, and has all the calls it may have"
_RESTING = "its endpoint failed too often, and rests before the next try"


class Caller(Protocol):
    """Sends requests."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Post the body and return the answer, within the time given and writing nothing after it.

        Raises `Refused` before anything is sent, else `NoAnswer`, after which the endpoint may have taken it.
        """


class WebhookSender:
    """`webhooks.Sender` over HTTP, with a breaker for each endpoint. Safe to use from many threads."""

    def __init__(
        self,
        caller: Caller,
        clock: Callable[[], datetime],
        secrets: FormSecrets,
        ticks_s: Callable[[], float] = time.monotonic,
        *,
        calls_most: int = CALLS_MOST,
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._secrets = secrets
        self._ticks_s = ticks_s
        self._calls_most = calls_most
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}

    @contextmanager
    def turn(self, webhook: Webhook) -> Iterator[str | None]:
        """Have a turn at its endpoint; see `webhooks.Sender`.

        Without its secret there is none to be had, nor needed: `send` says so.
        """
        if not self._has_secret(webhook):
            yield None
            return
        endpoint = self._endpoint_of(webhook)
        if endpoint.breaker.is_resting:
            yield _RESTING
            return
        begun_s = endpoint.enter()
        if begun_s is None:
            raise RetryLater(_BUSY, after_s=BUSY_AFTER_S)
        try:
            yield None if endpoint.breaker.admits() else _RESTING
        finally:
            endpoint.leave(begun_s)

    def send(self, webhook: Webhook, event: SubmissionAccepted, *, timeout_s: float) -> None:
        """Send one webhook; see `webhooks.Sender`. No answer is `Transient`: it may have arrived.

        Without its secret nothing is tried, and that tells nothing of the endpoint, which other forms may have too.
        """
        try:
            secrets = self._secrets.of_webhook(webhook)
        except NoSecret as error:
            raise Transient(f"no secret: {error}") from None
        breaker = self._endpoint_of(webhook).breaker
        try:
            is_prompt = self._send(webhook, event, secrets, timeout_s)
        except NoAnswer as error:
            breaker.failed(overtime=error.overtime)
            raise Transient(str(error), tells_of_channel=True) from None
        except SendFailure as error:
            (breaker.failed if error.tells_of_channel else breaker.succeeded)()
            raise
        (breaker.succeeded if is_prompt else breaker.failed)()

    def _send(self, webhook: Webhook, event: SubmissionAccepted, secrets: Sequence[str], timeout_s: float) -> bool:
        """Send it, and say whether the whole answer came in time."""
        body, now = body_of(event), self._clock()
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT} | _signed(secrets, event, body, now)
        try:
            answer = self._caller.post(webhook.url, body.encode(), headers, timeout_s=timeout_s)
        except Refused as error:
            raise Transient(str(error), tells_of_channel=True) from None
        failure = failure_of(answer.status, answer.retry_after, now)
        if failure is not None:
            raise failure
        return not answer.overtime

    def resting(self, forms: Forms) -> int:
        """Return how many endpoints of these forms failed so often that they rest; one that no form has is not tried
        any more, and would rest for ever."""
        urls = {form.webhook.url for _, form in forms.items() if form.webhook}
        with self._lock:
            return sum(one.breaker.is_open for url, one in self._endpoints.items() if url in urls)

    def _has_secret(self, webhook: Webhook) -> bool:
        try:
            self._secrets.of_webhook(webhook)
        except NoSecret:
            return False
        return True

    def _endpoint_of(self, webhook: Webhook) -> Endpoint:
        with self._lock:
            return self._endpoints.setdefault(webhook.url, Endpoint(self._calls_most, self._ticks_s))


def _signed(secrets: Sequence[str], event: SubmissionAccepted, body: str, now: datetime) -> dict[str, str]:
    """Return the three headers of Standard Webhooks."""
    name = webhook_id(event.id)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(name, now, body) for secret in secrets),
    }
