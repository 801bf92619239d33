"""The quick way to read an event takes nothing that the strict way would not, and reads it the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts import (
    Control,
    DeliveryDue,
    InvalidEvent,
    JsonValue,
    Source,
    SubmissionAccepted,
    Verdict,
    delivery,
    encode,
    fingerprint,
    submission,
)
from support.events import a_file, an_event

SEALED_VALUE = "v1:4f1c9a0b2d3e:3q2+7w=="
PLAIN = encode(
    replace(
        an_event(),
        source=Source("192.0.2.7", None, "https://www.example.org/"),
        control=Control("Hello"),
        receipt_url="https://forms.example.org/receipts/x",
    )
)
DUE = b'{"delivery":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e","channel":"confirmation","submission":%s}'
BITS = [
    *(b'"a":"1",', b'"id":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e",', b'"spam" :null,', b'"name" :"x",', b'"x":[1],'),
    *(b'\\"', b"\\n", b"\\u0000", b"\x00", b"\x1f", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
    *(
        b'"sealed":{},',
        b',"sealed":{}',
        b'"sealed":{"b":"1"},',
        b'"sealed":null,',
        b'"sealed" :{"a":null},',
        b'"sealed":"",',
    ),
    *(b"null", b'"', b":", b" ", b"60", b"24", b"00", b"-", b"1", b"[", b"{}", b"}", b","),
]
SEALED = PLAIN[:-1] + b',"sealed":{"iban":"%s","note":""}}' % SEALED_VALUE.encode()
FILES = encode(
    replace(an_event(), files=(a_file(name="x"), a_file(field="photo", name="y.png", number=2, scan="clean")))
)
BITS_OF_FILES = [
    *(
        b'"scan":null,',
        b'"scan":"clean"',
        b'"size":7,',
        b'"size":1.0',
        b',"files":[]',
        b'"files":null',
        b"../",
        b"{}",
        b",",
    ),
    *(
        b'"x":"1",',
        b'"name":"z",',
        b'"',
        b"]",
        b"[",
        b"-",
        b"\\u0000",
        b"99999999999999999999",
        b"null",
        b"A",
        b'"key":',
    ),
]
VERDICT = encode(replace(an_event(), verdict=Verdict(87, "12-3fa94c01", ("links:3:2", "word:casino"))))
BITS_OF_A_VERDICT = [
    *(b'"score":7,', b'"score":1.0', b'"score":true', b"-", b"1", b"0", b"00", b"101", b"null", b'"model":"x",'),
    *(b'"x",', b'"x"', b'"', b"[", b"]", b"{}", b",", b"[1]", b'\\"', b"\\u0000", b'"reasons":[],', b'"reasons":null'),
    *(b',"verdict":{}', b'"verdict":null,', b'"' + b"x" * 81 + b'",', b'"a","b","c","d",'),
]
SPLICES_OF_A_VERDICT = st.tuples(st.integers(0, len(VERDICT)), st.integers(0, 12), st.sampled_from(BITS_OF_A_VERDICT))
SPLICES_OF_FILES = st.tuples(st.integers(0, len(FILES)), st.integers(0, 12), st.sampled_from(BITS_OF_FILES))
SPLICES = st.tuples(st.integers(0, len(SEALED)), st.integers(0, 12), st.sampled_from(BITS))


WAITS = encode(replace(an_event(), opt_in=True, verdict=Verdict(7, "1-00000000", ())))
BITS_OF_ONE_THAT_WAITS = [
    *(b"false", b"true", b"null", b"1", b'"true"', b'"opt_in":true,', b',"opt_in":false', b'"', b",", b"}", b"{", b" "),
    *(b'"opt_in":1,', b'"x":true,', b'"verdict":{},', b"[true]", b"True"),
]
SPLICES_OF_ONE_THAT_WAITS = st.tuples(
    st.integers(len(WAITS) - 90, len(WAITS)), st.integers(0, 12), st.sampled_from(BITS_OF_ONE_THAT_WAITS)
)


def assert_agree(body: bytes) -> None:
    """Fail where the quick way takes what the strict one refuses, or reads it otherwise."""
    if quick := submission._decoded_quickly(body):
        strict = submission._decoded_strictly(body)
        assert (quick, quick.received) == (strict, strict.received)
    if due := delivery._decoded_quickly(DUE % body):
        assert due == delivery._decoded_strictly(DUE % body)


@settings(max_examples=2000)
@given(st.lists(SPLICES, max_size=3), st.sampled_from([PLAIN, SEALED]))
@example([(len(PLAIN) - 1, 0, b',"sealed":{}')], PLAIN)
@example([(len(PLAIN) - 1, 0, b',"sealed":{"a":1}')], PLAIN)
@example([(len(PLAIN) - 1, 0, b',"sealed":{"b":"1"}')], SEALED)
@example([(PLAIN.index(b'"spam"'), 0, b'"spam" :null,')], PLAIN)
@example([(PLAIN.index(b'"name"'), 0, b'"name" :"x",')], PLAIN)
@example([(1, 0, b'"id":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e",')], PLAIN)
@example([(PLAIN.index(b'"spam"'), 0, b'"id":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e",')], PLAIN)
@example([(PLAIN.index(b"Z") - 9, 2, b"60")], PLAIN)
def test_what_is_read_quickly_is_read_strictly_the_same(splices: list[tuple[int, int, bytes]], body: bytes) -> None:
    for at, length, bit in splices:
        body = body[:at] + bit + body[at + length :]
    assert_agree(body)


@settings(max_examples=2000)
@given(st.lists(SPLICES_OF_FILES, max_size=3))
@example([(FILES.index(b'"scan"'), 0, b'"scan":"clean",')])
@example([(FILES.index(b'"size":7') + 7, 1, b"99999999999999999999")])
@example([(FILES.index(b'"key":"') + 7, 0, b"../")])
@example([(FILES.index(b',"scan":null'), len(b',"scan":null'), b"")])
def test_files_are_read_quickly_as_they_are_strictly(splices: list[tuple[int, int, bytes]]) -> None:
    body = FILES
    for at, length, bit in splices:
        body = body[:at] + bit + body[at + length :]
    assert_agree(body)


@settings(max_examples=2000)
@given(st.lists(SPLICES_OF_A_VERDICT, max_size=3))
@example([(VERDICT.index(b'"score"'), 0, b'"score":7,')])
@example([(VERDICT.index(b"87"), 2, b"101")])
@example([(VERDICT.index(b"87"), 2, b"-1")])
@example([(VERDICT.index(b"87"), 2, b"1.0")])
@example([(VERDICT.index(b"87"), 2, b"true")])
@example([(VERDICT.index(b"12-"), 0, b"x" * 40)])
@example([(VERDICT.index(b'"links'), 0, b'"a","b","c","d",')])
@example([(VERDICT.index(b'"links'), 0, b'"' + b"x" * 81 + b'",')])
@example([(VERDICT.index(b'"links'), 0, b"1,")])
@example([(VERDICT.index(b',"reasons"'), len(b',"reasons":["links:3:2","word:casino"]'), b"")])
@example([(len(VERDICT) - 1, 0, b',"verdict":{}')])
def test_a_verdict_is_read_quickly_as_it_is_strictly(splices: list[tuple[int, int, bytes]]) -> None:
    body = VERDICT
    for at, length, bit in splices:
        body = body[:at] + bit + body[at + length :]
    assert_agree(body)


@settings(max_examples=1000)
@given(st.lists(SPLICES_OF_ONE_THAT_WAITS, max_size=3))
@example([(WAITS.index(b"true"), 4, b"false")])
@example([(WAITS.index(b"true"), 4, b"null")])
@example([(WAITS.index(b"true"), 4, b"1")])
@example([(WAITS.index(b'"opt_in"'), 0, b'"opt_in":true,')])
@example([(WAITS.index(b'"opt_in"'), 0, b'"x":true,')])
def test_one_that_waits_is_read_quickly_as_it_is_strictly(splices: list[tuple[int, int, bytes]]) -> None:
    body = WAITS
    for at, length, bit in splices:
        body = body[:at] + bit + body[at + length :]
    assert_agree(body)


def test_a_plain_event_that_waits_is_read_quickly() -> None:
    quick = submission._decoded_quickly(WAITS)
    assert quick is not None
    assert (quick.opt_in, quick.received, encode(quick)) == (True, WAITS.decode(), WAITS)


def test_a_plain_event_with_a_verdict_is_read_quickly() -> None:
    quick = submission._decoded_quickly(VERDICT)
    assert quick is not None
    assert quick.verdict == Verdict(87, "12-3fa94c01", ("links:3:2", "word:casino"))
    assert quick.received == VERDICT.decode()
    assert encode(quick) == VERDICT


def test_a_plain_event_with_files_is_read_quickly() -> None:
    quick = submission._decoded_quickly(FILES)
    assert quick is not None
    assert [one.name for one in quick.files] == ["x", "y.png"]
    assert quick.received == FILES.decode()
    assert encode(quick) == FILES


NULLS = [f'"{name}":null'.encode() for name in ("user_agent", "language", "reply_to", "captcha", "spam")]
IN_PLACE = [
    b'"sealed":{}',
    b'"sealed":{"1":null}',
    b'"sealed":{"x":"1"}',
    b'"x":1e999',
    b'"x":' + b"9" * 40,
    b'"x":' + b"[" * 60 + b"]" * 60,
    b'"user_agent":"1"',
    b'"ip":null',
    b'"subject":"1"',
    b'"x":"1"',
    b'"x":""',
    b'"x":null',
    b'"x":[{}]',
    b'"x":NaN',
    b'"":null',
    b'"id":1',
    b'"x":0,"y":0',
]


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from(NULLS), st.sampled_from(IN_PLACE), min_size=1))
@example({NULLS[1]: IN_PLACE[3]})
@example({NULLS[1]: IN_PLACE[4]})
@example({NULLS[1]: IN_PLACE[5]})
@example({NULLS[1]: IN_PLACE[6]})
@example({NULLS[3]: IN_PLACE[8]})
def test_a_member_that_is_missing_is_not_made_up_for_by_another(instead: dict[bytes, bytes]) -> None:
    body = PLAIN
    for member, other in instead.items():
        assert body.count(member) == 1
        body = body.replace(member, other)
    assert_agree(body)


@pytest.mark.parametrize("other", IN_PLACE[3:7])
def test_what_the_strict_way_refuses_is_refused(other: bytes) -> None:
    with pytest.raises(InvalidEvent):
        SubmissionAccepted.decode(PLAIN.replace(NULLS[1], other))
    with pytest.raises(InvalidEvent):
        DeliveryDue.decode(DUE % PLAIN.replace(NULLS[1], other))


def test_what_is_sealed_is_read_quickly() -> None:
    assert_agree(SEALED)
    quick = submission._decoded_quickly(SEALED)
    assert quick is not None
    assert quick.sealed == {"iban": SEALED_VALUE, "note": ""}
    assert encode(quick) == SEALED


texts = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"]))


@given(st.dictionaries(texts, texts), st.none() | texts, st.none() | st.just("honeypot"), st.dictionaries(texts, texts))
def test_plain_texts_are_read_quickly(
    fields: dict[str, JsonValue], agent: str | None, spam: str | None, sealed: dict[str, str]
) -> None:
    event = replace(an_event(), fields=fields, fingerprint=fingerprint(fields), source=Source(None, agent), spam=spam)
    event = replace(event, receipt_url=agent, sealed=sealed)
    quick = submission._decoded_quickly(encode(event))
    assert quick == event
    assert quick.received == encode(event).decode()
