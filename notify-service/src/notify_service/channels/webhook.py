"""Webhooks: the form's owner is told of a submission by signed requests, as Standard Webhooks asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from standardwebhooks import Webhook as Signer

from notify_service.channels.planned import Key, Planned
from notify_service.channels.submission_page import page_of
from notify_service.transports.failures import Permanent, Transient
from notify_service.transports.http.sender import Request
from shared.contracts import SubmissionAccepted
from shared.forms import Form, FormSecrets, NoSecret, Webhook
from shared.forms.webhook import ACCEPTED, OWNER, RELEASED, WebhookEvent
from shared.webhook_bodies import document_of

USER_AGENT = "Counterfoil"

_OF_RELEASE = ":released"
"""What follows a webhook's name, which has no colon, where it is told of a release."""

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class WebhookChannel:
    """Tells the endpoints of a form of each submission. `clock` gives the time that is signed, and `console_url` is
    where the submission's page is, if anywhere.

    In the place of an address's hash stands a webhook's name: an address that is mended takes over what waits.
    """

    name = "webhook"
    off = "the form has no such webhook any more"

    def __init__(self, secrets: FormSecrets, clock: Callable[[], datetime], console_url: str | None = None) -> None:
        self._secrets = secrets
        self._clock = clock
        self._console_url = console_url

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return the deliveries to the form's webhooks: one to each that is told of accepted submissions, and one on
        its release to each that is told of those; to who is told of both, only where it had the submission before.

        Without a form: that to the webhook of its section, the only one whose name is known.
        """
        if form is None:
            return [self._planned(event, Webhook(""), ACCEPTED)]
        return [self._planned(event, one, what) for one in form.every_webhook for what in one.events]

    def endpoint(self, planned: Planned, form: Form) -> str | None:
        """Return the address; None without a secret: nothing is sent then."""
        webhook = _webhook_of(planned, form)
        if webhook is None:
            return None
        try:
            self._read(webhook)
        except NoSecret:
            return None
        return planned.destination

    def endpoints(self, form: Form) -> Collection[str]:
        """Return the addresses of all webhooks, whether they have their secrets or not."""
        return [one.url for one in form.every_webhook]

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Request:
        """Return the signed request. Without a secret nothing is tried, and that tells nothing of the endpoint,
        which other forms may have too."""
        webhook = _webhook_of(planned, form)
        if webhook is None:
            raise Permanent(self.off)
        try:
            secrets, own = self._read(webhook)
        except NoSecret as error:
            raise Transient(f"no secret: {error}") from None
        what: WebhookEvent = RELEASED if planned.on_release else ACCEPTED
        body = body_of(event, what, page_of(self._console_url, event.id), self._console_url)
        ours = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        head = signed(secrets, planned.provider_id, body, self._clock())
        return Request(planned.destination, body.encode(), own | ours | head)

    def _planned(self, event: SubmissionAccepted, webhook: Webhook, what: WebhookEvent) -> Planned:
        url, key = webhook.url, Key(event.id, self.name, webhook.name)
        shown = _shown(webhook.name, url)
        if what == ACCEPTED:
            return Planned(key, event.form, url, shown, webhook_id(event.id, webhook.name))
        told = Key(event.id, self.name, f"{webhook.name}{_OF_RELEASE}")
        name = webhook_id(event.id, webhook.name, "released")
        after = key if ACCEPTED in webhook.events else None
        return Planned(told, event.form, url, shown, name, on_release=True, after=after)

    def _read(self, webhook: Webhook) -> tuple[list[str], dict[str, str]]:
        return self._secrets.of_webhook(webhook), self._secrets.headers_of(webhook)


def webhook_id(submission_id: UUID, name: str = OWNER, what: str = "accepted") -> str:
    """Return the header `webhook-id`, by which a receiver knows what it had before."""
    return f"{what}_{submission_id}" if name == OWNER else f"{what}_{submission_id}_{name}"


def _webhook_of(planned: Planned, form: Form) -> Webhook | None:
    name = planned.key.destination_hash.removesuffix(_OF_RELEASE)
    return next((one for one in form.every_webhook if one.name == name), None)


def _shown(name: str, url: str) -> str:
    """Return what may be recorded of a webhook: its name, where it has one of its own, and its host."""
    host = urlsplit(url).hostname or ""
    return host if name == OWNER or not host else f"{name} ({host})"


def body_of(
    event: SubmissionAccepted, what: WebhookEvent = ACCEPTED, url: str | None = None, api_url: str | None = None
) -> str:
    """Return the body; see `webhook_bodies.document_of`."""
    return compact(document_of(event, what, url, api_url))


def compact(document: Mapping[str, Any]) -> str:
    """Return a body as it is sent, and signed."""
    return _COMPACT.encode(document)


def signed(secrets: Sequence[str], name: str, body: str, now: datetime) -> dict[str, str]:
    """Return the three headers of Standard Webhooks."""
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(name, now, body) for secret in secrets),
    }
