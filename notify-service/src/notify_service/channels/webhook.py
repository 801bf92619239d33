"""The webhook: the form's owner is told of a submission by a signed request, as Standard Webhooks asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from standardwebhooks import Webhook as Signer

from notify_service.channels.planned import Key, Planned
from notify_service.transports.failures import Permanent, Transient
from notify_service.transports.http.sender import Request
from shared.contracts import SubmissionAccepted
from shared.forms import Form, Forms, FormSecrets, NoSecret

TYPE = "submission.accepted"
USER_AGENT = "Counterfoil"

OWNER = "owner"
"""What stands for a webhook in the place of an address's hash: a form has one, whatever its address is by now."""

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class WebhookChannel:
    """Tells the owner of a form of each submission. `clock` gives the time that is signed."""

    name = "webhook"
    off = "the form has no webhook any more"

    def __init__(self, secrets: FormSecrets, clock: Callable[[], datetime]) -> None:
        self._secrets = secrets
        self._clock = clock

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return the one delivery to the form's webhook, where it has one."""
        if form is not None and form.webhook is None:
            return []
        url = form.webhook.url if form and form.webhook else ""
        key = Key(event.id, self.name, OWNER)
        return [Planned(key, event.form, url, urlsplit(url).hostname or "", webhook_id(event.id))]

    def endpoint(self, planned: Planned, form: Form) -> str | None:
        """Return the address; None without its secret: nothing is sent then."""
        if form.webhook is None:
            return None
        try:
            self._secrets.of_webhook(form.webhook)
        except NoSecret:
            return None
        return planned.destination

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Request:
        """Return the signed request. Without its secret nothing is tried, and that tells nothing of the endpoint,
        which other forms may have too."""
        if form.webhook is None:
            raise Permanent(self.off)
        try:
            secrets = self._secrets.of_webhook(form.webhook)
        except NoSecret as error:
            raise Transient(f"no secret: {error}") from None
        body = body_of(event)
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        signed = _signed(secrets, planned.provider_id, body, self._clock())
        return Request(planned.destination, body.encode(), headers | signed)


def webhook_id(submission_id: UUID) -> str:
    """Return the header `webhook-id`, by which a receiver knows what it had before."""
    return f"accepted_{submission_id}"


def webhook_urls(forms: Forms) -> set[str]:
    """Return the addresses of all webhooks of these forms."""
    return {form.webhook.url for _, form in forms.items() if form.webhook}


def body_of(event: SubmissionAccepted) -> str:
    """Return the body: a JSON object with the event's type, when it took place, and its data."""
    accepted_at = event.accepted_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    data = {
        "id": str(event.id),
        "form": event.form,
        "accepted_at": accepted_at,
        "reply_to": event.reply_address,
        "captcha": event.control.captcha,
        "fields": event.fields,
    }
    return _COMPACT.encode({"type": TYPE, "timestamp": accepted_at, "data": data})


def _signed(secrets: Sequence[str], name: str, body: str, now: datetime) -> dict[str, str]:
    """Return the three headers of Standard Webhooks."""
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(name, now, body) for secret in secrets),
    }
