"""`python -m shared.messaging`: declares the topology once, before the services start, as a migration makes tables.

Its broker user may make every queue; those of the services may make only their own, where it has been lost.
"""

from __future__ import annotations

import sys

import pika
from pika.exceptions import AMQPError

from shared import settings
from shared.messaging.declare import TopologyMismatch, declare


def main() -> int:
    """Declare, and return the exit code: 0 when all of it stands, 2 when not, with the reason printed."""
    env = settings.reader()
    url = settings.broker_url(env).strip()
    try:
        settings.sealed(env)
        declare(pika.URLParameters(url))
    except (settings.SettingsError, TopologyMismatch) as error:
        return _refuse(str(error))
    except (AMQPError, OSError) as error:
        return _refuse(f"COUNTERFOIL_BROKER_URL: the broker cannot be reached, or refuses: {error!r}")
    return 0


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - to whoever starts it
    return 2


if __name__ == "__main__":
    sys.exit(main())
