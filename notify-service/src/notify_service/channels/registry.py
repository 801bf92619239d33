"""The channels there are, in one dictionary. A channel that is added here is planned, sent, retried and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notify_service.channels.channel import Channel, TransportName
from notify_service.channels.chat.apprise import Apprise
from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.chat.discord import Discord
from notify_service.channels.chat.slack import Slack
from notify_service.channels.chat.teams import Teams
from notify_service.channels.chat.telegram import Telegram
from notify_service.channels.confirmation import ConfirmationChannel
from notify_service.channels.hook import HookChannel, Hooks, NoHooks
from notify_service.channels.mail.attaching import ReadFile, read_nothing
from notify_service.channels.mail.composer import Composer, MailFrom
from notify_service.channels.mail.templates import Templates
from notify_service.channels.owner import OwnerChannel
from notify_service.channels.webhook import WebhookChannel
from notify_service.transports.http.push import pushes
from shared.forms import Form, FormSecrets
from shared.forms.secrets import READERS
from shared.links.opt_in import OptInLinks


@dataclass(frozen=True, slots=True)
class ChannelNeeds:
    """What channels are made from. `owner_mail` and `timezone` are those of forms that say nothing of them.

    `console_url` is where owners reach the console; None where they are to be given no link to it. `hooks`
    are those that storage tells of. `read_file` reads a file that came with a submission. `secret` is the
    installation's, None without one.
    """

    mail_from: MailFrom
    secrets: FormSecrets
    clock: Callable[[], datetime]
    templates: Templates
    owner_mail: Sequence[str] = ()
    timezone: str = "UTC"
    console_url: str | None = None
    hooks: Hooks = field(default_factory=NoHooks)
    read_file: ReadFile = read_nothing
    secret: str | None = field(default=None, repr=False)

    @property
    def composer(self) -> Composer:
        """What makes the bytes of mails."""
        return Composer(self.mail_from, self.clock)

    @property
    def opt_in_links(self) -> OptInLinks | None:
        """What signs the links of mails that ask to confirm an address."""
        return OptInLinks(self.secret) if self.secret else None


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel: how it is made, by what it leaves, and what receipts, the API and metrics call it."""

    make: Callable[[ChannelNeeds], Channel]
    transport: TransportName
    told_as: str


CHANNELS: dict[str, Listed] = {
    "confirmation": Listed(lambda n: ConfirmationChannel(n.composer, n.templates, n.opt_in_links), "smtp", "email"),
    "owner": Listed(
        lambda n: OwnerChannel(n.composer, n.templates, n.owner_mail, n.timezone, n.console_url, n.read_file),
        "smtp",
        "owner",
    ),
    "webhook": Listed(lambda n: WebhookChannel(n.secrets, n.clock, n.console_url), "http", "webhook"),
    "slack": Listed(lambda n: ChatChannel(Slack(), n.secrets, n.console_url), "http", "slack"),
    "discord": Listed(lambda n: ChatChannel(Discord(), n.secrets, n.console_url), "http", "discord"),
    "teams": Listed(lambda n: ChatChannel(Teams(), n.secrets, n.console_url), "http", "teams"),
    "telegram": Listed(lambda n: ChatChannel(Telegram(), n.secrets, n.console_url), "http", "telegram"),
    "apprise": Listed(lambda n: ChatChannel(Apprise(pushes()), n.secrets, n.console_url), "http", "apprise"),
    "hook": Listed(lambda n: HookChannel(n.hooks, n.clock, n.console_url), "http", "hook"),
}
"""Each channel by its name in the table."""

ON_RECEIPTS = "confirmation"
"""The channel of which a receipt tells. All others tell the form's owner, and are none of a submitter's business."""


def told_as(channel: str) -> str:
    """Return a channel's name in receipts, in the API and in metrics."""
    return CHANNELS[channel].told_as if channel in CHANNELS else channel


def channels(needs: ChannelNeeds) -> dict[str, Channel]:
    """Make every channel there is."""
    return {name: listed.make(needs) for name, listed in CHANNELS.items()}


def sent_by(transport: TransportName) -> list[str]:
    """Return the channels that leave by a transport."""
    return [name for name, listed in CHANNELS.items() if listed.transport == transport]


def endpoints_of(channel: Channel, forms: Iterable[Form]) -> set[str]:
    """Return all that forms have of a channel's endpoints."""
    return {endpoint for form in forms for endpoint in channel.endpoints(form)}


def with_secrets() -> list[str]:
    """Return the channels whose table of a form names a secret."""
    return [name for name in CHANNELS if name in READERS]
