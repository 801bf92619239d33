"""Where a form may be posted from, and how it answers scripts of other sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.gateway_app import GOOD, Gateway, a_gateway, errors_of

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
ALLOWED = "https://www.example.org"
VALUES = {"name": "Ada"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ALLOWED}, 202),
        ({"Origin": "HTTPS://WWW.EXAMPLE.ORG"}, 202),
        ({}, 202),
        ({"Origin": "http://localhost"}, 202),
        ({"Referer": f"{ALLOWED}/contact"}, 202),
        ({"Origin": "https://www.example.org.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://www.example.org"}, 403),
        ({"Referer": "https://evil.example/www.example.org"}, 403),
        ({"Referer": "android-app://org.example"}, 403),
    ],
)
def test_a_form_that_names_origins_takes_no_others(gateway: Gateway, headers: dict[str, str], status: int) -> None:
    answer = gateway.client.post("/f/contact", data=VALUES, headers=headers)
    assert answer.status_code == status
    assert len(gateway.published()) == (status == 202)
    if status == 403:
        assert errors_of(answer) == [("BLOCKED", None)]
        script = answer.headers["Access-Control-Allow-Origin"]
        assert script == headers.get("Origin", "*"), "a script can say so, and need not try for ever"
        page = gateway.client.post("/f/contact", data=VALUES, headers={**headers, **PAGE})
        assert page.status_code == 403
        assert page.mimetype == "text/html"


def hidden(site: str | None, **headers: str) -> dict[str, str]:
    """Return what a page sends that says nothing of itself: with Fetch Metadata, or in a browser without."""
    return {**({"Sec-Fetch-Site": site} if site else {}), "Origin": "null", **headers}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ""}, 202),
        ({"Origin": " ", "Referer": ""}, 202),
        ({"Origin": "", "Referer": "https://evil.example/"}, 403),
        (hidden(None), 403),
        (hidden("cross-site"), 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "", "Sec-Fetch-Site": "cross-site"}, 403),
        (hidden("same-site"), 202),
        (hidden("same-origin"), 202),
        (hidden("none"), 202),
        (hidden("cross-site", Referer=f"{ALLOWED}/contact"), 202),
        (hidden("cross-site", Referer="https://evil.example/"), 403),
        (hidden("same-site", Referer="https://evil.example/"), 403),
        ({"Origin": "https://evil.example", "Referer": f"{ALLOWED}/"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"}, 403),
    ],
)
@pytest.mark.parametrize("switch", [False, True])
def test_a_page_that_hides_where_it_is_is_judged_by_what_else_is_said(
    tmp_path: Path, headers: dict[str, str], status: int, switch: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    definitions = f'[forms.contact]\nallowed_origins = ["{ALLOWED}"]\nallow_no_origin = {str(switch).lower()}\n'
    gateway = a_gateway(tmp_path, definitions=definitions)
    answer = gateway.client.post("/f/contact", data=VALUES, headers=headers)
    is_hidden = status == 403 and "evil" not in str(headers)
    assert answer.status_code == (202 if switch and is_hidden else status)
    if answer.status_code == 403:
        assert errors_of(answer) == [("BLOCKED", None)]
        assert ("did not say its own" in answer.text) == is_hidden
    assert ("page not named" in capfd.readouterr().out) == (is_hidden and not switch), "the owner finds it in the log"


@pytest.mark.parametrize("origin", ["https://anywhere.example", "null"])
def test_a_form_that_names_none_takes_any(gateway: Gateway, origin: str) -> None:
    answer = gateway.client.post("/f/signup", data=GOOD, headers={"Origin": origin})
    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Expose-Headers"] == "Location, Retry-After"


@pytest.mark.parametrize(("form", "status"), [("contact", 202), ("contact", 422)])
def test_an_allowed_script_may_read_every_answer(gateway: Gateway, form: str, status: int) -> None:
    values = VALUES if status == 202 else {"what": "ever"}
    answer = gateway.client.post(f"/f/{form}", json=values, headers={"Origin": ALLOWED})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert "Origin" in answer.headers["Vary"]


def test_a_preflight_allows_what_the_contract_names(gateway: Gateway) -> None:
    answer = gateway.client.options("/f/contact", headers={"Origin": ALLOWED, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
    allowed = {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {
        "Content-Type",
        "Accept",
        "X-Requested-With",
        "Idempotency-Key",
        "Formspree-Client",
        "Formspree-Session-Data",
        *("HX-Request", "HX-Boosted", "HX-Current-URL", "HX-History-Restore-Request", "HX-Prompt", "HX-Target"),
        *("HX-Trigger", "HX-Trigger-Name", "HX-Source", "HX-Request-Type"),
    } <= allowed
    stranger = gateway.client.options("/f/contact", headers={"Origin": "https://evil.example"})
    assert stranger.status_code == 204, "its post is answered, by a 403 that it can read"
    assert gateway.client.options("/f/nothing").status_code == 204, "the post by a 404"


def test_the_public_url_stands_in_every_address(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, public_url="https://forms.example.org")
    assert gateway.submitted()["receipt_url"].startswith("https://forms.example.org/receipts/")
    assert "https://forms.example.org/f/signup" in gateway.client.get("/").text


@pytest.mark.parametrize(("hops", "ip"), [(0, "127.0.0.1"), (1, "10.0.0.2"), (2, "10.0.0.1")])
def test_forwarded_addresses_count_for_as_many_hops_as_are_trusted(tmp_path: Path, hops: int, ip: str) -> None:
    gateway = a_gateway(tmp_path, trusted_hops=hops)
    gateway.submitted(headers={"X-Forwarded-For": "10.9.9.9, 10.0.0.1, 10.0.0.2"})
    assert gateway.published()[0].source.ip == ip


BELOW = """
[forms.contact]
allowed_origins = ["https://*.example.org", "http://*.bücher.example:8080"]
"""


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://www.example.org", 202),
        ("https://a.b.example.org", 202),
        ("HTTPS://WWW.Example.ORG", 202),
        ("http://www.xn--bcher-kva.example:8080", 202),
        ("https://example.org", 403),
        ("https://.example.org", 403),
        ("http://www.example.org", 403),
        ("https://www.example.org:8443", 403),
        ("http://www.xn--bcher-kva.example", 403),
        ("https://www.example.org.evil.example", 403),
        ("https://evilexample.org", 403),
        ("https://evil.example/www.example.org", 403),
        ("https://evil.example#www.example.org", 403),
        ("https://user@www.example.org", 403),
    ],
)
def test_a_star_stands_for_all_that_is_below_a_host_and_not_for_the_host(
    tmp_path: Path, origin: str, status: int
) -> None:
    gateway = a_gateway(tmp_path, definitions=BELOW)
    answer = gateway.client.post("/f/contact", data=VALUES, headers={"Origin": origin})
    assert answer.status_code == status
    goal = f"{origin}/thanks"
    page = gateway.client.post("/f/contact", data={**VALUES, "_next": goal}, headers={**PAGE, "Origin": origin})
    assert (page.headers.get("Location", "").lower() == goal.lower()) == (status == 202)


def test_a_script_below_the_host_may_read_the_answer(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=BELOW)
    origin = "https://www.example.org"
    answer = gateway.client.post("/f/contact", data=VALUES, headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "https://*.example.org" in gateway.client.get("/f/contact").headers["Content-Security-Policy"]
