"""The channels there are, in one dictionary. A channel that is added here is planned, sent, retried and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from notify_service.channels.channel import Channel
from notify_service.channels.confirmation import ConfirmationChannel
from notify_service.channels.mail import Composer, MailFrom
from notify_service.channels.webhook import WebhookChannel
from shared.forms import FormSecrets


@dataclass(frozen=True, slots=True)
class ChannelNeeds:
    """What channels are made from."""

    mail_from: MailFrom
    secrets: FormSecrets
    clock: Callable[[], datetime]


CHANNELS: Mapping[str, Callable[[ChannelNeeds], Channel]] = {
    "confirmation": lambda needs: ConfirmationChannel(Composer(needs.mail_from, needs.clock)),
    "webhook": lambda needs: WebhookChannel(needs.secrets, needs.clock),
}
"""Each channel by its name in the table, and how it is made."""

TOLD_AS: Mapping[str, str] = {"confirmation": ConfirmationChannel.told_as}
"""The names of channels in receipts, in the API and in metrics, where they are others."""


def told_as(channel: str) -> str:
    """Return a channel's name in receipts, in the API and in metrics."""
    return TOLD_AS.get(channel, channel)


def channels(needs: ChannelNeeds) -> dict[str, Channel]:
    """Make every channel there is."""
    return {name: make(needs) for name, make in CHANNELS.items()}
