"""Whatever passes the door is stored, and read back as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from shared.contracts import Control, Source, SubmissionAccepted, check, decode, encode, fingerprint
from support.events import an_event
from support.submission_databases import assert_read_back, migrated, store
from support.texts import TEXTS

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - strategies add it
some = st.none() | texts
events = st.builds(
    lambda fields, at, ip, agent, reply_to, spam: SubmissionAccepted(
        uuid4(), "signup", at, fields, fingerprint(fields), Source(ip, agent), Control(agent, reply_to, agent), spam
    ),
    st.dictionaries(texts, values, max_size=5),
    moments,
    some,
    some,
    some,
    some,
)

ODD: list[Any] = [
    {"zero": -0.0, "one": 1.0, "1": 1, "huge": 1e308, "tiny": 5e-324, "long": 0.1 + 0.2},
    {"most": 2**63 - 1, "least": -(2**63), "float": 1e16, "beyond a double": 2**53 + 1},
    {"": {"": {"": []}}, "$.form": "a path", "fields": {"id": 1}, "a.b": "dot", "'; --": '"\\'},
    {"b": 1, "a": 2, "C": 3, "ä": 4},
    {"text": "\x01\x08\x1f\x7f\x85\u2028\ufeff\ufffe\U0010ffff", "rtl": "\u202eabc", "combined": "e\u0301 é"},
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(events, max_size=4))
def test_what_the_contract_lets_through_is_read_back_as_it_was(engine: Engine, batch: list[SubmissionAccepted]) -> None:
    received = [decode(encode(event), type=event.TYPE, types=(SubmissionAccepted,)) for event in batch]
    store(engine, *received)
    for event in batch:
        assert_read_back(engine, event)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=events, hours=st.integers(-12, 14), spaced=st.booleans(), left=st.sampled_from(["source", "control", ""]))
def test_whatever_notation_an_event_comes_in_it_is_read_back_the_same(
    engine: Engine, event: SubmissionAccepted, hours: int, spaced: bool, left: str
) -> None:
    elsewhere = event.accepted_at.astimezone(timezone(timedelta(hours=hours)))
    document = json.loads(encode(event)) | {"id": f"{{{str(event.id).upper()}}}", "accepted_at": elsewhere.isoformat()}
    document.pop(left, None)
    received = decode(
        json.dumps(document, indent=1 if spaced else None).encode(), type=event.TYPE, types=(SubmissionAccepted,)
    )
    store(engine, received)
    assert_read_back(engine, received)
    assert (received.id, received.accepted_at) == (event.id, event.accepted_at)


@pytest.mark.parametrize("name", ["id", "form", "accepted_at", "fields", "fingerprint", "source", "control", "spam"])
def test_a_member_whose_name_is_escaped_is_found(engine: Engine, name: str) -> None:
    event = replace(an_event(), spam="honeypot", control=Control("a subject"))
    body = encode(event).replace(b'"%s":' % name.encode(), b'"\\u%04x%s":' % (ord(name[0]), name[1:].encode()), 1)
    received = decode(body, type=event.TYPE, types=(SubmissionAccepted,))
    assert received == event
    store(engine, received)
    assert_read_back(engine, event)


@pytest.mark.parametrize("fields", ODD)
def test_odd_values_are_read_back_as_they_were(engine: Engine, fields: dict[str, Any]) -> None:
    check(fields)
    event = an_event(**fields)
    store(engine, event)
    assert_read_back(engine, event)


def test_the_deepest_and_the_longest_are_read_back_as_they_were(engine: Engine) -> None:
    deep: Any = "bottom"
    for _ in range(29):
        deep = [deep]
    event = an_event(deep=deep, long="ä" * 1_000_000)
    store(engine, decode(encode(event), type=event.TYPE, types=(SubmissionAccepted,)))
    assert_read_back(engine, event)


def test_a_moment_of_another_zone_is_the_same_moment(engine: Engine) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    event = replace(an_event(), accepted_at=elsewhere)
    store(engine, event)
    assert_read_back(engine, event)


@pytest.mark.parametrize("kind", [kind for kind, case in TEXTS.items() if case.is_stored])
def test_a_text_of_any_kind_is_read_back_as_it_was(engine: Engine, kind: str) -> None:
    text = TEXTS[kind].text
    event = replace(an_event(a=text, b=[text]), control=Control(subject=text))
    store(engine, event)
    assert_read_back(engine, event)
