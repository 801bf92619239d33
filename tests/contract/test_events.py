"""Golden examples: every event that was ever published must decode, and encode back to the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts import (
    MAX_DEPTH,
    ConfirmationChanged,
    Control,
    InvalidEvent,
    JsonValue,
    OptedIn,
    Source,
    SpamModelMade,
    SubmissionAccepted,
    SubmissionReleased,
    SubmissionsStored,
    Unacceptable,
    Verdict,
    check,
    decode,
    decode_announcement,
    document_of,
    encode,
    encode_announcement,
    fingerprint,
    parse,
)
from shared.contracts.event import Decoder
from shared.messaging.failures import Delivery, Park
from shared.messaging.incoming import Incoming
from shared.messaging.message import message_of
from shared.messaging.routes import ROUTES
from support.events import a_file, an_event, with_files

EXAMPLES = Path(__file__).parent / "examples"


def examples(type_: str) -> list[Any]:
    found = sorted((EXAMPLES / type_).glob("*.json"))
    assert found, f"no examples of {type_}"
    return [pytest.param(path.read_bytes(), id=path.stem) for path in found]


@pytest.mark.parametrize("body", [one for type_ in SubmissionAccepted.TYPES for one in examples(type_)])
def test_an_accepted_submission_decodes_and_encodes_back(body: bytes) -> None:
    event, example = decode(body, type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,)), json.loads(body)
    assert event.sealed == example.get("sealed", {})
    added_later = {"spam": None, "receipt_url": None, "control": {"captcha": None} | example["control"]}
    assert json.loads(encode(event)) == added_later | example | {"control": added_later["control"]}
    assert json.loads(document_of(event)) == (json.loads(encode(event)) if b"\\u" in body else example)
    assert event.sealed or event.fingerprint == fingerprint(event.fields, event.files)


def test_an_event_with_files_tells_of_each_in_its_order() -> None:
    files = (a_file(), a_file(name="b.pdf", scan="clean", number=2), a_file(scan="infected: Eicar", number=3))
    event = replace(an_event(), files=files)
    told = json.loads(encode(event))["files"]
    assert [list(one) for one in told] == [["field", "name", "given", "type", "size", "sha256", "key", "scan"]] * 3
    assert SubmissionAccepted.decode(encode(event)).files == files
    assert SubmissionReleased.decode(SubmissionReleased(2, event).encode()).submission.files == files
    assert encode(replace(event, files=())) == encode(an_event(id=event.id))


def test_an_event_that_waits_for_its_address_says_so_and_no_other_does() -> None:
    event = replace(an_event(), opt_in=True)
    told = json.loads(encode(event))
    assert (list(told)[-1], told.pop("opt_in"), told) == ("opt_in", True, json.loads(encode(an_event(id=event.id))))
    assert SubmissionAccepted.decode(encode(event)).opt_in
    assert SubmissionReleased.decode(SubmissionReleased(2, event).encode()).submission.opt_in
    assert not SubmissionAccepted.decode(encode(replace(event, opt_in=False))).opt_in


class OfBefore:
    """The event as a version reads it that knows no files, and nothing that waits."""

    TYPE: ClassVar[str] = SubmissionAccepted.TYPE
    decode = SubmissionAccepted.decode


def test_a_version_parks_what_it_would_misunderstand_and_takes_all_else() -> None:
    takes: Decoder[Any] = Decoder(OfBefore)
    waits = replace(with_files(an_event()), opt_in=True)
    told = [message_of(event) for event in (with_files(an_event()), waits, an_event())]
    read = [Incoming(one.body, one.type, one.id, one.headers, 1, 1).read(takes) for one in told]
    for parked, type_ in zip(read, ("submission.accepted.v2", "submission.accepted.v3"), strict=False):
        assert isinstance(parked, Park)
        assert (parked.kind, type_ in parked.reason) == ("invalid", True)
    assert isinstance(read[2], Delivery)
    for type_ in SubmissionAccepted.TYPES:  # one with files that the version before has published is read, too
        assert decode(told[0].body, type=type_, types=(SubmissionAccepted,)).files
        assert ROUTES[type_] == ROUTES[SubmissionAccepted.TYPE]


def test_other_files_have_another_fingerprint() -> None:
    fields: dict[str, JsonValue] = {"name": "Ada Lovelace"}
    first, second = a_file(), a_file(name="b.pdf", sha256="1" * 64)
    sets = [(), (first,), (second,), (first, second), (second, first), (replace(first, field="photo"),)]
    assert len({fingerprint(fields, one) for one in sets}) == len(sets)
    assert fingerprint(fields, ()) == fingerprint(fields)
    again = replace(first, key="jobs/2026-11-30/another/1", given="C:\\\\cv.pdf", scan="clean")
    assert fingerprint(fields, [again]) == fingerprint(fields, [first])


_FILE = json.loads(encode(replace(an_event(), files=(a_file(),))))["files"][0]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (None, "files: expected list"),
        ({}, "files: expected list"),
        ([_FILE] * 1001, "files: 1001 files, 1000 at most"),
        ([_FILE, "cv.pdf"], r"files\[1\]: expected dict"),
        ([_FILE | {"size": -1}], r"files\[0\].size"),
        ([_FILE | {"size": 2**53}], r"files\[0\].size"),
        ([_FILE | {"size": True}], r"files\[0\].size"),
        ([_FILE | {"name": "x" * 256}], r"files\[0\].name: 256 characters, 255 at most"),
        ([_FILE | {"given": None}], r"files\[0\].given"),
        ([_FILE | {"sha256": "A" * 64}], r"files\[0\].sha256"),
        ([_FILE | {"key": "../../etc/passwd"}], r"files\[0\].key"),
        ([_FILE | {"key": "/etc/passwd"}], r"files\[0\].key"),
        ([_FILE | {"key": "a/../b"}], r"files\[0\].key"),
        ([_FILE | {"key": "a//b"}], r"files\[0\].key"),
        ([_FILE | {"scan": "infected" + ":" * 255}], r"files\[0\].scan"),
        ([_FILE | {"scan": "perhaps"}], r"files\[0\].scan"),
    ],
)
def test_a_file_out_of_bounds_names_its_place(files: Any, place: str) -> None:
    document = json.loads(encode(an_event())) | {"files": files}
    body = json.dumps(document, separators=(",", ":")).encode()
    with pytest.raises(InvalidEvent, match=f"^{place}"):
        SubmissionAccepted.decode(body)


def test_an_event_without_a_verdict_is_what_it_was() -> None:
    event = an_event()
    judged = replace(event, verdict=Verdict(7, "1-00000000", ("word:casino",)))
    told = json.loads(encode(judged))
    assert told.pop("verdict") == {"score": 7, "model": "1-00000000", "reasons": ["word:casino"]}
    assert told == json.loads(encode(event))
    assert SubmissionReleased.decode(SubmissionReleased(2, judged).encode()).submission.verdict == judged.verdict
    assert judged.fingerprint == fingerprint(judged.fields)


@pytest.mark.parametrize(
    ("spam", "is_trapped"), [(None, False), ("honeypot", True), ("score", False), ("rule:words", False)]
)
def test_only_a_trap_gives_an_id_of_its_own(spam: str | None, is_trapped: bool) -> None:
    assert replace(an_event(), spam=spam).is_trapped == is_trapped


_VERDICT = {"score": 87, "model": "12-3fa94c01", "reasons": ["links:3:2"]}


@pytest.mark.parametrize(
    ("verdict", "place"),
    [
        (None, "verdict: expected dict"),
        ([], "verdict: expected dict"),
        ({}, "verdict.reasons: expected list"),
        (_VERDICT | {"score": -1}, "verdict.score"),
        (_VERDICT | {"score": 101}, "verdict.score"),
        (_VERDICT | {"score": True}, "verdict.score"),
        (_VERDICT | {"score": 7.0}, "verdict.score"),
        (_VERDICT | {"score": "87"}, "verdict.score"),
        (_VERDICT | {"model": None}, "verdict.model"),
        (_VERDICT | {"model": "x" * 41}, "verdict.model: 41 characters, 40 at most"),
        (_VERDICT | {"reasons": "links"}, "verdict.reasons"),
        (_VERDICT | {"reasons": ["a", 7]}, r"verdict.reasons\[1\]: expected str"),
        (_VERDICT | {"reasons": ["a"] * 6}, "verdict.reasons: 6 reasons, 5 at most"),
        (_VERDICT | {"reasons": ["a", "x" * 81]}, r"verdict.reasons\[1\]: 81 characters, 80 at most"),
    ],
)
def test_a_verdict_out_of_bounds_names_its_place(verdict: Any, place: str) -> None:
    document = json.loads(encode(an_event())) | {"verdict": verdict}
    body = json.dumps(document, separators=(",", ":")).encode()
    with pytest.raises(InvalidEvent, match=f"^{place}"):
        SubmissionAccepted.decode(body)


@given(st.dictionaries(st.text(max_size=20), st.text()))
@example({chr(one): chr(one) for one in range(0x3000) if one})
@example({"\U0001f600": "", "\uffff": ""})
def test_texts_are_encoded_as_everything_else_is(texts: dict[str, str]) -> None:
    event = replace(an_event(), fields=texts)
    written = encode(event).decode()
    assert written == json.dumps(json.loads(written), separators=(",", ":"), ensure_ascii=False)
    canonical = json.dumps(texts, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    assert fingerprint(texts) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("type_", [SubmissionsStored.TYPE, ConfirmationChanged.TYPE, SpamModelMade.TYPE, OptedIn.TYPE])
def test_an_announcement_decodes_and_encodes_back(type_: str) -> None:
    for path in sorted((EXAMPLES / type_).glob("*.json")):
        announcement = decode_announcement(path.read_bytes(), type=type_)
        assert json.loads(encode_announcement(announcement)) == json.loads(path.read_bytes())


CHANGED = """{"id": "0199c2d0-8d1a-7aaa-8000-0123456789ab", "confirmation": {"channel": "email", "state": "sent"}}"""


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        (SubmissionsStored.TYPE, '{"ids": [], "stored_at": "0001-01-01T00:00:00+14:00"}'),
        (SubmissionsStored.TYPE, '{"ids": [7], "stored_at": "2026-11-22T17:03:44Z"}'),
        (ConfirmationChanged.TYPE, CHANGED.replace('"sent"', '"sent", "at": "0001-01-01T00:00:00+14:00"')),
        (ConfirmationChanged.TYPE, CHANGED.replace('"sent"', '"sent", "attempts": 1e999')),
        (ConfirmationChanged.TYPE, CHANGED.replace('"sent"', "{}")),
        (ConfirmationChanged.TYPE, "[" * 100_000),
        (OptedIn.TYPE, '{"id": "0199c2d0-8d1a-7aaa-8000-0123456789ab", "at": "2026-11-22T17:03:44"}'),
        (OptedIn.TYPE, '{"id": 7, "at": "2026-11-22T17:03:44Z"}'),
        (SpamModelMade.TYPE, '{"version": 12, "hash": "3f"}'),
        (SpamModelMade.TYPE, '{"version": "12", "hash": "' + "3" * 65 + '"}'),
        ("other.v1", "{}"),
    ],
)
def test_what_is_no_announcement_is_refused(type_: str, body: str) -> None:
    with pytest.raises(InvalidEvent):
        decode_announcement(body.encode(), type=type_)


def test_what_a_decoder_does_not_know_it_ignores() -> None:
    document = json.loads(encode(an_event())) | {"added": {"later": [1]}}
    document["source"]["added"] = "later"
    assert (
        decode(json.dumps(document).encode(), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,)).form
        == "signup"
    )


def test_the_document_of_a_decoded_event_is_the_one_that_came() -> None:
    document = json.loads(encode(an_event())) | {"added": {"later": [1]}}
    text = json.dumps(document, indent=1)
    event = decode(text.encode(), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    assert document_of(event) == text
    assert document_of(replace(event, form="other")) == encode(replace(event, form="other")).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "6D1F7A52-6F35-5A0E-9E0A-1C6F7D0F4B8E"},
        {"id": "6d1f7a526f355a0e9e0a1c6f7d0f4b8e"},
        {"id": "urn:uuid:6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e"},
        {"accepted_at": "2026-11-22T17:03:44Z"},
        {"accepted_at": "2026-11-22T17:03:44.123456+00:00"},
        {"accepted_at": "2026-11-22T18:03:44.123456+01:00"},
        {"source": None},
        {"control": None},
    ],
    ids=str,
)
def test_a_document_in_another_notation_is_written_anew(change: dict[str, str | None]) -> None:
    merged = json.loads(encode(an_event())) | change
    document = {name: value for name, value in merged.items() if value is not None}
    event = decode(json.dumps(document).encode(), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    assert document_of(event) == encode(event).decode()


def test_what_was_added_later_has_a_default() -> None:
    document = json.loads(encode(an_event()))
    del document["source"], document["control"], document["spam"]
    event = decode(json.dumps(document).encode(), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    assert (event.source, event.control, event.spam) == (Source(), Control(), None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": 7}, "id"),
        ({"id": "x"}, "id"),
        ({"form": None}, "form"),
        ({"accepted_at": "yesterday"}, "accepted_at"),
        ({"accepted_at": "2026-11-22T17:03:44"}, "accepted_at"),
        ({"fields": []}, "fields"),
        ({"fingerprint": 1}, "fingerprint"),
        ({"source": "here"}, "source"),
        ({"control": {"subject": 3}}, "control.subject"),
        ({"spam": True}, "spam"),
        ({"fields": {"a": "\x00"}}, "fields.a"),
        ({"fields": {"a": ["\ud800"]}}, "fields.a[0]"),
        ({"opt_in": None}, "opt_in"),
        ({"opt_in": 1}, "opt_in"),
        ({"opt_in": "true"}, "opt_in"),
        ({"sealed": None}, "sealed"),
        ({"sealed": ["iban"]}, "sealed"),
        ({"sealed": {"iban": 7}}, "sealed.iban"),
    ],
)
def test_an_invalid_event_names_the_place(change: dict[str, Any], place: str) -> None:
    document = json.loads(encode(an_event())) | change
    with pytest.raises(InvalidEvent) as invalid:
        decode(json.dumps(document).encode(), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    assert str(invalid.value).startswith(place)


@pytest.mark.parametrize(
    "document",
    [
        b"NaN", b'{"a": Infinity}', b"-Infinity", b"1e999", b"[-1e999]", b"9" * 5000, b"9223372036854775808",
        b"[" * 33 + b"]" * 33, b"[" * 100_000, b'{"a": 1, "a": 2}', b'"\\u0000"', b'{"\\u0000": 1}', b'"\\ud800"',
        b'{"\\udfff": 1}', b"\xff", b"", b"{", b"[1,]", b"\xef\xbb\xbf1",
    ],
    ids=lambda document: document[:16].decode("latin-1"),
)  # fmt: skip
def test_what_no_database_could_hold_is_refused(document: bytes) -> None:
    with pytest.raises(Unacceptable):
        parse(document)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), _JSON))
def test_whatever_passes_the_check_survives_the_wire(fields: dict[str, Any]) -> None:
    check(fields)
    event = replace(an_event(), fields=fields, fingerprint=fingerprint(fields))
    assert decode(encode(event), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,)) == event


def test_the_deepest_fields_that_the_door_lets_in_decode() -> None:
    deepest = b'{"a": ' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    fields = parse(deepest)
    assert isinstance(fields, dict)
    event = replace(an_event(), fields=fields, fingerprint=fingerprint(fields))
    assert decode(encode(event), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,)) == event
    with pytest.raises(Unacceptable):
        parse(b"[" + deepest + b"]")
