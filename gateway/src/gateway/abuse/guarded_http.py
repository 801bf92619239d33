"""Connects by HTTP only to addresses that were checked: whoever writes the forms' file names them.

A connection goes to an address that the guard returned, and the name is not looked up again.
"""

from __future__ import annotations

import socket

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from shared.public_addresses import Guard


def guarded_pools(guard: Guard) -> urllib3.PoolManager:
    """Return connections that are kept and used again. A new one raises `Refused` where no address may be reached."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(guard, self, has_tls=False)

    class Secured(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(guard, self, has_tls=True)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecuredPool(HTTPSConnectionPool):
        ConnectionCls = Secured

    pools = urllib3.PoolManager(num_pools=8, maxsize=32, retries=False)
    pools.pool_classes_by_scheme = {"http": PlainPool, "https": SecuredPool}
    return pools


def _connected(guard: Guard, connection: HTTPConnection, *, has_tls: bool) -> socket.socket:
    """Return a socket to the first address that answers among those that may be reached."""
    failure: OSError = TimeoutError("out of time")
    timeout_s = connection.timeout if isinstance(connection.timeout, int | float) else None
    for *_, address in guard.reachable(connection.host, connection.port, has_tls=has_tls):
        try:
            made = socket.create_connection(address[:2], timeout_s)
        except OSError as error:
            failure = error
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    raise failure
