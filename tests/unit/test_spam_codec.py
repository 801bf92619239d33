"""A model's bytes: read as they were written, and refused whatever else they are."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.spam import MODEL_BYTES_MOST, BadModel, Known, Model, digest_of, packed, unpacked
from shared.spam.codec import _HEAD
from support.spam_models import a_model

PACKED = packed(a_model())


def with_json(**members: object) -> bytes:
    """Return the bytes of the model with other members in its JSON; None takes one away."""
    magic, form, length, texts, networks = _HEAD.unpack_from(PACKED)
    said = json.loads(PACKED[_HEAD.size : _HEAD.size + length]) | members
    text = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
    return _HEAD.pack(magic, form, len(text), texts, networks) + text + PACKED[_HEAD.size + length :]


def test_a_model_comes_back_as_it_was_with_its_digest() -> None:
    model = a_model(may_hold=True)
    data = packed(model)
    assert unpacked(data) == replace(model, digest=digest_of(data))
    assert unpacked(data).name == f"12-{digest_of(data)[:8]}"


def test_the_same_model_has_the_same_bytes_whatever_the_order_of_its_forms() -> None:
    forms = {"b": 1.0, "a": 2.0}
    other = dict(reversed(forms.items()))
    assert packed(a_model(offsets=forms)) == packed(a_model(offsets=other))


def test_the_largest_model_is_within_the_bytes_that_a_gateway_takes() -> None:
    known = Known.of({number * 2**40: 1 for number in range(20_000)})
    scripts = {f"{number:0200d}": frozenset({"latin", "cyrillic"}) for number in range(2_000)}
    data = packed(a_model(texts=known, networks=known, offsets=dict.fromkeys(scripts, 1e-17), scripts=scripts))
    assert len(data) <= MODEL_BYTES_MOST
    assert len(unpacked(data).texts.hashes) == 10_000


@pytest.mark.parametrize("length", [0, 1, _HEAD.size - 1, _HEAD.size, 100, len(PACKED) - 1])
def test_bytes_that_end_too_early_are_refused(length: int) -> None:
    with pytest.raises(BadModel):
        unpacked(PACKED[:length])


@pytest.mark.parametrize(
    "data",
    [
        PACKED + b"\0",
        b"X" + PACKED[1:],
        PACKED[:6] + b"\2" + PACKED[7:],
        PACKED + bytes(MODEL_BYTES_MOST),
        _HEAD.pack(b"CFSPAM", 1, 2**32 - 1, 0, 0) + PACKED,
        _HEAD.pack(b"CFSPAM", 1, 2, 2**32 - 1, 2**32 - 1) + b"{}",
        with_json(version=None),
        with_json(version=True),
        with_json(version=-1),
        with_json(may_hold=1),
        with_json(bias="1"),
        with_json(bias=float("nan")),
        with_json(cut=float("inf")),
        with_json(word_scale=1e300),
        with_json(slope=0),
        with_json(forms=[]),
        with_json(forms={"a": 1}),
        with_json(forms={"a": [1, ["klingon"]]}),
        with_json(forms={"a": [1, [["latin"]]]}),
        with_json(forms={"a" * 201: [1, []]}),
        with_json(forms={str(number): [1, []] for number in range(1_001)}),
        with_json(bias=10**400),
    ],
)
def test_broken_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadModel):
        unpacked(data)


def test_hashes_that_are_not_in_their_order_are_refused() -> None:
    known = a_model().texts
    turned = Known(known.hashes[::-1], known.counts)
    with pytest.raises(BadModel, match="order"):
        unpacked(packed(a_model(texts=turned)))


@given(st.binary(max_size=300))
@example(b"CFSPAM\1\0" + b"[" * 200)
def test_any_bytes_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(BadModel):
        unpacked(data)


@given(st.integers(0, len(PACKED) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_a_model_or_is_refused(at: int, byte: int) -> None:
    changed = PACKED[:at] + bytes([byte]) + PACKED[at + 1 :]
    try:
        model = unpacked(changed)
    except BadModel:
        return
    assert isinstance(model, Model)
    assert model.digest == digest_of(changed)
