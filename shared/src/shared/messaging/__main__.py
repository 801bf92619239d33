"""`python -m shared.messaging`: declares the topology once, before the services start, as a migration makes tables.

Its broker user may make every queue; those of the services may make only their own, where it has been lost.
"""

from __future__ import annotations

import sys

from shared import settings
from shared.messaging.rabbitmq import addresses
from shared.messaging.rabbitmq.declare import UNREACHABLE, TopologyMismatch, declare
from shared.messaging.rabbitmq.nodes import Nodes

ROUNDS = 3
"""How often all nodes are tried, each time with more patience: right after a start they are slow."""


def main() -> int:
    """Declare, and return the exit code: 0 when all of it stands, 2 when not, with the reason printed."""
    env = settings.reader()
    url = settings.broker_url(env).strip()
    try:
        settings.sealed(env)
        return _declare_at_one_of(url)
    except (settings.SettingsError, TopologyMismatch) as error:
        return _refuse(str(error))


def _declare_at_one_of(url: str) -> int:
    nodes = Nodes(url, "topology")
    problems: list[str] = []
    for _ in addresses.split(url) * ROUNDS:
        parameters = nodes.next(failures=len(problems))
        try:
            declare(parameters)
        except UNREACHABLE as error:
            problems.append(f"{parameters.host}: {error!r}")
        else:
            return 0
    return _refuse(
        f"COUNTERFOIL_BROKER_URL: the broker cannot be reached, or refuses: {', '.join(dict.fromkeys(problems))}"
    )


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - to whoever starts it
    return 2


if __name__ == "__main__":
    sys.exit(main())
