"""What each service's answer means, by what it documents: whether to come again, when, and what to tell the owner."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.channels.chat import discord, slack, teams, telegram
from notify_service.transports.failures import Permanent, SendFailure, Transient
from notify_service.transports.http.answers import Postponed
from notify_service.transports.http.connection import Answer
from notify_service.transports.http.sender import Reader

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
READERS: dict[str, Reader] = {
    "slack": slack.read,
    "discord": discord.read,
    "teams": teams.read,
    "telegram": telegram.read,
}


def read(service: str, status: int, body: Any = "", retry_after: str | None = None) -> SendFailure | None:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return READERS[service](Answer(status, retry_after, body=content), NOW)


@pytest.mark.parametrize(
    ("service", "status", "body"),
    [
        ("slack", 200, "ok"),
        ("discord", 200, {"id": "1"}),
        ("discord", 204, ""),
        ("teams", 202, ""),
        ("teams", 200, "1"),
        ("telegram", 200, {"ok": True, "result": {}}),
        ("telegram", 200, ""),
        ("telegram", 200, b"\xff{"),
    ],
)
def test_success(service: str, status: int, body: Any) -> None:
    assert read(service, status, body) is None


@pytest.mark.parametrize(
    ("service", "status", "body", "kind", "words"),
    [
        ("slack", 400, "invalid_payload", Permanent, "status 400: it does not take the message"),
        ("slack", 400, "invalid_blocks", Permanent, "status 400: it does not take the message"),
        ("slack", 400, "user_not_found", Transient, "status 400: whom the webhook writes to is not there any more"),
        ("slack", 400, "something new <!here>", Transient, "status 400"),
        ("slack", 403, "action_prohibited", Transient, "status 403: an administrator has forbidden it"),
        ("slack", 404, "no_service", Transient, "status 404: the webhook is switched off or removed"),
        ("slack", 404, "channel_not_found\n", Transient, "status 404: the channel is not there any more"),
        ("slack", 410, "channel_is_archived", Permanent, "status 410: the channel is archived"),
        ("slack", 500, "rollup_error", Transient, "status 500"),
        ("discord", 400, {"code": 50035, "message": "x"}, Permanent, "status 400: it does not take the message"),
        ("discord", 400, {"code": 220001}, Transient, "status 400: its channel is a forum: append ?thread_id="),
        ("discord", 401, {"code": 50027}, Transient, "status 401: there is no such webhook"),
        ("discord", 404, {"code": 10015}, Transient, "status 404: the webhook is not there any more"),
        ("discord", 403, "error code: 1010", Transient, "status 403"),
        ("teams", 400, {"error": {"code": "x"}}, Transient, "status 400: the workflow does not take the message"),
        ("teams", 401, "", Transient, "status 401: the address is not valid any more"),
        ("teams", 404, "", Transient, "status 404: the workflow is not there any more"),
        ("teams", 413, "", Permanent, "status 413: it does not take so long a message"),
        ("telegram", 401, {"ok": False, "error_code": 401}, Transient, "status 401: there is no such bot"),
        ("telegram", 404, {"ok": False, "error_code": 404}, Transient, "status 404: there is no such bot"),
        (
            "telegram",
            403,
            {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"},
            Transient,
            "status 403: the bot was blocked, or is not in this chat any more",
        ),
        (
            "telegram",
            400,
            {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
            Transient,
            "status 400: there is no such chat, or the bot is not in it",
        ),
        (
            "telegram",
            200,
            {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
            Transient,
            "status 400: there is no such chat, or the bot is not in it",
        ),
        ("telegram", 200, {"ok": False}, Transient, "status 500"),
        (
            "telegram",
            400,
            {"ok": False, "error_code": 400, "description": "x", "parameters": {"migrate_to_chat_id": -1009}},
            Transient,
            "status 400: the group is a supergroup by now: set chat to -1009",
        ),
        (
            "telegram",
            400,
            {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"},
            Permanent,
            "status 400: it does not take so long a message",
        ),
        ("telegram", 400, {"ok": False, "description": "Bad Request: TOPIC_CLOSED"}, Transient, "status 400"),
    ],
)
def test_a_refusal_says_what_to_mend(service: str, status: int, body: Any, kind: type, words: str) -> None:
    failure = read(service, status, body)
    assert failure is not None
    assert type(failure) is kind
    assert failure.reason.startswith(words)
    assert len(failure.reason) == len(words) or ":" in words, "nothing of the server's own words"
    assert not failure.tells_of_channel


@pytest.mark.parametrize(
    ("service", "body", "header", "after_s"),
    [
        ("slack", "rate_limited", "30", 30),
        ("discord", {"message": "x", "retry_after": 64.57, "global": False}, "65", 64.57),
        ("discord", "<html>", "65", 65),
        ("discord", {"retry_after": "soon"}, "65", 65),
        ("discord", {"retry_after": True}, "65", 65),
        ("discord", {"retry_after": -1}, "65", 65),
        ("discord", {"retry_after": 1e300}, "65", 65),
        ("teams", {"error": {"code": "x"}}, "7", 7),
        ("telegram", {"ok": False, "error_code": 429, "parameters": {"retry_after": 35}}, None, 35),
        ("telegram", {"ok": False, "error_code": 429, "parameters": [35]}, "9", 9),
    ],
)
def test_who_is_busy_says_until_when(service: str, body: Any, header: str | None, after_s: float) -> None:
    failure = read(service, 429, body, header)
    assert isinstance(failure, Postponed)
    assert failure.after_s == after_s
    assert failure.tells_of_channel, "after five in a row it is left alone"
    assert failure.reason == "status 429"


@pytest.mark.parametrize("service", READERS)
@given(status=st.integers(200, 599), body=st.one_of(st.binary(max_size=300), st.just(b"[" * 60_000)))
def test_no_body_is_too_odd(service: str, status: int, body: bytes) -> None:
    failure = READERS[service](Answer(status, None, body=body), NOW)
    assert (failure is None) == (200 <= status < 300)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ok", "code", "x"]), inner, max_size=3)
    ),
)
MEMBERS = st.sampled_from(
    ["ok", "error_code", "description", "parameters", "retry_after", "code", "migrate_to_chat_id"]
)


@pytest.mark.parametrize("service", READERS)
@given(status=st.integers(200, 599), document=st.dictionaries(MEMBERS, JSONS))
def test_no_document_is_too_odd(service: str, status: int, document: dict[str, Any]) -> None:
    read(service, status, document)
