from __future__ import annotations

from datetime import timedelta

import pytest

from notify_service.channels.counting import source_hash
from notify_service.deliveries.caps import NO_CAPS, Cap, Caps, parse_cap

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "cap"),
    [("20/day", Cap(20, DAY)), ("5/hour", Cap(5, HOUR)), ("1/minute", Cap(1, timedelta(minutes=1))), ("none", None)],
)
def test_a_cap_is_a_number_and_a_period_or_none(text: str, cap: Cap | None) -> None:
    assert parse_cap(text) == cap


@pytest.mark.parametrize("text", ["", "20", "0/day", "-1/day", "20/week", "20 / day", "20/DAY", "1.5/day", "٣/day"])
def test_what_is_no_cap_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 20/day"):
        parse_cap(text)


def test_one_source_may_use_up_a_quarter_of_a_recipients_cap() -> None:
    source = Cap(20, HOUR)
    assert Caps(Cap(20, DAY), source).share == Cap(5, DAY)
    assert Caps(Cap(1, DAY), source).share == Cap(1, DAY)
    assert Caps(Cap(20, DAY)).share is None
    assert Caps(source=source).share is None
    assert not NO_CAPS


@pytest.mark.parametrize(
    ("period", "again_s"), [(DAY, 12 * 3600), (HOUR, 1800), (timedelta(minutes=1), 120)], ids=["day", "hour", "minute"]
)
def test_what_is_held_asks_twice_in_a_period_and_never_at_once(period: timedelta, again_s: float) -> None:
    assert Caps(form=Cap(1, period)).held_again_s("form") == again_s


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("8.8.8.8", "8.8.8.8", True),
        ("8.8.8.8", "::ffff:8.8.8.8", True),
        ("8.8.8.8:50001", "8.8.8.8:50002", True),
        ("8.8.8.8:50001", "8.8.8.8", True),
        ("[2001:4860::1]:50001", "2001:4860::2", True),
        ("8.8.8.8", "8.8.8.9", False),
        ("2001:4860::1", "2001:4860:0:0:ffff::2", True),
        ("2001:4860::1", "2001:4860:0:1::1", False),
        ("8.8.8.8", "unknown", False),
        ("unknown", "unknown", True),
        ("::5", "::6", True),
    ],
)
def test_a_source_is_an_address_or_a_network_of_ipv6(one: str, other: str, same: bool) -> None:
    assert source_hash(one) is not None
    assert (source_hash(one) == source_hash(other)) is same


@pytest.mark.parametrize(
    "ip",
    [
        *(None, "", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fe80::1", "fd00::1"),
        *("10.1.2.3:50001", "[::1]:50001", "[fd00::1]"),
    ],
)
def test_a_private_address_is_no_source_it_may_be_a_proxy_and_so_everybody(ip: str | None) -> None:
    assert source_hash(ip) is None


@pytest.mark.parametrize("ip", ["172.32.0.1", "100.128.0.1", "11.0.0.1", "2001:db8::1", "203.0.113.7", "x" * 100_000])
def test_any_other_is_one(ip: str) -> None:
    assert len(source_hash(ip) or "") == 64
