"""What is the gateway's own: the addresses in its answers, and the pages that may always post."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.http.site import Site
from support.gateway_app import GOOD, a_gateway, document_of

PUBLIC = "https://forms.example.org"
BEYOND = "0.0.0.0:8080"
LOOPBACK = "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("public", "bind", "host", "begins"),
    [
        (PUBLIC, BEYOND, "evil.example", PUBLIC),
        (PUBLIC, LOOPBACK, "localhost", PUBLIC),
        (None, BEYOND, "evil.example", ""),
        (None, BEYOND, "192.0.2.1:8080", ""),
        (None, BEYOND, "localhost.evil.example", ""),
        (None, BEYOND, "127.0.0.1.evil.example", ""),
        (None, BEYOND, "127.0.0.1:1@evil.example", ""),
        (None, BEYOND, "localhost:9000", "http://localhost:9000"),
        (None, BEYOND, "127.0.0.1:9000", "http://127.0.0.1:9000"),
        (None, LOOPBACK, "localhost:8080", "http://localhost:8080"),
        (None, LOOPBACK, "evil.example", "http://127.0.0.1:8080"),
        (None, "[::1]:8080", "evil.example", "http://[::1]:8080"),
    ],
)
def test_a_receipt_s_address_is_never_what_somebody_says_our_name_is(
    tmp_path: Path, public: str | None, bind: str, host: str, begins: str
) -> None:
    gateway = a_gateway(tmp_path, public_url=public, bind=bind)
    answer = gateway.client.post("/f/signup", json=GOOD, headers={"Host": host})
    assert answer.status_code == 202
    for address in (document_of(answer)["receipt_url"], document_of(answer)["next"], answer.headers["Location"]):
        assert address.startswith(f"{begins}/receipts/")
    page = gateway.client.post("/f/signup", data=GOOD, headers={"Host": host, "Accept": "text/html"})
    assert page.headers["Location"].startswith(f"{begins}/receipts/")


def test_what_a_proxy_says_of_the_name_is_as_unchecked(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, bind=BEYOND, trusted_hops=1)
    answer = gateway.client.post("/f/signup", json=GOOD, headers={"X-Forwarded-Host": "evil.example"})
    assert document_of(answer)["receipt_url"].startswith("/receipts/")


@pytest.mark.parametrize(
    ("said", "begins"), [("https", "https"), ("http", "http"), ("a\tb", "http"), ("javascript", "http")]
)
def test_what_a_proxy_says_of_the_scheme_is_one_of_two(tmp_path: Path, said: str, begins: str) -> None:
    gateway = a_gateway(tmp_path, bind=BEYOND, trusted_hops=1)
    headers = {"X-Forwarded-Proto": said, "Host": "localhost"}
    answer = gateway.client.post("/f/signup", json=GOOD, headers=headers)
    assert document_of(answer)["receipt_url"].startswith(f"{begins}://localhost/receipts/")


def test_a_second_slash_leads_nowhere_and_can_be_read_by_the_page(tmp_path: Path) -> None:
    answer = a_gateway(tmp_path).client.post("/f//signup", json=GOOD, headers={"Origin": "https://www.example.org"})
    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.example.org"


@pytest.mark.parametrize(
    ("public", "bind", "url"),
    [
        (PUBLIC, BEYOND, PUBLIC),
        (PUBLIC, LOOPBACK, PUBLIC),
        (None, LOOPBACK, f"http://{LOOPBACK}"),
        (None, "localhost:80", "http://localhost:80"),
        (None, BEYOND, None),
        (None, "[::]:8080", None),
    ],
)
def test_without_any_request_the_site_is_what_the_operator_said_or_loopback(
    public: str | None, bind: str, url: str | None
) -> None:
    assert Site(public, bind).url == url


def own(origin: str, host: str, **headers: str) -> dict[str, str]:
    return {"Origin": origin, "Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}


@pytest.mark.parametrize(
    ("public", "headers", "status"),
    [
        (None, own("http://localhost:8080", "localhost:8080"), 202),
        (None, own("http://gateway.example", "gateway.example"), 202),
        (None, own("https://gateway.example", "gateway.example"), 403),
        (None, own("https://gateway.example", "gateway.example", X_Forwarded_Proto="https"), 202),
        (PUBLIC, own(PUBLIC, "10.0.0.5:8080"), 202),
        ("https://Forms.Example.Org", own(PUBLIC, "10.0.0.5:8080"), 202),
        (PUBLIC, own("http://forms.example.org", "10.0.0.5:8080"), 403),
        (PUBLIC, own("http://10.0.0.5:8080", "10.0.0.5:8080"), 403),
        (PUBLIC, own("http://10.0.0.5:8080", "10.0.0.5:8080", Sec_Fetch_Site="same-origin"), 202),
        (PUBLIC, {"Referer": f"{PUBLIC}/f/contact", "Host": "10.0.0.5"}, 202),
        (PUBLIC, own("null", "10.0.0.5", Referer=f"{PUBLIC}/f/contact"), 202),
    ],
)
def test_the_gateway_s_own_page_may_post_to_a_form_that_names_others(
    tmp_path: Path, public: str | None, headers: dict[str, str], status: int
) -> None:
    gateway = a_gateway(tmp_path, public_url=public, bind=BEYOND, trusted_hops=1)
    assert gateway.client.post("/f/contact", data={"name": "Ada"}, headers=headers).status_code == status


def test_a_page_that_is_reached_by_another_name_may_end_at_the_public_one(tmp_path: Path) -> None:
    """A browser follows a form's redirect only to where the page's policy lets it."""
    page = a_gateway(tmp_path, public_url=PUBLIC).client.get("/f/signup", headers={"Host": "localhost"})
    policy = page.headers["Content-Security-Policy"]
    assert f"form-action 'self' {PUBLIC};" in policy


@pytest.mark.parametrize(
    ("public", "bind", "base"),
    [
        (PUBLIC, BEYOND, PUBLIC),
        (PUBLIC, "127.0.0.1:8080", PUBLIC),
        (None, "127.0.0.1:8080", "http://127.0.0.1:8080"),
        (None, BEYOND, None),
    ],
)
@pytest.mark.parametrize("host", ["evil.example", "localhost:1"])
def test_the_mail_learns_the_receipts_address_by_what_the_operator_said_and_never_from_the_host(
    tmp_path: Path, public: str | None, bind: str, base: str | None, host: str
) -> None:
    gateway = a_gateway(tmp_path, public_url=public, bind=bind)
    answer = gateway.client.post("/f/signup", json=GOOD, headers={"Host": host})
    token = document_of(answer)["receipt_url"].rpartition("/receipts/")[2]
    assert [event.receipt_url for event in gateway.published()] == [base and f"{base}/receipts/{token}"]
