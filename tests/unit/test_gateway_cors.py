"""Scripts on other sites can read every answer below /f/: by origin, form, credentials and outcome, as Fetch rules."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest
from werkzeug.test import TestResponse

from support.fetch import Credentials, NetworkError, Script
from support.gateway_app import Gateway, a_gateway, document_of

ALLOWED, STRANGER = "https://www.example.org", "https://stranger.example"
FORMS = f"""
[forms.any]
[forms.named]
allowed_origins = ["{ALLOWED}"]
[forms.star]
allowed_origins = ["*"]
[forms.project]
dialect = "formspree"
"""
JSON, URLENCODED = "application/json", "application/x-www-form-urlencoded"
MONITORING = {"baggage": "a=b", "sentry-trace": "1-2-1", "traceparent": "00-0-0-01", "X-Datadog-Origin": "rum"}


def sent(gateway: Gateway, script: Script, credentials: Credentials, path: str, **request: Any) -> TestResponse:
    del gateway
    return script.fetch(path, credentials=credentials, **({"data": b"name=Ada"} | request))


def away(gateway: Gateway, *given: Any) -> TestResponse:
    gateway.broker.refusal = "nacked"
    return sent(gateway, *given)


def broken(gateway: Gateway, *given: Any) -> TestResponse:
    gateway.app._publisher.publish = _fail  # type: ignore[method-assign]
    return sent(gateway, *given)


def _fail(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("a bug")


def too_often(gateway: Gateway, *given: Any) -> TestResponse:
    for _ in range(2):
        sent(gateway, *given)
    return sent(gateway, *given)


def with_(**request: Any) -> Callable[..., TestResponse]:
    return lambda *given: sent(*given, **request)


OUTCOMES: dict[str, tuple[int, Callable[..., TestResponse]]] = {
    "accepted": (202, sent),
    "accepted, as JSON": (202, with_(content_type=JSON, data=b'{"name": "Ada"}')),
    "accepted, with a key": (202, with_(headers={"Idempotency-Key": "1"})),
    "accepted, watched by a monitoring": (202, with_(headers=MONITORING)),
    "malformed": (400, with_(content_type=JSON, data=b"{")),
    "too large": (413, with_(data=b"name=" + b"x" * 2000)),
    "of another type": (415, with_(content_type="image/png")),
    "empty": (422, with_(data=b"name=")),
    "too often": (429, too_often),
    "a bug": (500, broken),
    "not confirmed": (503, away),
}
PATHS = ["/f/any", "/f/any/", "/f/named", "/f/named/", "/f/star", "/p/1/f/project", "/p/1/f/project/"]
CREDENTIALS: list[Credentials] = ["omit", "include"]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS, max_body_bytes=1024)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_page_that_may_post_can_read_every_answer(tmp_path: Path, path: str, outcome: str) -> None:
    status, happen = OUTCOMES[outcome]
    rate = "2/minute" if outcome == "too often" else "none"
    gateway = a_gateway(tmp_path, definitions=FORMS, max_body_bytes=1024, rate_limit=rate)
    origins = [ALLOWED] if "named" in path else [ALLOWED, STRANGER, "null", "app://localhost"]
    for origin, credentials in product(origins, CREDENTIALS):
        answer = happen(gateway, Script(gateway.client, origin), credentials, path)
        expected = 200 if status == 202 and "project" in path else status
        assert answer.status_code == expected, answer.text
        assert "Origin" in answer.headers["Vary"], "no cache gives it to a page of another origin"
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert exposed == "Location, Retry-After"


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        ("/f/named", {}, 403),
        ("/f/named", {"content_type": JSON, "data": b"{}", "headers": MONITORING}, 403),
        ("/f/nothing", {}, 404),
        ("/f/nothing", {"headers": {"Idempotency-Key": "1"}}, 404),
        ("/f/any/there/is/none", {}, 404),
        ("/p/1/f/nothing", {}, 404),
        ("/f/any/captcha", {}, 405),
        ("/f/any/captcha", {"method": "GET"}, 404),
        ("/f/any", {"method": "GET"}, 200),
    ],
)
def test_a_stranger_s_page_is_told_why(
    gateway: Gateway, path: str, request_: dict[str, Any], status: int, credentials: Credentials
) -> None:
    answer = sent(gateway, Script(gateway.client, STRANGER), credentials, path, **request_)
    assert answer.status_code == status
    assert gateway.published() == []


def test_what_no_header_s_name_is_is_not_echoed(gateway: Gateway) -> None:
    for asked in ("baggage\x01", "a b", "a,,b", "ä", "x" * 2000, "a: b"):
        headers = {"Origin": ALLOWED, "Access-Control-Request-Headers": asked}
        answer = gateway.client.options("/f/any", headers=headers)
        assert answer.status_code == 204
        assert asked not in answer.headers["Access-Control-Allow-Headers"]
    with pytest.raises(NetworkError):
        Script(gateway.client, ALLOWED).fetch("/f/any", headers={"x" * 2000: "1"})


@pytest.mark.parametrize("origin", ["x" * 400, "https://\x7f.example", "https://ä.example", ""])
def test_what_is_no_origin_is_not_echoed(gateway: Gateway, origin: str) -> None:
    answer = gateway.client.post("/f/any", data={"name": "Ada"}, headers={"Origin": origin})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (202, "*")


def test_a_receipt_is_followed_by_a_page_with_a_monitoring_and_without_credentials(gateway: Gateway) -> None:
    script = Script(gateway.client, STRANGER)
    address = document_of(script.fetch("/f/any", data=b"name=Ada"))["receipt_url"].removeprefix("http://localhost")
    assert script.fetch(address, method="GET", headers=MONITORING).status_code == 200
    with pytest.raises(NetworkError):
        script.fetch(address, method="GET", credentials="include")


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/v1/forms/any/submissions", "/livez", "/receipts/x"])
def test_credentials_are_allowed_below_the_forms_alone(gateway: Gateway, path: str) -> None:
    answer = gateway.client.get(path, headers={"Origin": ALLOWED})
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert ALLOWED not in answer.headers.get("Access-Control-Allow-Origin", "")
