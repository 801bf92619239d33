"""Tells the console's queries from those of others, by the user for whom the broker vouches.

Every user may write to the default exchange, and by it to any queue: no permission keeps a query away. But a message
that names its user is refused by the broker where another one sent it. Source: RabbitMQ's page "Validated User-ID".
"""

from __future__ import annotations

from collections.abc import Mapping

import pika
import structlog

from shared.messaging.broker import Answer, Params, QueryMethod
from shared.messaging.rabbitmq import addresses

CONSOLE = "console"
"""The broker's user that the console has, where each part has one of its own (`deploy/credentials/broker.py`)."""


def user_in(url: str) -> str:
    """Return the user in a broker's address, or in the first of several."""
    credentials = pika.URLParameters(addresses.split(url)[0]).credentials
    return str(getattr(credentials, "username", ""))


class Askers:
    """Which queries are answered to whom: `methods` to everybody, `console_only` to the console.

    Where all parts share one user, that is its user: whoever has that can do anything anyway.
    """

    def __init__(self, url: str, methods: Mapping[str, QueryMethod], console_only: Mapping[str, QueryMethod]) -> None:
        self._trusted = frozenset({CONSOLE, user_in(url)})
        self._of_console = {**methods, **console_only}
        self._of_others = {**methods, **dict.fromkeys(console_only, _refuse)}

    def methods_for(self, user: str | None) -> Mapping[str, QueryMethod]:
        """Return what a user is answered; None is one who does not say who they are."""
        return self._of_console if user in self._trusted else self._of_others


class NotTheConsole(Exception):
    """Somebody else asked for what is the console's to ask."""


def _refuse(_params: Params) -> Answer:
    structlog.get_logger().warning(
        "a query was refused: it is answered to the console alone, which asks as the broker's user "
        f"{CONSOLE!r}, or as the user that it shares with this service; a console of an earlier version does not say so"
    )
    raise NotTheConsole
