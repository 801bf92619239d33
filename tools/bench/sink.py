"""Takes every mail and keeps none: `python -m bench.sink PORT LOG`.

It writes down when it had taken each mail, and for whom: one line a mail, `seconds recipient`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.program import Program
from dev.smtp_controller import OffersPipelining


def sink(log: Path) -> Program:
    """Return the mail server as a program that listens on its port."""
    return Program("mail sink", (sys.executable, "-m", "bench.sink", "{port}", str(log)), listens=True)


def url_of(port: int) -> str:
    """Return its address as the notify service wants it."""
    return f"smtp://127.0.0.1:{port}?starttls=never"


def mails(log: Path) -> Iterator[tuple[float, str]]:
    """Yield when each mail was taken, in seconds since the epoch, and for whom."""
    with log.open() as lines:
        for line in lines:
            moment, recipient = line.split()
            yield float(moment), recipient


class _Count(OffersPipelining):
    def __init__(self, log: TextIO) -> None:
        self._log = log

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        self._log.write(f"{time.time():.6f} {envelope.rcpt_tos[0]}\n")
        return "250 OK"


async def _serve(port: int, log: TextIO) -> None:
    loop = asyncio.get_running_loop()
    handler = _Count(log)
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w", buffering=1) as out:
        asyncio.run(_serve(int(sys.argv[1]), out))
