"""Submissions and queries for the tests of searching: the same for a database and for matching in memory."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy import Engine

from shared.contracts import Control, SubmissionAccepted, Verdict
from shared.query import Query, matches
from shared.query.tree import And, Assigned, Field, Form, From, Has, Is, Label, Not, Or, Phrase, Prefix, Score, Word
from storage_service.records import PAGE_MOST, Cursor, Records
from storage_service.records.index.indexer import Indexer, rebuild
from storage_service.work import Change
from support.events import an_event, with_files
from support.worked_on import ME, Did

BEFORE_ALL = Cursor("newer", datetime(2000, 1, 1, tzinfo=UTC), UUID(int=0))


def indexed(engine: Engine) -> None:
    """Put all that is stored into the index, whenever it was stored."""
    rebuild(engine)
    indexer = Indexer(engine)
    while indexer.turn():
        pass
    indexer.stop()
    indexer.run()  # gives the lease back


def found(engine: Engine, query: Query) -> set[UUID]:
    """Return what a database finds: in batches, and the same in pages, both ways."""
    records = Records(engine)
    each = [one.id for one in records.each(query, None, me=ME)]
    page = partial(records.page, query, forms=None, limit=PAGE_MOST, me=ME)
    assert [one.id for one in page().rows] == each
    assert [one.id for one in page(cursor=BEFORE_ALL).rows] == each
    return set(each)


def matched_with(work: list[tuple[SubmissionAccepted, Did]], query: Query) -> set[UUID]:
    """Return what matching in memory finds, of submissions and of what was done with each."""
    return {event.id for event, did in work if _holds(query, event, did)}


def _holds(tree: Query, event: SubmissionAccepted, did: Did) -> bool:
    match tree:
        case And(parts=parts):
            return all(_holds(part, event, did) for part in parts)
        case Or(parts=parts):
            return any(_holds(part, event, did) for part in parts)
        case Not(part=part):
            return not _holds(part, event, did)
        case Is() | Label() | Assigned() | Has(value="reply"):
            return did.answers(tree, event)
        case _:
            return matches(tree, event)


def replied(event: SubmissionAccepted, address: str) -> SubmissionAccepted:
    """Return an event whose submitter named this address."""
    return replace(event, control=Control(reply_to=address))


def scored(event: SubmissionAccepted, score: int) -> SubmissionAccepted:
    """Return an event that a gateway's model gave this score."""
    return replace(event, verdict=Verdict(score, "1-00000000", ("links:3:2",)))


_SPACED: dict[str, Any] = {"PLZ Ort": "12345 Berlin", "name": "lon" * 40, "guests": "\u0663", "consent": "off"}

SAMPLES: list[SubmissionAccepted] = [
    an_event(form="contact", name="Ada Lovelace", email="ada@example.org", topic="A fault", guests=2, consent=True),
    with_files(an_event(form="contact", name="Bob", email="bob@sub.example.org", topic="Fault, a question", guests=12)),
    an_event(form="contact", name="Crème Brûlée", email="c@example.net", topic="question", guests="1.234,50 €"),
    with_files(an_event(form="events", name="東京都", email="Ada.L@Example.ORG", arrival="2026-11-22", consent=False)),
    an_event(form="events", name="STRAẞE 7", arrival="2026-11-23T10:00", guests=[1, 20], consent="on", day="no day"),
    an_event(form="events", name="þór İstanbul", arrival="22.11.2026", guests=-2.5, text="exam ample example"),
    scored(an_event(form="events", name="a casino"), 97),
    scored(an_event(form="contact", name="a question", topic="fault"), 60),
    scored(an_event(form="contact", name="exact words"), 0),
    an_event(form="events", name="O'Neil \\ back'slash", topic="a", notes=["a", "fault"], empty="", nothing=None),
    an_event(form="Events", name="京都", topic="A fault!", guests=1e300, other=10**40, consent="no"),
    an_event(form="contact", name="ก็ไทย and ไทย", guests=0.1, topic="fault a", box={"inner": "a fault", "n": 7}),
    replied(an_event(form="contact", name="nobody", topic="exact words"), "ada@example.org"),
    replied(an_event(form="contact", name="words exact", topic="-"), "odd@quoted@example.com"),
    an_event(form="contact", **_SPACED),
]
"""What twenty lines are asked about."""

DONE: list[Did] = [
    Did(Change(state="open", labels=("urgent",), assignee="ada@example.org")),
    Did(Change(state="done", starred=True), is_replied=True),
    Did(Change(labels=("Very urgent", "STRAẞE"), assignee="bob@example.net")),
    Did(Change(spam=True, state="done")),
    Did(Change(starred=True, labels=("\uff35rgent",))),
    Did(Change(state="open"), is_replied=True),
    *(Did(Change()) for _ in SAMPLES[6:]),
]
"""What was done with each of them."""

