"""Rate limits: who is counted, how a refusal looks, and when it is said."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.abuse.rate_limits import RateLimits
from gateway.http.errors import Refused
from shared.forms import Form, parse_rate
from shared.sources import network_of
from support.gateway_app import GOOD, Gateway, a_gateway, document_of, errors_of

FORMS = """
[forms.strict]
rate_limit = "2/hour"
[forms.free]
rate_limit = "none"
[forms.usual]
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS, rate_limit="3/hour")


def post(gateway: Gateway, form: str, address: str = "192.0.2.1", **given: Any) -> TestResponse:
    return gateway.client.post(f"/f/{form}", **({"json": GOOD, "environ_base": {"REMOTE_ADDR": address}} | given))


@pytest.mark.parametrize(("form", "most"), [("strict", 2), ("usual", 3)])
def test_beyond_its_rate_an_address_is_refused_by_form(gateway: Gateway, form: str, most: int) -> None:
    assert [post(gateway, form).status_code for _ in range(most + 2)] == [202] * most + [429] * 2
    assert post(gateway, form, "192.0.2.2").status_code == 202, "another address"
    assert post(gateway, "usual" if form == "strict" else "strict").status_code == 202, "another form"
    assert len(gateway.published()) == most + 2


def test_a_form_may_have_no_limit(gateway: Gateway) -> None:
    assert {post(gateway, "free").status_code for _ in range(20)} == {202}


def test_a_refusal_says_when_to_come_back(gateway: Gateway) -> None:
    for _ in range(2):
        post(gateway, "strict")
    answer = post(gateway, "strict")
    assert errors_of(answer) == [("TOO_MANY_REQUESTS", None)]
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Accept": "application/problem+json"}, "application/problem+json"),
        ({"Accept": "text/html"}, "text/html"),
        ({"HX-Request": "true"}, "text/html"),
    ],
)
def test_a_refusal_in_every_style(gateway: Gateway, headers: dict[str, str], kind: str) -> None:
    for _ in range(2):
        post(gateway, "strict")
    answer = post(gateway, "strict", headers=headers)
    assert (answer.status_code, answer.mimetype) == (429, kind)
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many submissions" in answer.text


def test_it_is_said_before_the_body_is_read(gateway: Gateway) -> None:
    for _ in range(2):
        post(gateway, "strict")
    answer = post(gateway, "strict", json=None, data=b"\xff" * 500_000, content_type="image/png")
    assert errors_of(answer) == [("TOO_MANY_REQUESTS", None)]


def test_a_retry_counts_like_any_other_submission(gateway: Gateway) -> None:
    key = {"Idempotency-Key": "k"}
    assert [post(gateway, "strict", headers=key).status_code for _ in range(3)] == [202, 202, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.1:50123", "192.0.2.1:50124", True),
        ("192.0.2.1:50123", "192.0.2.1", True),
        ("[2001:db8::1]:50123", "2001:db8::2", True),
        ("192.0.2.1:50123", "192.0.2.2:50123", False),
        ("unknown", "192.0.2.1", False),
        ("unknown:1", "unknown:2", True),
        ("", "unknown", False),
    ],
)
def test_what_is_counted_as_one(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


@pytest.mark.parametrize("text", ["30/minute", "1/second", "200/hour", "10 per 2 minutes", "5/day", "none"])
def test_what_a_rate_may_be(text: str) -> None:
    assert (parse_rate(text) is None) is (text == "none")


@pytest.mark.parametrize("text", ["", "30", "often", "0/minute", "-1/minute", "30/fortnight", "1/minute; 2/hour"])
def test_what_no_rate_is(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30/minute"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("hops", "forwarded", "ip"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, None, "192.0.2.1"),
    ],
)
def test_the_address_is_what_as_many_proxies_say_as_are_trusted(
    tmp_path: Path, hops: int, forwarded: str | None, ip: str
) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS, trusted_hops=hops)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answers = [post(gateway, "strict", headers=headers).status_code for _ in range(3)]
    assert answers == [202, 202, 429]
    assert {event.source.ip for event in gateway.published()} == {ip}
    assert post(gateway, "strict", address=ip, headers={}).status_code == 429, "counted under that address"


def test_a_forged_address_gives_nobody_a_fresh_count(tmp_path: Path) -> None:
    for hops, said in ((0, "198.51.100.{}"), (1, "198.51.100.{}, 203.0.113.9")):
        gateway = a_gateway(tmp_path, definitions=FORMS, trusted_hops=hops)
        answers = [post(gateway, "strict", headers={"X-Forwarded-For": said.format(n)}).status_code for n in range(3)]
        assert answers == [202, 202, 429]


def test_the_answer_of_a_refusal_names_no_address(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        post(gateway, "strict", "203.0.113.77")
    assert "203.0.113.77" not in str(document_of(post(gateway, "strict", "203.0.113.77")))
    assert "203.0.113.77" not in capsys.readouterr().out


@pytest.fixture
def hectic() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hectic")
def test_threads_do_not_get_in_each_other_s_way() -> None:
    def passes(limits: RateLimits) -> bool:
        try:
            limits.check(Form("busy", "Busy"), "192.0.2.1")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(32) as threads:
        for _ in range(8):
            assert sum(threads.map(passes, [RateLimits("100/hour", None)] * 1000)) == 100
