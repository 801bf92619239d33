"""Which addresses webhooks may go to."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.public_addresses import is_public, is_within, parse_networks

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.9.9.9",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "2400:cb00::1",
    "2001:200::1",
]

INNER = {
    "loopback": "127.0.0.1 127.255.255.255 ::1",
    "unspecified": "0.0.0.0 0.1.2.3 ::",
    "private": "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456:789a::1",
    "link-local and metadata": "169.254.0.1 169.254.169.254 fe80::1 fe80::1%eth0 fe80::1%1 fd00:ec2::254 168.63.129.16",
    "carrier-grade NAT": "100.64.0.1 100.100.100.200 100.127.255.255",
    "multicast": "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
    "reserved and broadcast": "240.0.0.1 255.255.255.255 4000::1 e000::1",
    "protocols, benchmarks, documentation": "192.0.0.1 192.0.0.192 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1 "
    "203.0.113.1 2001:db8::1 3fff::1 2001:2::1 2001:20::1 5f00::1 100::1",
    "IPv4 in IPv6": "::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 ::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1",
    "6to4 and its relays": "2002:7f00:1:: 2002:a00:1::1 2002:808:808::1 192.88.99.1",
    "Teredo": "2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "site-local": "fec0::1",
    "no address": "localhost 1.2.3 300.1.1.1 ::g",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("kind", INNER)
def test_nothing_else_is(kind: str) -> None:
    assert [address for address in INNER[kind].split() if is_public(address)] == []


@given(st.ip_addresses(v=4))
def test_what_python_calls_special_is_never_public(address: object) -> None:
    found = ip_address(str(address))
    if not found.is_global or found.is_multicast or found.is_reserved or found.is_link_local or found.is_loopback:
        assert not is_public(str(found))


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_public_only_where_it_leads_to_no_ipv4_address(address: object) -> None:
    found = IPv6Address(str(address))
    leads = found.ipv4_mapped or found.sixtofour or found.teredo or found in IPv6Network("64:ff9b::/96")
    if leads or not found.is_global or found.is_multicast or found.is_site_local:
        assert not is_public(str(found))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_written_as_ipv6_is_never_public(address: object) -> None:
    for prefix in ("::ffff:", "::", "64:ff9b::", "::ffff:0:"):
        assert not is_public(f"{prefix}{address}")
    assert not is_public(str(IPv6Address(0x2002 << 112 | int(ip_address(str(address))) << 80)))


def test_networks_are_read_and_hold_what_is_in_them() -> None:
    networks = parse_networks(" 10.0.0.0/8, fd00::/8 ,127.0.0.1")
    assert networks == (IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/8"), IPv4Network("127.0.0.1/32"))
    assert [is_within(one, networks) for one in ("10.9.8.7", "fd00::1", "127.0.0.1")] == [True] * 3
    assert [is_within(one, networks) for one in ("11.0.0.1", "::ffff:10.0.0.1", "fd00::1%eth0", "x")] == [False] * 4
    assert parse_networks("") == ()


@pytest.mark.parametrize("text", ["10.0.0.1/8", "internal", "10.0.0.0/33", "10.0.0.0/8 fd00::/8"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no network: expected one such as"):
        parse_networks(text)
