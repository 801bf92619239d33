"""The quick way to read an event takes nothing that the strict way would not, and reads it the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts import Control, JsonValue, Source, encode, fingerprint, submission
from support.events import an_event

PLAIN = encode(
    replace(
        an_event(),
        source=Source("192.0.2.7", None, "https://www.example.org/"),
        control=Control("Hello"),
        receipt_url="https://forms.example.org/receipts/x",
    )
)
BITS = [
    *(b'"a":"1",', b'"id":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e",', b'"spam" :null,', b'"name" :"x",', b'"x":[1],'),
    *(b'\\"', b"\\n", b"\\u0000", b"\x00", b"\x1f", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
    *(b"null", b'"', b":", b" ", b"60", b"24", b"00", b"-", b"1", b"[", b"{}", b"}", b","),
]
SPLICES = st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 12), st.sampled_from(BITS))


@settings(max_examples=2000)
@given(st.lists(SPLICES, max_size=3))
@example([(PLAIN.index(b'"spam"'), 0, b'"spam" :null,')])
@example([(PLAIN.index(b'"name"'), 0, b'"name" :"x",')])
@example([(1, 0, b'"id":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e",')])
@example([(PLAIN.index(b'"spam"'), 0, b'"id":"6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e",')])
@example([(PLAIN.index(b"Z") - 9, 2, b"60")])
def test_what_is_read_quickly_is_read_strictly_the_same(splices: list[tuple[int, int, bytes]]) -> None:
    body = PLAIN
    for at, length, bit in splices:
        body = body[:at] + bit + body[at + length :]
    if quick := submission._decoded_quickly(body):
        strict = submission._decoded_strictly(body)
        assert (quick, quick.received) == (strict, strict.received)


texts = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"]))


@given(st.dictionaries(texts, texts), st.none() | texts, st.none() | st.just("honeypot"))
def test_plain_texts_are_read_quickly(fields: dict[str, JsonValue], agent: str | None, spam: str | None) -> None:
    event = replace(an_event(), fields=fields, fingerprint=fingerprint(fields), source=Source(None, agent), spam=spam)
    event = replace(event, receipt_url=agent)
    quick = submission._decoded_quickly(encode(event))
    assert quick == event
    assert quick.received == encode(event).decode()
