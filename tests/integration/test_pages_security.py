"""What strangers try with the console's pages: each of the known ways, and that it leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.public_addresses import parse_networks
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.passwords import Hashing
from storage_service.accounts.roles import Grant
from storage_service.console.app import create_app
from support.accounts import CountedHasher
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, PASSWORD, Reader, reader, stranger, token_of
from support.submission_databases import migrated

GATEWAYS = parse_networks("10.1.0.0/16")
HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "forms.example.org"}
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.9"}
GOOD = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def hasher() -> CountedHasher:
    return CountedHasher()


@pytest.fixture
def console(engine: Engine, tmp_path: Path, hasher: CountedHasher) -> ConsoleApp:
    return a_console(engine, tmp_path, accounts=accounts_of(engine, hashing=Hashing(hasher=hasher)))


@pytest.fixture
def behind_gateways(console: ConsoleApp) -> ConsoleApp:
    """The same console, which believes the gateways' network."""
    app = create_app(console.parts, proxies=GATEWAYS)
    return ConsoleApp(app, console.parts, console.broker, app.test_client())


def from_gateway(who: Reader, method: str, path: str, **options: Any) -> Any:
    """Send a request as a gateway passes it on that a browser has reached by https."""
    headers = {**HTTPS, **options.pop("headers", {})}
    address = {"REMOTE_ADDR": options.pop("peer", "10.1.2.3")}
    return who.client.open(
        path, method=method, base_url="http://console:8090", headers=headers, environ_base=address, **options
    )


def signed_in(answer: Any) -> bool:
    return answer.status_code == 303 and any("counterfoil=" in one for one in answer.headers.getlist("Set-Cookie"))


# CSRF


@pytest.mark.parametrize("token", [None, "", "wrong", "of another browser"])
def test_a_post_without_the_token_of_this_browser_does_nothing(console: ConsoleApp, token: str | None) -> None:
    who = reader(console)
    who.token()
    sent = stranger(console).token() if token == "of another browser" else token
    answer = who.client.post("/console/account/zone", data={"zone": "Europe/Berlin", "csrf_token": sent or ""})
    assert answer.status_code == 400
    assert who.user
    assert console.parts.accounts.users.one(who.user.id).time_zone is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example.org"},
    ],
    ids=str,
)
def test_a_post_from_elsewhere_does_nothing_whatever_token_it_has(console: ConsoleApp, headers: dict[str, str]) -> None:
    """A neighbour, `other.example.org`, may set cookies for `example.org`: a token and its cookie, too."""
    who = reader(console)
    answer = who.post("/console/account/zone", {"zone": "Europe/Berlin"}, headers=headers)
    assert answer.status_code == 400
    assert who.user
    assert console.parts.accounts.users.one(who.user.id).time_zone is None


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}], ids=str)
def test_a_post_from_a_page_of_ours_is_done(console: ConsoleApp, headers: dict[str, str]) -> None:
    who = reader(console)
    assert who.post("/console/account/zone", {"zone": "Europe/Berlin"}, headers=headers).status_code == 303
    assert who.user
    assert console.parts.accounts.users.one(who.user.id).time_zone == "Europe/Berlin"


