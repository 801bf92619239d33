"""Measures the broker alone: `python -m bench.limits.broker_alone SECONDS QUEUE…`, BROKER_URL set.

One publisher, its confirms pipelined, puts each event into every queue named; prints how many events a second were
confirmed by all of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import cycle

from bench.events import bodies
from bench.pipeline import publish


def main(seconds: float, queues: list[str]) -> None:
    """Measure and print."""
    done = publish(os.environ["BROKER_URL"], _messages(queues), for_s=seconds)
    print(done.confirmed / len(queues) / done.took_s)


def _messages(queues: list[str]) -> Iterator[tuple[str, bytes]]:
    for body in cycle(list(bodies(1000))):
        for queue in queues:
            yield queue, body


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
