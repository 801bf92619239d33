"""Checks the addresses and tokens of chats, which stand in files, and shows none of them where one is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from marshmallow import ValidationError

from shared.forms.chats.sections import PUSHES
from shared.forms.webhook.schemas import is_address

_LONGEST = 2000
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,200}")
_DISCORD = re.compile(r"/api/(?:v[0-9]{1,3}/)?webhooks/[0-9]{1,25}/[A-Za-z0-9_-]{1,200}/?")
_RETIRED = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")
_CREATED_BY = "create one in Teams with the app Workflows"


def check_slack(url: str) -> None:
    """Raise ValueError unless it may be the address of an incoming webhook of Slack."""
    if not _parts(url).path.startswith("/services/"):
        raise ValueError("expected the address of an incoming webhook: https://hooks.slack.com/services/…")


def check_discord(url: str) -> None:
    """Raise ValueError unless it may be the address of a webhook of Discord."""
    if not _DISCORD.fullmatch(_parts(url).path):
        raise ValueError("expected the address of a webhook: https://discord.com/api/webhooks/…/…")


def check_teams(url: str) -> None:
    """Raise ValueError unless it may be the address of a workflow of Teams; those of connectors are retired."""
    host = _parts(url).hostname or ""
    if any(host == one or host.endswith(f".{one}") for one in _RETIRED):
        raise ValueError(f"it is the address of a connector, which Microsoft has retired: {_CREATED_BY}")


def check_token(token: str) -> None:
    """Raise ValueError unless it may be the token of a bot of Telegram: it becomes a part of an address."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("expected the token of a bot as BotFather gives it: digits, a colon, and letters")


def check_push(url: str) -> None:
    """Raise ValueError unless it may be a URL of Apprise, of a scheme that may be used."""
    scheme, separator, _ = url[:_LONGEST].partition("://")
    if not separator or len(url) > _LONGEST or " " in url:
        raise ValueError(
            f"expected a URL of Apprise, of {_LONGEST} characters at most, such as ntfys://example.org/topic"
        )
    if scheme not in PUSHES:
        raise ValueError(f"expected a URL of Apprise that begins with one of {', '.join(PUSHES)}")


CHECKS: Mapping[str, Callable[[str], None]] = MappingProxyType(
    {
        "slack": check_slack,
        "discord": check_discord,
        "teams": check_teams,
        "telegram": check_token,
        "apprise": check_push,
    }
)
"""What checks the secret of each section."""


def _parts(url: str) -> SplitResult:
    if len(url) > _LONGEST:
        raise ValueError(f"expected an address of {_LONGEST} characters at most")
    try:
        is_address(url)
    except ValidationError as error:
        raise ValueError(str(error.messages[0])) from None
    return urlsplit(url)
