"""This module says which node of a broker a link connects to next."""

from __future__ import annotations

import random
from itertools import cycle

import pika

from shared.messaging.rabbitmq import addresses

HEARTBEAT_S = 10

PATIENCE_FIRST_S = 1.0
"""How long one of several nodes may take to let us in, in the first round; twice as long in each further one. A request
waits three seconds for its confirm: a node that takes connections and does not answer may cost it one of them."""

PATIENCE_MOST_S = 5.0


class Nodes:
    """The nodes at `url`, in turn, in an order of its own: so the connections of many processes spread over all."""

    def __init__(self, url: str, name: str) -> None:
        found = addresses.split(url)
        random.shuffle(found)
        self._count = len(found)
        self._turn = cycle([_parameters(address, name) for address in found])

    def next(self, failures: int) -> pika.URLParameters:
        """Return the next node, after so many failures since there was a connection."""
        parameters = next(self._turn)
        patience_s = PATIENCE_FIRST_S * 2.0 ** self.rounds(failures) if self._count > 1 else PATIENCE_MOST_S
        parameters.socket_timeout = parameters.stack_timeout = min(patience_s, PATIENCE_MOST_S)
        return parameters

    def rounds(self, failures: int) -> int:
        """Return how often so many failures have been all around the nodes; ten at most."""
        return min(failures // self._count, 10)


def _parameters(address: str, name: str) -> pika.URLParameters:
    parameters = pika.URLParameters(address)
    parameters.heartbeat = HEARTBEAT_S
    parameters.blocked_connection_timeout = None
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": name, "product": "Counterfoil"}
    return parameters
