"""A batch closes by size or by age; the clock is handed in."""

from __future__ import annotations

from shared.messaging.batching import PREFETCH_LEAST, Batch, BatchLimits


def test_an_empty_batch_waits_for_ever() -> None:
    assert Batch[int](BatchLimits(3, 1.0)).wait_s(now_s=100.0) is None


def test_it_closes_by_age_counted_from_its_first_item() -> None:
    batch = Batch[int](BatchLimits(3, 1.0))
    batch.add(1, now_s=100.0)
    batch.add(2, now_s=100.9)
    assert batch.wait_s(now_s=100.25) == 0.75
    assert batch.wait_s(now_s=101.5) == 0.0
    assert batch.take() == [1, 2]
    assert batch.wait_s(now_s=101.5) is None


def test_it_closes_by_size() -> None:
    batch = Batch[int](BatchLimits(2, 60.0))
    batch.add(1, now_s=0.0)
    assert not batch.is_full
    batch.add(2, now_s=0.0)
    assert batch.is_full
    assert batch.wait_s(now_s=0.0) == 0.0


def test_a_consumer_asks_for_two_batches() -> None:
    assert BatchLimits(500, 0.02).prefetch == 1000
    assert BatchLimits(1).prefetch == PREFETCH_LEAST


def test_it_closes_by_bytes() -> None:
    batch = Batch[int](BatchLimits(100, 60.0, size_bytes=1000))
    batch.add(1, now_s=0.0, size_bytes=999)
    assert batch.wait_s(now_s=0.0) == 60.0
    batch.add(2, now_s=0.0, size_bytes=1)
    assert batch.wait_s(now_s=0.0) == 0.0
    batch.take()
    batch.add(3, now_s=0.0, size_bytes=999)
    assert batch.wait_s(now_s=0.0) == 60.0
