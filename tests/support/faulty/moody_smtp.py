"""Runs a mail server that keeps its mails, and fails once for some addresses, as a script says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.mail_sink import Keep, MailSink
from dev.smtp_controller import OffersPipelining, PromptController

Mood: TypeAlias = Literal["", "421", "450", "535", "550", "tarpit", "drop after the dot"]

_REPLIES: dict[Mood, str] = {
    "421": "421 4.3.2 going down",
    "450": "450 4.2.1 come back later",
    "535": "535 5.7.8 who are you",
    "550": "550 5.1.1 nobody here",
}
_LINE_EVERY_S = 0.1


class MoodySink(MailSink):
    """`MailSink` whose `mood` says for each address how its first RCPT, or DATA, is answered.

    `said` counts the answers by mood, `connections` who came. Closed, it takes connections and drops them at once.
    """

    def __init__(self, directory: Path, mood: Callable[[str], Mood] = lambda _: "") -> None:
        super().__init__(directory)
        self.mood = mood
        self.said: Counter[Mood] = Counter()
        self.connections = 0
        self.most_at_once = 0
        self.is_closed = False
        self.doors: set[_Door] = set()

    def start(self) -> None:
        """Start listening, on loopback."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.smtp_port, ready_timeout=30)
        self._controller.start()
        self.connections = 0  # the controller tries its own server once

    def go_away(self) -> None:
        """Drop everybody, and who comes from now on."""
        self.is_closed = True
        assert self._controller is not None
        self._controller.loop.call_soon_threadsafe(self._drop_all)

    def come_back(self) -> None:
        """Be as before."""
        self.is_closed = False

    def _drop_all(self) -> None:
        for door in list(self.doors):
            door.drop()


class _Controller(PromptController):
    def __init__(self, sink: MoodySink, **options: object) -> None:
        self._sink = sink
        super().__init__(_Moods(sink), **options)  # type: ignore[arg-type]  # aiosmtpd's own options

    def factory(self) -> SMTP:
        return _Door(self._sink, self.handler, enable_SMTPUTF8=True, hostname="sink")


class _Door(SMTP):
    def __init__(self, sink: MoodySink, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.connections += 1
        self._sink.doors.add(self)
        self._sink.most_at_once = max(self._sink.most_at_once, len(self._sink.doors))
        super().connection_made(transport)
        if self._sink.is_closed:
            self.drop()

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.doors.discard(self)
        super().connection_lost(error)

    def drop(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


@dataclass
class _Moods(OffersPipelining):
    sink: MoodySink

    def __post_init__(self) -> None:
        self._keep = Keep(self.sink.directory)
        self._seen: set[tuple[str, str]] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        mood = self._first_mood(address, "rcpt")
        if mood in _REPLIES:
            self.sink.said[mood] += 1
            return _REPLIES[mood]
        if mood == "tarpit":
            self.sink.said[mood] += 1
            await _dribble(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = await self._keep.handle_DATA(server, session, envelope)
        if self._first_mood(envelope.rcpt_tos[0], "data") == "drop after the dot":
            self.sink.said["drop after the dot"] += 1
            if isinstance(server.transport, asyncio.Transport):
                server.transport.abort()
        return said

    def _first_mood(self, address: str, stage: str) -> Mood:
        """Return the mood towards an address; none where it had its turn, but for what is refused for ever."""
        mood = self.sink.mood(address)
        if mood != "550" and (address, stage) in self._seen:
            return ""
        self._seen.add((address, stage))
        return mood


async def _dribble(server: SMTP) -> None:
    """Send one line of a reply after the other, until the client has had enough."""
    while isinstance(server.transport, asyncio.Transport) and not server.transport.is_closing():
        server.transport.write(b"250-still thinking\r\n")
        await asyncio.sleep(_LINE_EVERY_S)
