"""The metrics of files: what is counted, under which names."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from shared.files import MemoryFiles, StoreFull, StoreUnavailable
from shared.telemetry.files import FileInstruments, MeasuredFiles, measure_space


def test_counts_what_is_accepted_refused_and_scanned() -> None:
    registry = CollectorRegistry()
    instruments = FileInstruments(registry)
    instruments.accepted([10, 20])
    instruments.refused("FILE_INFECTED")
    instruments.scanned("clean", 0.2)
    assert registry.get_sample_value("counterfoil_files_total") == 2
    assert registry.get_sample_value("counterfoil_files_bytes_total") == 30
    assert registry.get_sample_value("counterfoil_files_refused_total", {"reason": "file_infected"}) == 1
    assert registry.get_sample_value("counterfoil_files_scan_seconds_count", {"result": "clean"}) == 1


def test_counts_what_the_store_did_not_do_and_lets_the_rest_through() -> None:
    registry, store = CollectorRegistry(), MemoryFiles()
    measured = MeasuredFiles(store, FileInstruments(registry))
    measured.check()
    measured.put("contact/2026-11-30/abc/1", [b"abc"])
    assert [one.size for one in measured.keys("contact")] == [3]
    with measured.open("contact/2026-11-30/abc/1", start=1) as opened:
        assert (opened.size, b"".join(opened)) == (3, b"bc")
    store.failure = StoreFull("full")
    with pytest.raises(StoreFull):
        measured.put("contact/2026-11-30/abc/2", [b"abc"])
    store.failure = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        measured.delete(["contact/2026-11-30/abc/1"])
    with pytest.raises(StoreUnavailable):
        list(measured.keys())
    errors = "counterfoil_files_store_errors_total"
    assert registry.get_sample_value(errors, {"operation": "put", "why": "full"}) == 1
    assert registry.get_sample_value(errors, {"operation": "delete", "why": "away"}) == 1
    assert registry.get_sample_value(errors, {"operation": "keys", "why": "away"}) == 1


def test_tells_the_space_of_a_directory_alone(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    measure_space(registry, None)
    assert registry.get_sample_value("counterfoil_files_free_bytes") is None
    measure_space(registry, tmp_path)
    free = registry.get_sample_value("counterfoil_files_free_bytes")
    disk = registry.get_sample_value("counterfoil_files_disk_bytes")
    assert free is not None
    assert disk is not None
    assert 0 < free <= disk
