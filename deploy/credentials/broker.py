"""The broker's users: what each may configure, write and read, and a definitions file that makes them.

Permissions are regular expressions over names (RabbitMQ's page "Access Control"); the default exchange's is
`amq.default`. Every process but the console declares the whole topology, so all others may configure it and bind its
queues, which takes writing to the queue and reading from the exchange. What only one user may do:

    gateway    read `counterfoil.live`; it reads and purges no queue but its own
    storage    read and purge `storage.…`; announce to `counterfoil.live`, park in `counterfoil.parked`
    notify     the same with `notify.…`
    console    nothing but read and announce to `counterfoil.live`, and hear the replies to its queries: whoever has
               broken into it has what the database has, and no queue of submissions or deliveries to read, purge or
               delete
    topology   make what is missing, before the services start; making a queue that has a dead-letter exchange takes
               reading the queue and writing to the exchange

The default exchange is open to all of them: events, queries, their replies and the delay levels go through it. So a
query that erases is answered to the user `console` alone, for whom the broker vouches in the message: see
`shared.messaging.rabbitmq.askers`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from credentials.files import own_salt

VHOST = "/"
_OURS = r"(counterfoil|storage|notify)\..*"
_QUEUES = r"(storage|notify)\..*"


@dataclass(frozen=True, slots=True)
class Permission:
    """What one user may do: a regular expression each."""

    configure: str
    write: str
    read: str


def _worker(queues: str) -> Permission:
    return Permission(
        configure=f"^{_OURS}$",
        write=rf"^(amq\.default|counterfoil\.(live|parked)|{_QUEUES})$",
        read=rf"^(counterfoil\.(events|parked)|{queues}\..*)$",
    )


PERMISSIONS: Mapping[str, Permission] = {
    "gateway": Permission(
        configure=rf"^({_OURS}|amq\.gen.*)$",
        write=rf"^(amq\.default|amq\.gen.*|{_QUEUES})$",
        read=r"^(amq\.gen.*|amq\.rabbitmq\.reply-to.*|counterfoil\.(events|live|parked))$",
    ),
    "storage": _worker("storage"),
    "notify": _worker("notify"),
    "console": Permission(
        configure=r"^amq\.gen.*$",
        write=r"^(amq\.default|amq\.gen.*|counterfoil\.live)$",
        read=r"^(amq\.gen.*|amq\.rabbitmq\.reply-to.*|counterfoil\.live)$",
    ),
    "topology": Permission(configure=f"^{_OURS}$", write=rf"^(amq\.default|{_OURS})$", read=f"^{_OURS}$"),
}


def definitions(passwords: Mapping[str, str], vhost: str = VHOST) -> str:
    """Return a definitions file (RabbitMQ's page "Definitions") with a user for each password, by their names.

    A node that imports one at boot makes no default user and no default virtual host: the file has it.
    """
    users = [
        {
            "name": name,
            "password_hash": password_hash(password),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": "",
        }
        for name, password in passwords.items()
    ]
    permissions = [
        {"user": name, "vhost": vhost, "configure": may.configure, "write": may.write, "read": may.read}
        for name, may in PERMISSIONS.items()
        if name in passwords
    ]
    return json.dumps({"users": users, "vhosts": [{"name": vhost}], "permissions": permissions}, indent=1)


def password_hash(password: str, salt: bytes | None = None) -> str:
    """Return a password as RabbitMQ keeps it: base64 of a salt of four bytes and SHA-256 of salt and password.

    Source: RabbitMQ's page "Credentials and Passwords". Four bytes are little; these passwords have 256 bits.
    """
    salt = own_salt(password)[:4] if salt is None else salt
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def url(user: str, password: str, host: str) -> str:
    """Return the address of the broker on one host, for one user."""
    return f"amqp://{user}:{password}@{host}:5672/%2F"