LINES = """\
ada
exam*
"a fault"
ada@example.org
-fault
ada lovelace OR bob
fault (question OR 2) -bob
creme OR strasse OR istanbul OR thor
京都
東* OR 京
ไทย
form:contact -form:Events
from:ada@example.org OR from:@example.com
from:@example.org OR from:exam* -from:odd
from:"ada example"
field.topic:"A fault" OR field.topic:fau*
field.topic:="a FAULT"
field.guests:>2
field.guests:<=0.1 OR field.guests:2
field.guests:>=7
field.guests:>1000
field.arrival:>=2026-11-22 field.arrival:<2026-11-23
field.consent:yes OR field.consent:no
-field.consent:yes -field.consent:on
field."PLZ Ort":berlin OR "12345 berlin"
field.notes:="fault" OR field.box:7 OR field.box:"a fault"
field.nothing:a OR field.missing:>1
-(ada OR fault) -"exact words"
lon* OR lonlonlon
back'slash OR o'neil
has:file
has:file form:contact
-has:file
has:file OR words
score:>60
score:>=60 form:contact
score:60 OR score:97
-score:>60
score:<=0 OR casino
-score:<100 fault
"""
"""What is asked about them, a query in each line."""

LINES_OF_WORK = """\
is:new
-is:new
is:open OR is:done
is:open -has:reply
is:starred fault
-is:starred -is:spam
is:spam OR is:starred
label:urgent
label:URGENT is:new
label:"very  URGENT" OR label:strasse
-label:urgent
assigned:me
-assigned:me
assigned:none is:new
assigned:bob@Example.NET OR assigned:nobody@example.org
has:reply
-has:reply form:contact
-(label:urgent OR assigned:me) ada
"""
"""What is asked about what was done with them."""

_ALPHABET = "abE é0 1.-@'京都ก็ß_\u0301"
_TEXTS = st.text(_ALPHABET, max_size=12) | st.sampled_from(
    ["ada@example.org", "on", "off", "2026-11-22", "1.234,5", "12"]
)
_NAMES = st.sampled_from(["a", "b", "PLZ Ort", "x'\\\"y"])
_LEAVES: st.SearchStrategy[Any] = (
    _TEXTS | st.booleans() | st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


_SCORES = st.sampled_from([0, 49, 50, 51, 100])


@st.composite
def events(draw: st.DrawFn) -> SubmissionAccepted:
    """Make a submission of few letters, so that queries find it."""
    form = draw(st.sampled_from(["f", "g"]))
    fields: dict[str, Any] = draw(st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=4))
    event = an_event(form=form, **fields)
    event = replied(event, draw(_TEXTS)) if draw(st.booleans()) else event
    event = scored(event, draw(_SCORES)) if draw(st.booleans()) else event
    return with_files(event) if draw(st.booleans()) else event


def _has_token(text: str) -> bool:
    return any(sign.isalnum() for sign in text)


_SAID = (st.text(_ALPHABET, min_size=1, max_size=6) | _TEXTS | st.sampled_from(["yes", "no", "1", "true"])).filter(
    _has_token
)
_WORDS = _SAID.filter(lambda text: not set(text) & set(string.whitespace)).map(Word) | _SAID.map(Phrase)
_ANY_TEXT = _WORDS | _SAID.map(Prefix)
_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000) | st.just(
    Decimal(0)
)
_LIMITS = _DECIMALS | st.dates(date(2026, 11, 21), date(2026, 11, 23))
_TERMS: st.SearchStrategy[Query] = (
    _ANY_TEXT
    | st.sampled_from(["f", "g", "h"]).map(Form)
    | _ANY_TEXT.map(From)
    | st.builds(Field, _NAMES, st.just(""), _ANY_TEXT)
    | st.builds(Field, _NAMES, st.just("="), _WORDS)
    | st.builds(Field, _NAMES, st.sampled_from(["<", "<=", ">", ">="]), _LIMITS)
    | st.sampled_from(["new", "open", "done", "starred", "spam"]).map(Is)
    | st.sampled_from(["a", "A b", "\uff21", "c"]).map(Label)
    | st.sampled_from(["me", "none", "Bob@example.net"]).map(Assigned)
    | st.sampled_from(["reply", "file"]).map(Has)
    | st.builds(Score, st.sampled_from(["", "<", "<=", ">", ">="]), _SCORES)
)


def _grouped(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return parts.map(And) | parts.map(Or) | inner.map(Not)


QUERIES = st.recursive(_TERMS, _grouped, max_leaves=5)
"""Trees that a parser could have made, of few letters."""
