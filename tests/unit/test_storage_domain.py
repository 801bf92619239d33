"""What is to be stored of a batch."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import SubmissionAccepted
from storage_service.store.domain import Existing, plan
from support.events import an_event

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in (1, 2, 3))

batches = st.lists(
    st.builds(lambda key, name: an_event(id=UUID(int=key), name=name), st.integers(0, 5), st.sampled_from("xyz"))
)


def test_the_first_event_of_an_id_counts() -> None:
    first, second = an_event(id=A, name="first"), an_event(id=A, name="second")
    batch = plan([first, second])
    assert batch.firsts == (first,)
    assert batch.repeats == (second,)


@given(batches)
def test_nothing_of_a_batch_is_lost_and_all_of_it_is_in_order(events: list[SubmissionAccepted]) -> None:
    batch = plan(events)
    by_identity = sorted(id(event) for event in events)
    assert sorted(id(event) for event in (*batch.firsts, *batch.repeats)) == by_identity
    assert [event.id for event in batch.firsts] == sorted({event.id for event in events})
    assert [event.id for event in batch.repeats] == sorted(event.id for event in batch.repeats)


@given(batches, st.dictionaries(st.integers(0, 5), st.sampled_from("xyz")))
def test_a_conflict_is_what_differs_from_what_stands(events: list[SubmissionAccepted], before: dict[int, str]) -> None:
    existing = {UUID(int=key): Existing(an_event(name=name).fingerprint, NOW) for key, name in before.items()}
    firsts: dict[UUID, str] = {}
    for event in events:
        firsts.setdefault(event.id, event.fingerprint)
    standing = firsts | {key: row.fingerprint for key, row in existing.items()}
    expected = {(event.id, event.fingerprint) for event in events if event.fingerprint != standing[event.id]}
    found = [(event.id, event.fingerprint) for event in plan(events).conflicts(existing)]
    assert found == sorted(expected)


def test_ids_are_told_by_the_moment_at_which_they_were_stored() -> None:
    batch = plan([an_event(id=key) for key in (C, A, B)])
    earlier = NOW.replace(hour=9)
    existing = {A: Existing("f", earlier), C: Existing("f", NOW)}
    assert batch.moments(existing, stored_at=NOW) == {earlier: (A,), NOW: (B, C)}
    assert plan([]).moments({}, stored_at=NOW) == {}
