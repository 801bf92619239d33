"""Every registered event is written and read by the same door, and each has golden examples."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import REGISTRY, DeliveryDue, InvalidEvent, SubmissionAccepted, decode, decoder, encode, register
from shared.contracts.delivery import _decoded_quickly, _decoded_strictly
from shared.contracts.event import Event
from support.events import WRITTEN_AT, an_event, registered_events

EXAMPLES = Path(__file__).parent / "examples"
BITS = [b'"', b"\\u0041", b"}", b',"x":1', b" ", b"{", b"\xff"]


@dataclass(frozen=True)
class Erased:
    """A toy event."""

    TYPE: ClassVar[str] = "toy.erased.v1"

    id: UUID

    def encode(self) -> bytes:
        return str(self.id).encode()

    @classmethod
    def decode(cls, body: bytes) -> Erased:
        return cls(UUID(body.decode()))


@pytest.mark.parametrize("type_", sorted(registered_events()))
def test_each_event_has_examples_that_decode_and_encode_back(type_: str) -> None:
    paths = sorted((EXAMPLES / type_).glob("*.json"))
    assert paths, f"no examples of {type_}"
    for path in paths:
        event = decode(path.read_bytes(), type=type_, types=(REGISTRY[type_],))
        assert decode(encode(event), type=type_, types=(REGISTRY[type_],)) == event


def test_a_toy_is_registered_written_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Erased(uuid4())
    with pytest.raises(ValueError, match="not registered"):
        encode(toy)
    with pytest.raises(ValueError, match="not registered"):
        decoder(Erased)
    monkeypatch.setitem(REGISTRY, Erased.TYPE, Erased)
    register(Erased)  # again: no harm
    assert decode(encode(toy), type=toy.TYPE, types=(SubmissionAccepted, Erased)) == toy


def test_every_event_of_the_package_is_registered() -> None:
    known = set(registered_events().values())
    modules = [module for name, module in sys.modules.items() if name.startswith("shared.contracts.")]
    classes = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    assert {one for one in classes if hasattr(one, "TYPE") and hasattr(one, "decode")} - {Event} == known


def test_two_events_cannot_have_one_type() -> None:
    @dataclass(frozen=True)
    class Other(Erased):
        TYPE: ClassVar[str] = SubmissionAccepted.TYPE

    with pytest.raises(ValueError, match="registered already"):
        register(Other)  # type: ignore[type-var]  # reads itself as another


def test_a_consumer_gets_no_type_that_it_does_not_take() -> None:
    with pytest.raises(InvalidEvent, match=r"expected delivery\.due\.v1"):
        decode(encode(an_event()), type=SubmissionAccepted.TYPE, types=(DeliveryDue,))


def a_delivery() -> DeliveryDue:
    return DeliveryDue(uuid4(), "confirmation", replace(an_event(), accepted_at=WRITTEN_AT))


def test_a_delivery_carries_the_document_that_came() -> None:
    text = json.dumps(json.loads(encode(an_event())) | {"added": 1}, indent=1)
    event = decode(text.encode(), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    assert text in encode(DeliveryDue(uuid4(), "webhook", event)).decode()


def test_a_plain_delivery_is_read_quickly() -> None:
    due = a_delivery()
    assert _decoded_quickly(due.encode()) == due == _decoded_strictly(due.encode())


@given(st.integers(0, 400), st.integers(0, 9), st.sampled_from(BITS))
def test_what_of_a_delivery_is_read_quickly_is_read_strictly_the_same(at: int, length: int, bit: bytes) -> None:
    body = a_delivery().encode()
    if quick := _decoded_quickly(body[:at] + bit + body[at + length :]):
        assert quick == _decoded_strictly(body[:at] + bit + body[at + length :])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"delivery": "x"}, "delivery"),
        ({"delivery": None}, "delivery"),
        ({"channel": 1}, "channel"),
        ({"submission": []}, "submission"),
        ({"submission": {"id": "x"}}, "accepted_at"),
    ],
)
def test_a_delivery_that_is_none_names_the_place(change: dict[str, object], place: str) -> None:
    document = json.loads(a_delivery().encode()) | change
    with pytest.raises(InvalidEvent, match=f"^{place}"):
        DeliveryDue.decode(json.dumps(document).encode())
