"""Posts to the forms are answered in front of Flask, and as Flask would answer them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn

import pytest
from werkzeug.test import TestResponse

from gateway.intake.application import SubmissionApp
from support.gateway_app import GOOD, Gateway, a_gateway, document_of

FORM = "application/x-www-form-urlencoded"
HTML = {"Accept": "text/html"}
REQUESTS: dict[str, dict[str, Any]] = {
    "json": {"json": GOOD},
    "urlencoded": {"data": GOOD},
    "multipart": {"data": GOOD, "content_type": "multipart/form-data"},
    "a browser": {"data": GOOD, "headers": HTML},
    "htmx": {"data": GOOD, "headers": {"HX-Request": "true"}},
    "problem": {"json": {"name": ""}, "headers": {"Accept": "application/problem+json"}},
    "a script of another site": {"json": GOOD, "headers": {"Origin": "https://other.example"}},
    "a given key": {"json": GOOD, "headers": {"Idempotency-Key": "one"}},
    "an empty key": {"json": GOOD, "headers": {"Idempotency-Key": ""}},
    "another host": {"json": GOOD, "headers": {"Host": "forms.example:8443"}},
    "no host": {"json": GOOD, "headers": {"Host": "a host"}},
    "wrong values": {"data": {"name": "Ada", "email": "ada"}},
    "wrong values, a browser": {"data": {"name": "Ada", "email": "ada"}, "headers": HTML},
    "another type": {"data": b"?", "content_type": "image/png"},
    "another charset": {"data": b"name=%E9&email=a@b.example", "content_type": f"{FORM}; charset=Latin-1"},
    "too large": {"data": b"name=" + b"x" * 5000, "content_type": FORM},
    "nothing": {},
    "compressed": {"data": b"name=A", "headers": {"Content-Encoding": "gzip"}},
    "malformed": {"data": b"{", "content_type": "application/json"},
}  # fmt: skip
PATHS = ["/f/signup", "/f/signup/", "/p/1/f/signup"]
ELSEWHERE = [
    "/f//signup",
    "/f/none",
    "/p/f/signup",
    "/f/signup/captcha",
    "/f/signup//",
    "/p/1/2/f/signup",
    "/f/sign%75p/x",
]
_MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}\.signup\.[\w.-]+|value=\"[\w-]{22}\"")


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, max_body_bytes=4096)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", REQUESTS)
def test_both_answer_alike(gateway: Gateway, name: str, path: str) -> None:
    quick = gateway.client.post(path, **REQUESTS[name])
    gateway.app.wsgi_app = flask_of(gateway)  # type: ignore[method-assign]
    assert said(quick) == said(gateway.client.post(path, **REQUESTS[name]))


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT"])
def test_other_methods_are_flasks(gateway: Gateway, method: str) -> None:
    quick = gateway.client.open("/f/signup", method=method)
    gateway.app.wsgi_app = flask_of(gateway)  # type: ignore[method-assign]
    assert said(quick) == said(gateway.client.open("/f/signup", method=method))


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_is_no_form_that_is_served_is_flasks(gateway: Gateway, path: str) -> None:
    answer = gateway.client.post(path, json=GOOD)
    assert answer.status_code in {404, 405}
    assert gateway.published() == []


def test_a_post_does_not_meet_flask(gateway: Gateway) -> None:
    def meet(*_: object) -> NoReturn:
        raise AssertionError("Flask was called")

    front = gateway.app.wsgi_app
    assert isinstance(front, SubmissionApp)
    front._otherwise = meet
    gateway.submitted()


def test_a_bug_is_answered_and_counts(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("a bug")

    gateway.app._publisher.publish = fail  # type: ignore[method-assign]
    answer = gateway.client.post("/f/signup", json=GOOD, headers={"Origin": "https://other.example"})
    assert answer.status_code == 500
    assert document_of(answer)["errors"][0]["code"] == "INTERNAL"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://other.example"
    assert "request failed" in capsys.readouterr().out


def flask_of(gateway: Gateway) -> Any:
    front = gateway.app.wsgi_app
    assert isinstance(front, SubmissionApp)
    return front._otherwise


def said(answer: TestResponse) -> tuple[int, dict[str, str], str]:
    """Return all of an answer, but for what is made anew for each."""
    headers = {name: _MADE.sub("…", value) for name, value in answer.headers.items()}
    if "html" in headers["Content-Type"]:
        headers.pop("Content-Length", None)
    return answer.status_code, headers, _MADE.sub("…", answer.text)
