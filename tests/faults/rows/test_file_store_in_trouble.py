"""Rows 29 and 30: the store of files answers 503 for a minute, and its disk is full, while people post files.

Every file of what was accepted is there afterwards, with its hash; the rest was told 503, and nothing of it is left.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dev.seaweed import Seaweed
from shared.files import FilesSettings, store_at
from support.faulty.swept import Swept
from support.faulty.table import Row
from support.faulty.uploading import AT_ONCE, LONGEST_S, Uploading
from support.s3_proxy import S3Proxy, in_front_of
from support.small_disk import filled, seen
from support.uploads import UploadServer

MINUTE_S = 60.0
KB = 1024
MANY = [(2 * KB,), (400 * KB,), (6 * 1024 * KB,), (2 * KB, 400 * KB)]
"""What goes to a bucket in one request, in several, and two files of one submission."""

AWAY = "503 FILES_UNAVAILABLE"


@contextmanager
def storing(store: FilesSettings, told: Mapping[str, str], folder: Path) -> Iterator[Swept]:
    """Run two storages and what sweeps; the test looks at the store by itself."""
    world = Swept(store_at(store), told, folder)
    try:
        world.begin()
        yield world
    finally:
        world.end()


@pytest.fixture
def proxy(seaweed: Seaweed) -> Iterator[S3Proxy]:
    with in_front_of(seaweed.port) as proxy:
        yield proxy


def second_fails(method: str, path: str) -> str | None:
    """Break what puts a second file, and what deletes: the first one is left."""
    return "503" if path.partition("?")[0].endswith("/2") or "delete" in path or method == "DELETE" else None


def test_row_29_the_store_answers_503_for_a_minute(
    tmp_path: Path, broker_url: str, postgres_url: str, s3_settings: FilesSettings, proxy: S3Proxy, row: Row
) -> None:
    through = dataclasses.replace(s3_settings, endpoint=proxy.endpoint)
    names = ("url", "key_id", "secret", "endpoint", "region")
    files = {f"COUNTERFOIL_FILES_{name.upper()}": str(getattr(through, name)) for name in names}
    told = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_DATABASE_URL": postgres_url, **files}
    with storing(s3_settings, told, tmp_path) as swept, UploadServer(tmp_path, broker_url, **files) as server:
        uploading = Uploading(server.url)
        assert uploading.post_several(MANY) == {"202"}
        until_s = time.monotonic() + MINUTE_S
        proxy.always("503")
        while time.monotonic() < until_s - MINUTE_S / 3:
            assert uploading.post_several(MANY) == {AWAY}
            assert server.post().status_code == 202, "a form without files needs no store"
            uploading.without_files += 1
        proxy.breaks = second_fails
        while time.monotonic() < until_s:
            assert uploading.post_several([(2 * KB, 2 * KB)] * AT_ONCE) == {AWAY}
        assert len(list(swept.store.keys())) > len(MANY) + 1, "vacuous: nothing was left of what was refused"
        proxy.always(None)
        assert uploading.post_several(MANY) == {"202"}
        assert uploading.longest_s < LONGEST_S
        row.note(uploading.conclude(swept))


def test_row_30_the_disk_of_the_store_is_full(tmp_path: Path, broker_url: str, postgres_url: str, row: Row) -> None:
    told = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_DATABASE_URL": postgres_url}
    with ExitStack() as running:
        server = running.enter_context(UploadServer(tmp_path, broker_url, "tests.support.small_disk"))
        folder = seen(server.pid, server.folder)
        files = FilesSettings(folder.as_uri())
        swept = running.enter_context(storing(files, {**told, "COUNTERFOIL_FILES_URL": files.url}, tmp_path))
        uploading = Uploading(server.url)
        assert uploading.post_several(MANY) == {"202"}
        with filled(folder, but=0):
            assert uploading.post_several(MANY * 3) == {AWAY}
            assert server.post().status_code == 202, "a form without files needs no room"
            uploading.without_files += 1
        with filled(folder, but=3 * 1024 * KB):  # there is room for the first of two files
            for _ in range(AT_ONCE):
                assert uploading.post((2 * 1024 * KB, 2 * 1024 * KB)) == AWAY
            assert uploading.post((2 * KB,)) == "202"
        assert list((folder / ".incoming").iterdir()) == []
        assert len(list(swept.store.keys())) == len(MANY) + 2, "what was refused is deleted at once"
        assert uploading.post_several(MANY) == {"202"}
        row.note(uploading.conclude(swept))
