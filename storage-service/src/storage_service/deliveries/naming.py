"""What the channels of deliveries are called: by people, and where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "confirmation": "Confirmation",
    "owner": "Mail to the owner",
    "webhook": "Webhook",
    "slack": "Slack",
    "discord": "Discord",
    "teams": "Teams",
    "telegram": "Telegram",
    "apprise": "Push message",
    "hook": "Hook",
}

TOLD_AS: Mapping[str, str] = {"email": "confirmation"}
"""What a receipt and `/v1` call a channel, where that is not its name."""


def channel_named(told: str) -> str:
    """Return the name by which a channel is asked for, of that or of the one by which it is told of."""
    return TOLD_AS.get(told, told)


def channel_words(channel: str) -> str:
    """Return what people call a channel; one of a later version by its name."""
    return _WORDS.get(channel_named(channel), channel)
