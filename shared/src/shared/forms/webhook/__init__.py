"""Webhooks of a form: the section `webhook`, and any number of `webhooks` by name."""

from shared.forms.webhook.definitions import (
    ACCEPTED,
    OWNER,
    RELEASED,
    SECRET_PREFIX,
    Header,
    Webhook,
    WebhookEvent,
    check_secret,
)
from shared.forms.webhook.schemas import NamedWebhooks, WebhookSchema, is_address

__all__ = [
    "ACCEPTED",
    "OWNER",
    "RELEASED",
    "SECRET_PREFIX",
    "Header",
    "NamedWebhooks",
    "Webhook",
    "WebhookEvent",
    "WebhookSchema",
    "check_secret",
    "is_address",
]
