"""This module checks the broker's addresses: one, or those of a cluster with commas between.

The form of each is RabbitMQ's "URI Specification". AMQP has none for several: full addresses with commas between are
what clients of clusters mostly take; a comma in a password is written `%2C`.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pika

SCHEMES = ("amqp", "amqps")
_EXPECTED = (
    "expected a URL such as amqp://user:password@host:port/, with [ and its like in a password percent-encoded, and "
    "after a ? only the parameters of pika's URLParameters"
)


class WrongAddress(ValueError):
    """One or more addresses are wrong; the text says which and how to mend them, and holds no password."""


def split(broker_url: str) -> list[str]:
    """Return the addresses, one at least."""
    return [address.strip() for address in broker_url.split(",")]


def users(broker_url: str) -> set[str | None]:
    """Return the users that the addresses name; None stands for an address without one."""
    return {urlsplit(address).username for address in split(broker_url)}


def check(broker_url: str) -> None:
    """Raise `WrongAddress` with everything that is wrong, unless these are addresses of one broker or cluster."""
    addresses = split(broker_url)
    wrong = [str(number) for number, address in enumerate(addresses, start=1) if not _is_whole(address)]
    if wrong and len(addresses) == 1:
        raise WrongAddress(_EXPECTED)
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        raise WrongAddress(
            f"of {len(addresses)} addresses with commas between, {' and '.join(wrong)} {verb} wrong: {_EXPECTED} "
            "(a comma in a password is written %2C)"
        )
    if len({unquote(urlsplit(address).path.removeprefix("/")) or "/" for address in addresses}) > 1:
        raise WrongAddress("the addresses name different virtual hosts: the nodes of one cluster have the same")


def _is_whole(address: str) -> bool:
    try:
        parts = urlsplit(address)
        pika.URLParameters(address)
        return parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except Exception:  # noqa: BLE001 - pika evaluates what stands in the address, and its text may show a password
        return False
