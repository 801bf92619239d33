"""What tests of chats share: each service with its stand-in, how a request gets there without a network, and what a
stranger may type."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from notify_service.channels.chat.apprise import Apprise
from notify_service.channels.chat.channel import Service
from notify_service.channels.chat.discord import Discord
from notify_service.channels.chat.slack import Slack
from notify_service.channels.chat.teams import Teams
from notify_service.channels.chat.telegram import Telegram
from notify_service.transports.http.push import pushes
from notify_service.transports.http.sender import Request
from shared.forms import Chat, Room, TelegramChat
from support.chats import telegram
from support.chats.discord import DiscordStandIn
from support.chats.pushes import GotifyStandIn, NtfyStandIn
from support.chats.slack import SlackStandIn
from support.chats.stand_in import Asked, StandIn
from support.chats.teams import TeamsStandIn
from support.chats.telegram import TelegramStandIn


@dataclass(frozen=True)
class Subject:
    """One service: what makes its messages, its stand-in, and how the two find each other."""

    service: Service
    stand_in: Callable[..., StandIn]
    chat: Callable[[StandIn], Chat]
    secret: Callable[[StandIn], str]


def _url(stand_in: StandIn) -> str:
    url: str = stand_in.url  # type: ignore[attr-defined]
    return url


def _room(_: StandIn) -> Chat:
    return Room("file")


SUBJECTS = {
    "slack": Subject(Slack(), SlackStandIn, _room, _url),
    "discord": Subject(Discord(), DiscordStandIn, _room, _url),
    "teams": Subject(Teams(), TeamsStandIn, _room, _url),
    "telegram": Subject(
        Telegram(),
        TelegramStandIn,
        lambda one: TelegramChat("file", telegram.CHAT, url=one.base()),
        lambda _: telegram.TOKEN,
    ),
    "ntfy": Subject(Apprise(pushes()), NtfyStandIn, _room, _url),
    "gotify": Subject(Apprise(pushes()), GotifyStandIn, _room, _url),
}


def asked_of(request: Request) -> Asked:
    """Return a request as it would arrive."""
    parts = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Asked(parts.path, parse_qs(parts.query), headers, json.loads(request.body))


HOSTILE = {
    "mentions": "@here @channel @everyone <!here> <!channel> <@U012AB3CD> <@&165511591545143296> <at>Ada</at> @ada_bot",
    "links": "https://evil.example/x <https://evil.example|your bank> [your bank](https://evil.example) evil.example",
    "slack": "&lt;!here&gt; *bold* _it_ ~no~ `code` ```block``` :smile: &amp; <#C024BE7LR>",
    "discord": "**bold** __under__ ||it||\n> quote\n# head\n- item\n1. one\n<t:1618953630:R> <:mm:216154654256398347>",
    "backslashes": "\\*bold\\* \\\\_it\\\\_ \\",
    "fences": "```\n@everyone\n``` and ` one ` and ~~~",
    "teams": "{{DATE(2017-02-14T06:08:39Z, SHORT)}} **bold** [x](javascript:alert(1)) ${data.x}",
    "telegram": "/start@bot #tag $USD tg://user?id=1 t.me/x <b>bold</b> [x](tg://user?id=1) ||x||",
    "html": "<script>alert(1)</script><b onclick=x>&#60;",
    "json": '"},{"text":"x"}],"parse":"full","x":["\\u0000',
    "bidi": "abc\u202egnp.exe \u2066\u2067x",
    "controls": "a\x00b\x1b[2Jc\x07\u2028d\ufeff",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd e\u0301",
    "spaces": " \n\n \t x \u3000\n",
}
"""What a stranger may type: by what each is meant for."""
