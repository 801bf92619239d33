"""What a request may carry: bounded, and an error that names what is wrong."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from flask import Flask, Request, request
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields
from marshmallow import validate as v

from shared.query import QueryError
from shared.web.refusals import Refused
from storage_service.console.parameters import BODY_BYTES, LIMIT_MOST, QUERY_STRING_BYTES, Parameters, body_of
from support.pace import quickest_s

APP = Flask(__name__, root_path=".")


def said(query: str | dict[str, Any], *names: str, others: bool = False) -> Parameters:
    with APP.test_request_context("/", query_string=query):
        asked: Request = request
        return Parameters(asked, *names, others=others)


def refusal(call: Any) -> tuple[int, str, str | None]:
    with pytest.raises(Refused) as raised:
        call()
    return raised.value.status, raised.value.errors[0].code, raised.value.errors[0].field


@pytest.mark.parametrize(
    "limit", ["0", "201", "-1", "x", "٣", "9" * 5000, "0000000050", "1.0", "+1", " 1", "1e1", "\uff11"]
)
def test_a_limit_is_a_small_number(limit: str) -> None:
    assert refusal(lambda: said({"limit": limit}, "limit").limit()) == (400, "LIMIT", "limit")
    assert said({"limit": str(LIMIT_MOST)}, "limit").limit() == LIMIT_MOST
    assert said("", "limit").limit() == 50


@pytest.mark.parametrize(
    "zone", ["Nowhere/City", "../../etc/passwd", "/etc/localtime", "Europe", "x" * 65, "..", "a\0b", "ü"]
)
def test_a_zone_is_one_of_the_ianas(zone: str) -> None:
    assert refusal(lambda: said({"tz": zone}, "tz").zone())[:2] == (400, "TZ")


def test_what_is_not_known_said_twice_or_no_text_is_named() -> None:
    assert refusal(lambda: said("form=a", "q"))[1] == "UNKNOWN_PARAMETER"
    assert said("form=a", "q", others=True).text("q") is None
    assert refusal(lambda: said("q=a&q=b", "q")) == (400, "Q", "q")
    assert refusal(lambda: said("q=%00", "q")) == (400, "Q", "q")
    assert said("q=%ff", "q").text("q") == "%FF", "what is no UTF-8 stays as it is written"
    assert refusal(lambda: said({"q": "x" * 10_001}, "q")) == (400, "Q", "q")
    assert refusal(lambda: said("x" * (QUERY_STRING_BYTES + 1), "q"))[0] == 414
    assert refusal(lambda: said({"count": "every"}, "count").one_of("count", ("some", "all"), "some"))[1] == "COUNT"
    assert refusal(lambda: said({"cursor": "x" * 35}, "cursor").cursor()) == (400, "CURSOR", "cursor")


@pytest.mark.parametrize(
    "query",
    ["x " * 5000, "(" * 200 + "a" + ")" * 200, "a " * 499, '"' * 999, "-" * 999, "(a OR " * 166, "form: " * 150],
)
def test_a_hostile_query_is_refused_within_a_millisecond(query: str) -> None:
    def refuse() -> None:
        with pytest.raises((QueryError, Refused)):
            said({"q": query}, "q").query()

    assert quickest_s(refuse) - quickest_s(lambda: said({"q": "a"}, "q").query()) < 0.001


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (Parameters.query, Parameters.cursor, Parameters.zone, Parameters.limit):
        for name in ("q", "cursor", "tz", "limit"):
            with contextlib.suppress(Refused, QueryError):
                read(said({name: text}, "q", "cursor", "tz", "limit"))


class Body(Schema):
    """A body of the tests."""

    name = fields.String(required=True, validate=v.Length(max=5))
    inner = fields.Nested(Schema.from_dict({"number": fields.Integer(strict=True)}))


def loaded(data: bytes, kind: str = "application/json", **environ: str) -> dict[str, Any]:
    with APP.test_request_context("/", method="POST", data=data, content_type=kind, environ_overrides=environ):
        return body_of(request, Body())


def test_a_body_is_read_and_its_errors_name_the_member() -> None:
    assert loaded(b'{"name": "Ada", "inner": {"number": 1}}') == {"name": "Ada", "inner": {"number": 1}}
    assert refusal(lambda: loaded(b'{"name": "too long"}')) == (422, "INVALID", "name")
    assert refusal(lambda: loaded(b'{"name": "a", "inner": {"number": "1.5"}}')) == (422, "INVALID", "inner.number")
    assert refusal(lambda: loaded(b'{"name": "a", "more": 1}')) == (422, "INVALID", "more")
    assert refusal(lambda: loaded(b"{}")) == (422, "INVALID", "name")
    with pytest.raises(Refused, match="more: there is no such member: expected some of name, inner"):
        loaded(b'{"name": "a", "more": 1}')
    with pytest.raises(Refused) as several:
        loaded(json.dumps({f"x{i}": 1 for i in range(500)}).encode())
    assert len(several.value.errors) == 100


@pytest.mark.parametrize("body", [b"[]", b"{", b"null", b'"x"', b"\xff", b'{"name": "a", "name": "b"}', b"[" * 10_000])
def test_what_is_no_object_is_400(body: bytes) -> None:
    assert refusal(lambda: loaded(body))[0] in (400, 422)


def test_a_body_has_a_type_a_length_and_an_end() -> None:
    assert refusal(lambda: loaded(b"name=Ada", "application/x-www-form-urlencoded"))[0] == 415
    assert refusal(lambda: loaded(b" " * (BODY_BYTES + 1)))[0] == 413
    assert refusal(lambda: loaded(b"{}", HTTP_TRANSFER_ENCODING="chunked"))[0] == 413