def test_nobody_is_signed_in_by_a_post_from_elsewhere(console: ConsoleApp) -> None:
    """Else somebody would work in a stranger's account without knowing it."""
    reader(console, password=PASSWORD)
    answer = stranger(console).post("/console/sign-in", GOOD, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 400
    assert not signed_in(answer)


def test_what_was_typed_elsewhere_is_shown_as_text_and_cannot_be_sent_by_a_button(console: ConsoleApp) -> None:
    typed = {"zone": "words that a stranger has chosen", "csrf_token": "x"}
    answer = reader(console).client.post("/console/account/zone", data=typed, headers={"Sec-Fetch-Site": "cross-site"})
    assert "words that a stranger has chosen" in answer.text
    assert "Send it now" not in answer.text


# Two tabs, an expired session, a page from yesterday


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/inbox/bulk", "/console/reset"])
@pytest.mark.parametrize("has_token", [True, False])
def test_a_form_of_very_many_fields_is_not_written_back(console: ConsoleApp, path: str, *, has_token: bool) -> None:
    """Half a megabyte of `&` would become a page of thirty, which takes seconds, and anybody can send it."""
    who = stranger(console)
    sent = f"csrf_token={who.token()}&" if has_token else ""
    answer = who.client.post(path, data=sent + "a=+&" * 120_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert len(answer.data) < 10_000


def test_in_two_tabs_both_can_send(console: ConsoleApp) -> None:
    who = reader(console)
    first, second = token_of(who.text("/console/account")), token_of(who.text("/console/account"))
    for token in (second, first):
        answer = who.client.post("/console/account/zone", data={"zone": "Europe/Berlin", "csrf_token": token})
        assert answer.status_code == 303


def test_what_was_typed_before_the_session_ended_can_be_sent_after_signing_in_again(console: ConsoleApp) -> None:
    who = reader(console, password=PASSWORD)
    assert who.user
    token = token_of(who.text("/console/account"))
    console.parts.accounts.sessions.end_all(who.user.id, BY)
    typed = {
        "zone": "America/Argentina/Buenos_Aires",
        "note": 'one line\r\nsecond <b>"line"</b>',
        "csrf_token": token,
    }
    answer = who.client.post("/console/account/zone", data=typed)
    assert answer.status_code == 401
    assert "second &lt;b&gt;&#34;line&#34;&lt;/b&gt;" in answer.text
    assert "Send it now" in answer.text
    again = who.client.post("/console/sign-in", data={**GOOD, "csrf_token": token})  # in another tab
    assert signed_in(again)
    sent = who.client.post("/console/account/zone", data={**typed, "csrf_token": token_of(answer.text)})
    assert sent.status_code == 303
    assert console.parts.accounts.users.one(who.user.id).time_zone == "America/Argentina/Buenos_Aires"


def test_a_password_is_never_shown_again(console: ConsoleApp) -> None:
    who = stranger(console)
    typed = {"password": PASSWORD, "new_password": PASSWORD, "note": "some words of mine", "csrf_token": who.token()}
    answer = who.client.post("/console/account/password", data=typed)
    assert answer.status_code == 401
    assert "some words of mine" in answer.text
    assert PASSWORD not in answer.text


def test_a_part_that_is_asked_for_without_a_session_changes_nothing_on_its_page(console: ConsoleApp) -> None:
    who = stranger(console)
    answer = who.post("/console/account/zone", {"zone": "UTC"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (401, "none")
    stream = who.get("/console/account", headers={"Accept": "text/event-stream"})
    assert stream.status_code == 401


# Sessions and their cookies


def test_a_session_from_before_signing_in_is_not_taken_over(console: ConsoleApp) -> None:
    reader(console, password=PASSWORD)
    who, planted = stranger(console), "A" * 43
    who.client.set_cookie("counterfoil", planted, path="/console")
    assert signed_in(who.post("/console/sign-in", GOOD))
    kept = who.client.get_cookie("counterfoil", path="/console")
    assert kept is not None
    assert kept.value != planted
    other = stranger(console)
    other.client.set_cookie("counterfoil", planted, path="/console")
    assert other.get("/console/account").status_code == 303


def test_signing_in_ends_the_session_that_the_browser_had(console: ConsoleApp) -> None:
    who = reader(console, password=PASSWORD)
    before = who.client.get_cookie("counterfoil", path="/console")
    assert before is not None
    assert signed_in(who.post("/console/sign-in", GOOD))
    thief = stranger(console)
    thief.client.set_cookie("counterfoil", before.value, path="/console")
    assert thief.get("/console/account").status_code == 303
    assert who.get("/console/account").status_code == 200


def test_signing_out_ends_the_session_for_whoever_has_its_cookie(console: ConsoleApp) -> None:
    who = reader(console)
    kept = who.client.get_cookie("counterfoil", path="/console")
    assert kept is not None
    assert who.post("/console/sign-out").location == "/console/sign-in"
    assert who.client.get_cookie("counterfoil", path="/console") is None
    who.client.set_cookie("counterfoil", kept.value, path="/console")
    assert who.get("/console/account").status_code == 303


def test_cookies_are_for_https_the_pages_and_no_script(behind_gateways: ConsoleApp) -> None:
    reader(behind_gateways, password=PASSWORD)
    who = stranger(behind_gateways)
    page = from_gateway(who, "GET", "/console/sign-in")
    token = token_of(page.text)
    kept = [one.partition(";")[0] for one in page.headers.getlist("Set-Cookie")]
    answer = from_gateway(
        who, "POST", "/console/sign-in", data={**GOOD, "csrf_token": token}, headers={"Cookie": "; ".join(kept)}
    )
    assert answer.status_code == 303
    cookies = page.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert {one.partition("=")[0] for one in cookies} == {
        "__Secure-counterfoil",
        "__Secure-counterfoil-device",
        "__Secure-counterfoil-page",
    }
    for one in cookies:
        flags = {flag.strip() for flag in one.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/console", "SameSite=Lax"} <= flags, one
        assert not any(flag.startswith("Domain") for flag in flags)


def test_on_the_own_machine_http_will_do(console: ConsoleApp) -> None:
    reader(console, password=PASSWORD)
    answer = stranger(console).post("/console/sign-in", GOOD)
    for one in answer.headers.getlist("Set-Cookie"):
        assert "Secure" not in one
        assert "HttpOnly" in one


@pytest.mark.parametrize("host", ["forms.example.org", "192.168.1.7:8080", "localhost.example.org", "[2001:db8::1]"])
def test_over_a_line_that_others_listen_to_nobody_signs_in(console: ConsoleApp, host: str) -> None:
    reader(console, password=PASSWORD)
    client = console.app.test_client()
    for method, path in [("GET", "/console/sign-in"), ("GET", "/console/reset"), ("GET", f"/console/setup/{'0' * 43}")]:
        answer = client.open(path, method=method, base_url=f"http://{host}")
        assert answer.status_code == 403
        assert "https" in answer.text
        assert "<form" not in answer.text
        assert "Set-Cookie" not in answer.headers
    assert client.post("/console/sign-in", data=GOOD, base_url=f"http://{host}").status_code in (400, 403)


# What a stranger says of themselves


def test_forwarded_headers_of_a_stranger_are_not_believed(behind_gateways: ConsoleApp) -> None:
    """Else https would be claimed for http, and tries would be counted for addresses that are made up."""
    reader(behind_gateways, password=PASSWORD)
    who = stranger(behind_gateways)
    assert from_gateway(who, "GET", "/console/sign-in").status_code == 200
    assert from_gateway(who, "GET", "/console/sign-in", peer="203.0.113.9").status_code == 403


# Clickjacking, and what a page may load


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/account", "/console/nowhere", "/console/reset"])
def test_no_page_is_framed_cached_sniffed_or_has_anything_inline(console: ConsoleApp, path: str) -> None:
    answer = reader(console).get(path, follow_redirects=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


# Open redirect


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example.org/",
        "//evil.example.org/console/",
        "/\\evil.example.org",
        "/console/..//evil.example.org",
        "/console//evil.example.org",
        "/console\\@evil.example.org",
        "/consolé",
        "/console.evil.example.org",
        "/console@evil.example.org",
        "/v1/submissions",
        "javascript:alert(1)",
        "/console/inbox\r\nX-Header: 1",
        " /console/inbox",
        "/console/" + "x" * 5000,
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(console: ConsoleApp, then: str) -> None:
    reader(console, password=PASSWORD)
    answer = stranger(console).post("/console/sign-in", {**GOOD, "next": then})
    assert signed_in(answer)
    assert answer.location == "/console/inbox"


@pytest.mark.parametrize("then", ["/console/inbox?q=is:new&cursor=a%2Fb", "/console/submissions/1?q=%22a%20b%22"])
def test_after_signing_in_everybody_is_where_they_wanted_to_be(console: ConsoleApp, then: str) -> None:
    reader(console, password=PASSWORD)
    assert stranger(console).post("/console/sign-in", {**GOOD, "next": then}).location == then


# Enumeration, brute force, and a stranger who locks the owner out


def test_who_does_not_exist_has_no_password_or_has_ended_gets_the_same_answer_after_one_hash(
    console: ConsoleApp, hasher: CountedHasher
) -> None:
    reader(console, email="ada@example.org", password=PASSWORD)
    reader(console, email="grace@example.org")
    ended = reader(console, email="alan@example.org", password=PASSWORD)
    assert ended.user
    console.parts.accounts.users.end(ended.user.id, BY)
    answers = set()
    for name in ("ada", "grace", "alan", "nobody"):
        who, before = stranger(console), hasher.calls
        sent = {"email": f"{name}@example.org", "password": "another good passphrase"}
        answer = who.post("/console/sign-in", sent)
        assert hasher.calls == before + 1
        answers.add((answer.status_code, _without_tokens(answer.text).replace(name, "NAME")))
    assert len(answers) == 1


def test_passwords_are_not_tried_out(console: ConsoleApp) -> None:
    reader(console, password=PASSWORD)
    who = stranger(console)
    statuses = [who.post("/console/sign-in", {**GOOD, "password": f"wrong {n}"}).status_code for n in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    answer = who.post("/console/sign-in", GOOD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_stranger_does_not_lock_the_owner_out(console: ConsoleApp) -> None:
    owner = reader(console, password=PASSWORD)
    thief = stranger(console)
    for number in range(12):
        thief.post("/console/sign-in", {**GOOD, "password": f"wrong {number}"}, environ_base=ELSEWHERE)
    assert thief.post("/console/sign-in", GOOD, environ_base=ELSEWHERE).status_code == 429
    owner.post("/console/sign-out")
    assert signed_in(owner.post("/console/sign-in", GOOD))


def test_whoever_has_seen_a_page_is_told_what_their_role_does_not_allow(console: ConsoleApp) -> None:
    page = reader(console, Grant("viewer"), email="viewer@example.org").text("/console/account")
    assert "/console/settings" not in page
    assert "/console/settings" in reader(console).text("/console/account")


def _without_tokens(page: str) -> str:
    return page.replace(token_of(page), "TOKEN") if 'name="csrf_token"' in page else page
