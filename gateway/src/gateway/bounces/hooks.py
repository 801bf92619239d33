"""Takes the calls of providers, and publishes what they tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import structlog

from gateway.bounces.mailgun import Mailgun
from gateway.bounces.postmark import Postmark
from gateway.bounces.sendgrid import SendGrid, public_key
from gateway.bounces.ses import Ses
from gateway.bounces.settings import BounceHooks
from gateway.bounces.sns import Fetch, Signatures
from gateway.bounces.told import Hook, Told, status_in
from gateway.http.bodies import Bodies
from gateway.http.counting import ignore
from gateway.http.errors import Refused, refused, too_large, unavailable
from gateway.http.request import Request
from shared.contracts import MailBounced
from shared.links.addresses import AddressKey
from shared.links.bounce import BounceTokens
from shared.mailboxes import shown_address
from shared.messaging.broker import BatchPublisher, NotConfirmed
from shared.messaging.message import message_of
from shared.said import said

BODY_BYTES = 1024 * 1024
"""How large a call may be: SendGrid's have 768 kB at most, all others far less."""

CONFIRM_S = 3.0

PROVIDERS = ("ses", "postmark", "sendgrid", "mailgun")

ACCEPTED, MALFORMED = "accepted", "malformed"
_OUTCOMES = {"FORGED": "forged", "STALE": "replayed", "UNAVAILABLE": "away"}
OUTCOMES = (ACCEPTED, MALFORMED, *_OUTCOMES.values())
"""What came of a call: it was taken; it is none that the provider documents, or too large; it does not prove to be
theirs; it is too old; it could not be checked, or not published, and comes again."""

_log = structlog.get_logger()


def hooks(chosen: BounceHooks, fetch: Fetch, clock: Callable[[], datetime]) -> Mapping[str, Hook]:
    """Return the providers that may call, by name."""
    made: dict[str, Hook] = {}
    if chosen.ses_topics:
        made["ses"] = Ses(frozenset(chosen.ses_topics), Signatures(fetch, clock), fetch, clock)
    if chosen.postmark:
        made["postmark"] = Postmark(chosen.postmark)
    if chosen.sendgrid:
        made["sendgrid"] = SendGrid(public_key(chosen.sendgrid), clock)
    if chosen.mailgun:
        made["mailgun"] = Mailgun(chosen.mailgun, clock)
    return made


@dataclass(frozen=True, slots=True)
class BounceCalls:
    """Takes calls. What it answers 200 is with the broker; after a 503 the provider calls again."""

    hooks: Mapping[str, Hook]
    publisher: BatchPublisher
    tokens: BounceTokens
    addresses: AddressKey
    bodies: Bodies
    count: Callable[[str, str], object] = ignore
    """Is told the provider and one of `OUTCOMES`."""

    def take(self, provider: str, request: Request) -> int:
        """Take a call, and return of how many mails it told; raises `Refused`."""
        hook = self.hooks.get(provider)
        if hook is None:
            raise refused(404, "NOT_FOUND", "Nobody is expected to call here.")
        try:
            told = hook.read(request.headers, self._body(request))
            events = [self._event(provider, one) for one in told if one.address]
            self._publish(events, provider)
        except Refused as refusal:
            codes = [one.code for one in refusal.errors]
            self.count(provider, _OUTCOMES.get(codes[0], MALFORMED))
            _log.warning("call of a provider refused", provider=provider, because=codes)
            raise
        self.count(provider, ACCEPTED)
        return len(events)

    def _body(self, request: Request) -> bytes:
        length = request.content_length
        if length is None or "Transfer-Encoding" in request.headers:
            raise refused(413, "LENGTH_REQUIRED", "Send the length of the body (Content-Length).")
        if length > BODY_BYTES:
            raise too_large(BODY_BYTES)
        return self.bodies.read(request, length)

    def _event(self, provider: str, told: Told) -> MailBounced:
        return MailBounced(
            id=uuid5(NAMESPACE_URL, f"counterfoil bounce {provider} {told.key}"),
            delivery_id=self.tokens.read(told.token) if told.token else None,
            # Whoever complains has the mailbox; what bounces is the address, with what follows its plus.
            address_hash=(self.addresses.of if told.kind == "complaint" else self.addresses.exactly)(told.address),
            kind=told.kind,
            code=status_in(told.code),
            said=said(told.said),
            at=datetime.now(UTC),
            via=provider,
            shown=shown_address(told.address),
        )

    def _publish(self, events: list[MailBounced], provider: str) -> None:
        if not events:
            return
        begun_s = time.monotonic()
        try:
            self.publisher.publish_all([(message_of(one), None) for one in events], timeout_s=CONFIRM_S)
        except NotConfirmed as error:
            _log.warning("bounces not confirmed", provider=provider, refusal=error.refusal, count=len(events))
            raise unavailable("This could not be taken just now. Call again in a moment.") from error
        took_ms = round((time.monotonic() - begun_s) * 1000)
        _log.info("bounces told", provider=provider, count=len(events), took_ms=took_ms)
