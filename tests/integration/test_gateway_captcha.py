"""Captchas, against a server that answers as their providers document it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from werkzeug.test import TestResponse

from dev.processes import free_port
from gateway.abuse.guarded_http import guarded_pools
from shared.messaging.broker import Answer, Params
from shared.messaging.topology import STORAGE_QUERIES
from shared.public_addresses import Guard, Refused, parse_networks
from support.captcha_provider import SECRET, Provider, provider
from support.gateway_app import GOOD, Gateway, a_gateway, errors_of

FIELDS = {
    "turnstile": "cf-turnstile-response",
    "hcaptcha": "h-captcha-response",
    "recaptcha": "g-recaptcha-response",
    "altcha": "altcha",
}
PROVIDERS = list(FIELDS)
OTHERS = PROVIDERS[:3]
KEY = {"Idempotency-Key": "one and the same"}
PAGE = {"Accept": "text/html"}

Make = Callable[..., Gateway]


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def make(tmp_path: Path, server: Provider) -> Make:
    def make(
        name: str, url: str | None = None, secret: str = SECRET, more: str = "", allow: str = "127.0.0.0/8"
    ) -> Gateway:
        definition = f"""
            [forms.signup.fields]
            name = {{type = "text", required = true}}
            email = {{type = "email"}}
            [forms.signup.captcha]
            provider = "{name}"
            secret = "{secret}"
            verify_url = "{url or server.url(name)}"
            {more}
        """
        return a_gateway(tmp_path, definitions=definition, captcha_allow=parse_networks(allow))

    return make


def post(gateway: Gateway, name: str, token: Any, **given: Any) -> TestResponse:
    return gateway.client.post("/f/signup", json={**GOOD, FIELDS[name]: token}, **given)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_solved_captcha_lets_a_submission_pass_and_is_not_stored(make: Make, server: Provider, name: str) -> None:
    gateway = make(name)
    assert post(gateway, name, "good").status_code == 202
    [event] = gateway.published()
    assert event.fields == GOOD
    assert event.control.captcha is None
    [asked] = server.asked
    assert asked.pop("secret") == SECRET
    assert asked.pop("payload" if name == "altcha" else "response") == "good"
    assert asked == ({"idempotency_key": str(event.id)} if name == "turnstile" else {})


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("wrong", "CAPTCHA_FAILED"),
        ("x" * 20_000, "CAPTCHA_FAILED"),
        ("", "CAPTCHA_MISSING"),
        (None, "CAPTCHA_MISSING"),
        (7, "CAPTCHA_MISSING"),
        ([], "CAPTCHA_MISSING"),
    ],
)
def test_without_a_solution_nothing_is_published(make: Make, name: str, token: Any, code: str) -> None:
    gateway = make(name)
    answer = post(gateway, name, token)
    assert (answer.status_code, errors_of(answer)) == (422, [(code, None)])
    assert gateway.published() == []


def test_a_payload_that_sentinel_cannot_read_is_no_solution(make: Make) -> None:
    assert errors_of(post(make("altcha"), "altcha", "bad-request")) == [("CAPTCHA_FAILED", None)]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_solution_is_good_for_one_submission_and_its_retries(make: Make, server: Provider, name: str) -> None:
    gateway = make(name)
    answers = [post(gateway, name, "good", headers=KEY).status_code for _ in range(2)]
    assert answers == [202, 202]
    assert len(server.asked) == 1
    assert errors_of(post(gateway, name, "good")) == [("CAPTCHA_FAILED", None)]
    assert len({event.id for event in gateway.published()}) == 1


def test_turnstile_knows_a_retry_that_comes_to_another_worker(make: Make, server: Provider) -> None:
    answers = [post(make("turnstile"), "turnstile", "good", headers=KEY).status_code for _ in range(2)]
    assert answers == [202, 202]
    assert len(server.asked) == 2


@pytest.mark.parametrize("name", ["hcaptcha", "recaptcha"])
def test_what_storage_has_already_needs_no_solution_again(make: Make, server: Provider, name: str) -> None:
    post(make(name), name, "good", headers=KEY)
    gateway = make(name)
    assert errors_of(post(gateway, name, "good", headers=KEY)) == [("CAPTCHA_FAILED", None)]
    stored: list[str] = []

    def receipt(_: Params) -> Answer:
        return {"stored_at": None, "accepted_at": None, "fingerprint": stored[0]}

    post(gateway, name, "good-too", headers=KEY)
    stored.append(gateway.published()[0].fingerprint)
    gateway.broker.serve(STORAGE_QUERIES, {"receipt": receipt})
    assert post(gateway, name, "good", headers=KEY).status_code == 202


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("breaks", ["status", "text", "list", "deep", "codes"])
def test_a_verifier_that_is_away_is_passed_over_and_that_is_marked(
    make: Make, server: Provider, name: str, breaks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway, server.breaks = make(name), breaks
    assert post(gateway, name, "good").status_code == 202
    assert [event.control.captcha for event in gateway.published()] == ["unverified"]
    said = capsys.readouterr().out
    assert "captcha not verified" in said
    assert not any(word in said for word in (SECRET, "Ada", "127.0.0.1"))


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("breaks", ["status", "text", "list"])
def test_or_the_submission_is_refused_for_now_where_the_form_says_so(
    make: Make, server: Provider, name: str, breaks: str
) -> None:
    gateway, server.breaks = make(name, more='when_away = "refuse"'), breaks
    answer = post(gateway, name, "good", headers=KEY)
    assert (answer.status_code, errors_of(answer)) == (503, [("UNAVAILABLE", None)])
    assert int(answer.headers["Retry-After"]) > 0
    assert gateway.published() == []
    server.breaks = None
    assert post(gateway, name, "good-again", headers=KEY).status_code == 202


@pytest.mark.parametrize("name", OTHERS)
def test_a_wrong_secret_is_nobodys_fault_who_submits(make: Make, name: str) -> None:
    gateway = make(name, secret="wrong")
    assert post(gateway, name, "good").status_code == 202
    assert [event.control.captcha for event in gateway.published()] == ["unverified"]


@pytest.mark.parametrize("breaks", ["silence", "drip", "drip from the start"])
def test_a_verifier_that_does_not_end_its_answer_is_left_in_time(make: Make, server: Provider, breaks: str) -> None:
    gateway, server.breaks = make("hcaptcha"), breaks
    began = time.monotonic()
    assert post(gateway, "hcaptcha", "good").status_code == 202
    assert time.monotonic() - began < 3
    assert [event.control.captcha for event in gateway.published()] == ["unverified"]


def test_a_verifier_that_is_not_there_is_away(make: Make) -> None:
    gateway = make("recaptcha", url=f"http://127.0.0.1:{free_port()}/", more='when_away = "refuse"')
    assert post(gateway, "recaptcha", "good").status_code == 503


@pytest.mark.parametrize(
    ("token", "status"), [("score-0.3", 422), ("score-0.5", 202), ("score-0.9", 202), ("good", 422)]
)
def test_a_score_may_be_asked_for(make: Make, token: str, status: int) -> None:
    assert post(make("recaptcha", more="min_score = 0.5"), "recaptcha", token).status_code == status


def test_connections_are_used_again(make: Make, server: Provider) -> None:
    gateway = make("hcaptcha")
    assert {post(gateway, "hcaptcha", f"good-{number}").status_code for number in range(5)} == {202}
    assert server.connections == 1


def test_a_trap_is_answered_as_ever_and_asks_nobody(make: Make, server: Provider) -> None:
    gateway = make("hcaptcha")
    answer = gateway.client.post("/f/signup", json={**GOOD, "_gotcha": "buy"})
    assert answer.status_code == 202
    assert [event.spam for event in gateway.published()] == ["honeypot"]
    assert server.asked == []


def test_wrong_fields_are_said_before_a_solution_is_used_up_and_the_page_keeps_it(make: Make, server: Provider) -> None:
    gateway = make("hcaptcha")
    data = {"email": "ada@example.org", "h-captcha-response": "good", "g-recaptcha-response": "good"}
    page = gateway.client.post("/f/signup", data=data, headers=PAGE)
    assert page.status_code == 422
    assert server.asked == []
    assert 'name="h-captcha-response" value="good"' in page.text
    assert "g-recaptcha-response" not in page.text
    assert gateway.client.post("/f/signup", data={**data, "name": "Ada"}, headers=PAGE).status_code == 303
    assert gateway.published()[0].fields == {"name": "Ada", "email": "ada@example.org"}


def test_after_it_failed_the_page_does_not_offer_it_again(make: Make) -> None:
    page = make("hcaptcha").client.post("/f/signup", data={**GOOD, "h-captcha-response": "wrong"}, headers=PAGE)
    assert page.status_code == 422
    assert "wrong" not in page.text
    assert "Ada Lovelace" in page.text
    assert "Back button" in page.text


def test_our_own_page_says_that_it_has_no_captcha(make: Make) -> None:
    assert "asks for a captcha" in make("hcaptcha").client.get("/f/signup").text


def test_who_asks_for_a_challenge_of_another_provider_gets_none(make: Make) -> None:
    answer = make("hcaptcha").client.get("/f/signup/captcha")
    assert (answer.status_code, errors_of(answer)) == (404, [("CAPTCHA_NOT_FOUND", None)])


def test_the_submitters_address_is_not_sent_along(make: Make, server: Provider) -> None:
    post(make("turnstile"), "turnstile", "good", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert "203.0.113.9" not in str(server.asked)


@pytest.mark.parametrize("name", PROVIDERS)
def test_nobody_in_a_network_of_ones_own_is_asked_unless_it_is_allowed(
    make: Make, server: Provider, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = make(name, allow="10.0.0.0/8")
    assert post(gateway, name, "good").status_code == 202
    assert [event.control.captcha for event in gateway.published()] == ["unverified"]
    assert server.connections == 0
    assert "without TLS, and its address is not allowed" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0", "2130706433", "[::ffff:7f00:1]"])
def test_over_tls_nobody_is_asked_there_either(
    make: Make, server: Provider, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = make("hcaptcha", url=f"https://{host}:{server.server_address[1]}/", allow="")
    assert post(gateway, "hcaptcha", "good").status_code == 202
    assert server.connections == 0
    assert "its address is not public" in capsys.readouterr().out


def test_a_redirect_into_ones_own_network_is_not_followed(make: Make, server: Provider) -> None:
    gateway, server.breaks = make("hcaptcha"), "redirect"
    assert post(gateway, "hcaptcha", "good").status_code == 202
    assert [event.control.captcha for event in gateway.published()] == ["unverified"]
    assert len(server.asked) == 1


def test_a_name_is_looked_up_once_so_that_no_other_address_slips_in_between(server: Provider) -> None:
    answers = iter(["127.0.0.3", "127.0.0.1"])  # the first is allowed, and nobody listens; the second is not

    def rebinding(_host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return socket.getaddrinfo(next(answers), port, type=socket.SOCK_STREAM)

    pools = guarded_pools(Guard(parse_networks("127.0.0.3/32"), rebinding))
    url = server.url("hcaptcha").replace("127.0.0.1", "verify.example.org")
    with pytest.raises(urllib3.exceptions.HTTPError):
        pools.request("POST", url)
    with pytest.raises(Refused):
        pools.request("POST", url)
    assert server.connections == 0
