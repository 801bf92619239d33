"""What a room is told: each service takes it, shows it as it was typed, and interprets nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notify_service.channels.chat.fitting import ELLIPSIS
from notify_service.channels.chat.message import LEFT_OUT, REPLY_TO, Message, message_of
from notify_service.channels.fields_shown import FieldShown, lines_of
from shared.contracts import Control, JsonValue, SubmissionAccepted
from shared.forms import Field, Form
from support.chats.posting import HOSTILE, SUBJECTS, Subject, asked_of
from support.chats.stand_in import Reply, StandIn
from support.events import an_event

FORM = Form("contact", "Contact", {"name": Field("name", "text"), "text": Field("text", "text", label="Your IBAN")})
REFERENCE = "019aac3c-7a3b-7a52-8d1f-6f350a0e9e0a"
PLACES = {name: subject.stand_in() for name, subject in SUBJECTS.items()}
"""One of each for all examples: none is started, and what is sent is handed to it."""


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture
def place(subject: Subject) -> Iterator[StandIn]:
    made = subject.stand_in()
    yield made
    assert made.complaints == []


def told(subject: Subject, place: StandIn, message: Message) -> Reply:
    """Let a stand-in answer what its service would be sent."""
    return place.answer(asked_of(subject.service.request(subject.chat(place), subject.secret(place), message)))


def an_event_of(fields: Mapping[str, JsonValue]) -> SubmissionAccepted:
    return replace(an_event(), fields=fields)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_title_fields_and_reference_are_told_in_this_order(subject: Subject, place: StandIn) -> None:
    event = an_event(text="DE02", name="Ada Lovelace")
    assert 200 <= told(subject, place, message_of(event, FORM, None)).status < 300
    [said] = place.said
    words = ("Contact", "Name", "Ada Lovelace", "Your IBAN", "DE02", f"Reference {event.id}")
    assert re.findall("|".join(map(re.escape, words)), said) == list(words)
    assert LEFT_OUT not in said


def test_only_what_is_included_is_told(subject: Subject, place: StandIn) -> None:
    for include in (("name",), ()):
        told(subject, place, message_of(an_event(text="DE02", name="Ada Lovelace"), FORM, include))
    named, without = place.said
    assert "Ada Lovelace" in named
    assert "DE02" not in named
    assert "Ada Lovelace" not in without
    assert "Contact" in without


def test_a_link_leads_to_the_submission_where_there_is_one(subject: Subject, place: StandIn) -> None:
    link = "https://forms.example.org/console/019aac3c"
    request = subject.service.request(subject.chat(place), subject.secret(place), Message("A", [], REFERENCE, link))
    assert link in request.body.decode()
    assert "example.org" not in str(told(subject, place, Message("A", [], REFERENCE)).body)


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE)
def test_nothing_a_stranger_typed_is_interpreted_and_all_of_it_is_shown(
    subject: Subject, place: StandIn, typed: str
) -> None:
    event = an_event(name=typed, text=[typed, "end"])
    reply = told(subject, place, message_of(event, FORM, None))
    assert 200 <= reply.status < 300, reply
    said = squeezed(place.said[0]).replace("{ {DATE", "{{DATE")
    assert squeezed(" ".join(lines_of(typed))) in said


@pytest.mark.parametrize(
    "name", ["@here", "<!channel>", "**x**", "https://evil.example", "\u202ex", "\u200b", "x" * 5000]
)
def test_a_name_that_a_stranger_gave_is_no_better(subject: Subject, place: StandIn, name: str) -> None:
    event = an_event_of({name: "one", "other": "two"})
    assert 200 <= told(subject, place, message_of(event, Form("any", "@everyone <!here>"), None)).status < 300
    assert "two" in place.said[0]


@pytest.mark.parametrize(
    "filling", ["x", "\U0001f600", "\u00e4", "\u4e2d", "*", "<", "&", '"', "\\", "\n", "a\n", "e\u0301", "\u202e"]
)
@pytest.mark.parametrize(("count", "length"), [(1, 20_000), (40, 3000), (400, 200)])
def test_what_is_too_long_is_shortened_and_says_so(
    subject: Subject, place: StandIn, filling: str, count: int, length: int
) -> None:
    event = an_event_of({f"field{number}": "begin " + filling * length + " end" for number in range(count)})
    reply = told(subject, place, message_of(event, Form("any", "Any"), None))
    assert 200 <= reply.status < 300, reply
    [said] = place.said
    if lines_of(filling):
        assert ELLIPSIS in said
        assert LEFT_OUT in said
    assert "begin" in said
    assert f"Reference {event.id}" in said, "what is left out is the fields'"


def test_a_short_field_behind_a_long_one_is_told(subject: Subject, place: StandIn) -> None:
    told(subject, place, message_of(an_event(name="long " * 5000, text="DE02"), FORM, None))
    assert "DE02" in place.said[0]


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
        st.sampled_from(list(HOSTILE.values())),
        st.sampled_from(list(HOSTILE.values())).map(lambda text: text * 300),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=20), inner, max_size=3)),
    max_leaves=10,
)
NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.sampled_from(list(HOSTILE.values()))
)
TITLES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize("name", SUBJECTS)
@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(NAMES, VALUES, max_size=60), title=TITLES)
def test_whatever_is_typed_the_service_takes_it_and_interprets_nothing(
    name: str, fields: dict[str, JsonValue], title: str
) -> None:
    subject, place = SUBJECTS[name], PLACES[name]
    event = an_event_of(fields)
    place.said, place.complaints = [], []
    reply = told(subject, place, message_of(event, Form("any", title), None))
    assert 200 <= reply.status < 300, reply
    assert str(event.id) in place.said[0]
    assert place.complaints == []


def test_an_address_that_is_in_no_field_is_told_unless_only_some_fields_are() -> None:
    event = replace(an_event(name="Ada"), control=Control(reply_to="ada@example.org"))
    assert message_of(event, FORM, None).fields[-1] == FieldShown(REPLY_TO, ["ada@example.org"])
    assert message_of(event, FORM, ("name",)).fields == [FieldShown("Name", ["Ada"])]
    assert len(message_of(replace(event, fields={"email": "ada@example.org"}), FORM, None).fields) == 1
    assert message_of(an_event(name="Ada", extra=["x"]), FORM, None).fields[-1].label == "Extra"


def test_a_field_without_a_line_is_none() -> None:
    assert message_of(an_event(name="", text=[]), FORM, None).fields == []
    assert message_of(an_event(name="a"), FORM, None).fields == [FieldShown("Name", ["a"])]
