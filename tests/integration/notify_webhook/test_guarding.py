"""No request gets to an address that is not public, whatever name leads there and whenever it does."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from notify_service.transports.http.connection import GuardedCaller, NoAnswer, tls_context
from shared.public_addresses import Refused, parse_networks
from support.webhook_receiver import Receiver
from support.webhooks import resolving

INNER = [
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]
LOOPBACK = ["127.0.0.1", "localhost", "[::1]", "0", "0x7f.1", "2130706433", "127.1", "[::ffff:7f00:1]"]


def post(caller: GuardedCaller, url: str) -> int:
    return caller.post(url, b"{}", {}, timeout_s=2).status


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="its address is not public"):
        post(GuardedCaller(tls_context(), resolve=resolving(address)), "https://owner.example.org/")


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    with Receiver(tls=True) as receiver:
        with pytest.raises(Refused):
            post(GuardedCaller(tls_context()), f"https://{host}:{receiver.port}/")
        assert receiver.received == []


def test_without_tls_even_a_public_address_is_refused() -> None:
    with pytest.raises(Refused, match="without TLS"):
        post(GuardedCaller(tls_context(), resolve=resolving("93.184.216.34")), "http://owner.example.org/")


def test_what_is_allowed_is_reached_and_nothing_beside_it(receiver: Receiver, trusting: ssl.SSLContext) -> None:
    with pytest.raises(Refused):
        post(GuardedCaller(trusting, parse_networks("127.0.0.2/32,10.0.0.0/8,::1/128")), receiver.url())
    assert post(GuardedCaller(trusting, parse_networks("10.0.0.0/8, 127.0.0.1/32")), receiver.url()) == 204
    with Receiver(tls=True) as secured:
        assert post(GuardedCaller(trusting, parse_networks("127.0.0.1/32")), secured.url()) == 204


def test_of_several_addresses_only_those_that_may_be_reached_are_tried(receiver: Receiver) -> None:
    allowed = parse_networks("127.0.0.1/32,127.0.0.3/32")
    caller = GuardedCaller(tls_context(), allowed, resolving("127.0.0.2", "127.0.0.3", "127.0.0.1"))
    assert post(caller, receiver.url(host="owner.example.org")) == 204, "nobody listens at 127.0.0.3: the next is tried"
    assert receiver.received[0].headers["host"] == f"owner.example.org:{receiver.port}"


def test_a_name_is_looked_up_once_so_that_no_other_address_slips_in_between(receiver: Receiver) -> None:
    answers = iter(["127.0.0.3", "127.0.0.1"])  # the first is allowed, and nobody listens; the second is not

    def rebinding(_host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return socket.getaddrinfo(next(answers), port, type=socket.SOCK_STREAM)

    caller = GuardedCaller(tls_context(), parse_networks("127.0.0.3/32"), rebinding)
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        post(caller, receiver.url(host="owner.example.org"))
    with pytest.raises(Refused):
        post(caller, receiver.url(host="owner.example.org"))
    assert receiver.received == []
