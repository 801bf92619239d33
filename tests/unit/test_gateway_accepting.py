"""Whatever the gateway takes can be stored: Hypothesis throws everything it has at it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts import SubmissionAccepted, check, decode, encode, fingerprint
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE
from shared.text import is_line
from support.gateway_app import Gateway, a_gateway

ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
NASTY = st.sampled_from(["\x00", "\ud800", "a\r\nb", "\u2028", "1e999", "9" * 5000, "ada@example.org", "on", "one"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | NASTY
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3))
FIELDS = ["text", "email", "Email", "number", "integer", "boolean", "date", "url", "tel", "choice", "list", "long"]
CONTROL = ["_subject", "_replyto", "_next", "_language", "_idempotency_key", "_gotcha"]
NAMES = ANY_TEXT | st.sampled_from([*FIELDS, *CONTROL])


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory() as directory:
        yield a_gateway(Path(directory))


def assert_storable(gateway: Gateway, status: int) -> None:
    """Whatever was published passes the contract, and comes out of the wire as it went in."""
    messages = gateway.broker.queued(STORAGE.name)
    for queue in (STORAGE, NOTIFY_SUBMISSIONS):
        gateway.broker._queues.pop(queue.name, None)
    assert status in {202, 303, 400, 413, 422}
    assert not messages or status in {202, 303}
    for message in messages:
        event = decode(message.body, type=message.type, types=(SubmissionAccepted,))
        check(dict(event.fields))
        assert encode(event) == message.body
        assert event.fingerprint == fingerprint(event.fields)
        assert not {"_subject", "_replyto"} & event.fields.keys()
        assert ("_gotcha" in event.fields) == (event.spam is not None), "spam keeps what was in the trap"
        reply_to = None if event.spam else event.reply_address  # spam is kept as it came, and mailed to nobody
        for header in (event.control.subject, event.control.reply_to, reply_to):
            assert header is None or is_line(header)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(["open", "types"]), document=st.dictionaries(NAMES, VALUES, max_size=4))
def test_json(gateway: Gateway, form: str, document: dict[str, Any]) -> None:
    body = json.dumps(document, allow_nan=True)
    answer = gateway.client.post(f"/f/{form}", data=body, content_type="application/json")
    assert_storable(gateway, answer.status_code)


@settings(max_examples=300, deadline=None)
@given(form=st.sampled_from(["open", "types"]), pairs=st.lists(st.tuples(NAMES, ANY_TEXT | NASTY), max_size=5))
def test_urlencoded(gateway: Gateway, form: str, pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs, errors="surrogatepass")
    answer = gateway.client.post(f"/f/{form}", data=body, content_type="application/x-www-form-urlencoded")
    assert_storable(gateway, answer.status_code)


@settings(max_examples=200, deadline=None)
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]),
)
def test_bytes(gateway: Gateway, body: bytes, kind: str) -> None:
    framed = b'--b\r\nContent-Disposition: form-data; name="' + body + b"\r\n--b--\r\n"
    for candidate in (body, framed):
        answer = gateway.client.post("/f/open", data=candidate, content_type=kind)
        assert_storable(gateway, answer.status_code)
