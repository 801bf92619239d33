"""Defines the sections `slack`, `discord`, `teams`, `telegram` and `apprise` of a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

TELEGRAM_URL = "https://api.telegram.org"

PUSHES = ("ntfy", "ntfys", "gotify", "gotifys", "pover", "prowl", "pbul", "signal", "signals")
"""The schemes of Apprise that may be used: what each sends is one POST, to be checked and sent as every other."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room. The file holds its address: whoever knows that may write there. `include` names the fields that are
    shown there; None is all of them."""

    KEY: ClassVar[str] = "url_file"

    url_file: str
    include: tuple[str, ...] | None = None

    @property
    def file(self) -> str:
        """The file with the secret."""
        return self.url_file


@dataclass(frozen=True, slots=True)
class TelegramChat:
    """A chat that a bot may write to, by its number or its public name. The file holds the bot's token; `url` is where
    the Bot API is served."""

    KEY: ClassVar[str] = "token_file"

    token_file: str
    chat: str
    url: str = TELEGRAM_URL
    include: tuple[str, ...] | None = None

    @property
    def file(self) -> str:
        """The file with the secret."""
        return self.token_file


Chat: TypeAlias = Room | TelegramChat
