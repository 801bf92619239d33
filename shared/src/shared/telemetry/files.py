"""Measures files: what is taken and refused, how long scans last, and how the store of files fares."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.files import FileStore, Opened, StoredKey, StoreFull, StoreUnavailable

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)

_REASONS = (
    "file_infected",
    "file_type_not_allowed",
    "files_too_big",
    "files_unavailable",
    "no_file_uploads",
    "too_many_files",
    "uploads_busy",
)


class FileInstruments:
    """The metrics of files in one process: a gateway's worker, or a console."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._files = Counter("counterfoil_files", "Files of accepted submissions.", registry=registry)
        self._bytes = Counter("counterfoil_files_bytes", "Bytes of files of accepted submissions.", registry=registry)
        self._refused = Counter(
            "counterfoil_files_refused",
            "Submissions refused because of their files, by the code of the answer.",
            ["reason"],
            registry=registry,
        )
        self._scans = Histogram(
            "counterfoil_files_scan_seconds",
            "How long ClamAV took over a file: clean, infected, or away where it did not answer.",
            ["result"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._errors = Counter(
            "counterfoil_files_store_errors",
            "What the store of files did not do, by what was asked and why: away (or slow, or failing), or full.",
            ["operation", "why"],
            registry=registry,
        )

        self._begin_at_nothing()

    def _begin_at_nothing(self) -> None:
        """Show every count from the start: what grows from nothing to one has no rate where nothing was shown."""
        for reason in _REASONS:
            self._refused.labels(reason)
        for result in ("clean", "infected", "away"):
            self._scans.labels(result)
        for operation in ("put", "open", "delete", "keys", "check"):
            for why in ("away", "full"):
                self._errors.labels(operation, why)

    def accepted(self, sizes: Sequence[int]) -> None:
        """Count the files of an accepted submission, each by its bytes."""
        self._files.inc(len(sizes))
        self._bytes.inc(sum(sizes))

    def refused(self, code: str) -> None:
        """Count a submission that is refused because of its files: `FILE_INFECTED`."""
        self._refused.labels(code.lower()).inc()

    def scanned(self, result: str, seconds: float) -> None:
        """Count a scan: `clean`, `infected`, `away`."""
        self._scans.labels(result).observe(seconds)

    def failed(self, operation: str, error: StoreUnavailable) -> None:
        """Count what the store did not do: `put`, `open`, `delete`, `keys`, `check`."""
        self._errors.labels(operation, "full" if isinstance(error, StoreFull) else "away").inc()


class MeasuredFiles:
    """A store of files whose failures are counted; it does what `shared.files.FileStore` says."""

    def __init__(self, store: FileStore, instruments: FileInstruments) -> None:
        self._store = store
        self._instruments = instruments

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """See `FileStore.put`."""
        with self._counted("put"):
            self._store.put(key, pieces)

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        """See `FileStore.open`."""
        with self._counted("open"):
            opened = self._store.open(key, start=start, end=end)
        return Opened(opened.size, self._each("open", opened), opened.close)

    def delete(self, keys: Sequence[str]) -> None:
        """See `FileStore.delete`."""
        with self._counted("delete"):
            self._store.delete(keys)

    def keys(self, prefix: str = "") -> Iterator[StoredKey]:
        """See `FileStore.keys`."""
        with self._counted("keys"):
            yield from self._store.keys(prefix)

    def check(self) -> None:
        """See `FileStore.check`."""
        with self._counted("check"):
            self._store.check()

    def _each(self, operation: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        with self._counted(operation):
            yield from pieces

    @contextmanager
    def _counted(self, operation: str) -> Iterator[None]:
        try:
            yield
        except StoreUnavailable as error:
            self._instruments.failed(operation, error)
            raise


class _Space(Collector):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return  # no figure is better than a wrong one
        free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
        yield GaugeMetricFamily(
            "counterfoil_files_free_bytes", "Bytes that the disk of the directory of files still takes.", value=free
        )
        yield GaugeMetricFamily(
            "counterfoil_files_disk_bytes", "Bytes of the disk of the directory of files.", value=size
        )


def measure_space(registry: CollectorRegistry, folder: Path | None) -> None:
    """Report the space of a directory of files at each scrape; nothing for an object store, which has no end."""
    if folder is not None:
        registry.register(_Space(folder))
