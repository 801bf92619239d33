"""The store in a bucket, while the S3 server behind it is away, slow, full or says no."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dev.seaweed import Seaweed
from shared.files import FilesSettings, FileStore, StoreFull, StoreUnavailable, store_at
from shared.files.buckets import REQUEST_S, opened
from shared.files.objects import ObjectFiles
from shared.files.settings import LARGE_AT_ONCE
from support.s3_proxy import S3Proxy, in_front_of

KEY = "contact/2026-11-30/2f1c9dkcm3v8w0q4r7t6y5u1ab/1"
MB = 1024 * 1024
LARGE = [b"x" * MB] * 12

DOES: dict[str, Callable[[FileStore], object]] = {
    "put a small file": lambda store: store.put(KEY, [b"x"]),
    "put a large file": lambda store: store.put(KEY, LARGE),
    "open": lambda store: store.open("a/b/c/1"),
    "read": lambda store: list(store.open("a/b/c/1")),
    "delete": lambda store: store.delete(["a/b/c/1"]),
    "keys": lambda store: list(store.keys()),
    "check": lambda store: store.check(),
}


@pytest.fixture
def proxy(seaweed: Seaweed) -> Iterator[S3Proxy]:
    """Return a proxy in front of the S3 server."""
    with in_front_of(seaweed.port) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: S3Proxy, s3_settings: FilesSettings) -> FileStore:
    """Return a store behind the proxy, with one file."""
    store = store_at(dataclasses.replace(s3_settings, endpoint=proxy.endpoint))
    store.put("a/b/c/1", [b"there"])
    return store


@pytest.mark.parametrize("what", ["503", "500", "cut"])
@pytest.mark.parametrize("does", DOES)
def test_a_moment_of_trouble_is_not_noticed(store: FileStore, proxy: S3Proxy, does: str, what: str) -> None:
    proxy.times(2, what)

    DOES[does](store)


def _fails_in(store: FileStore, does: Callable[[FileStore], object]) -> float:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        does(store)
    return time.monotonic() - began


def _times(store: FileStore) -> dict[str, float]:
    with ThreadPoolExecutor(len(DOES)) as threads:
        return dict(zip(DOES, threads.map(lambda does: _fails_in(store, does), DOES.values()), strict=True))


def test_a_server_that_answers_503_is_said_in_time(store: FileStore, proxy: S3Proxy) -> None:
    proxy.always("503")

    took = _times(store)

    assert max(took.values()) < REQUEST_S, took


def test_a_server_that_hangs_is_said_in_time(store: FileStore, proxy: S3Proxy) -> None:
    proxy.breaks = lambda _method, path: None if path.endswith("?uploads") else "hang"

    took = _times(store)

    assert max(took.values()) < 2 * REQUEST_S + 5, took  # a put that fails asks the server once more: to forget it


def test_a_server_that_is_away_is_said_in_time(seaweed: Seaweed, s3_settings: FilesSettings) -> None:
    away = store_at(dataclasses.replace(s3_settings, endpoint="http://127.0.0.1:9"))

    assert _fails_in(away, DOES["put a small file"]) < REQUEST_S + 5


@pytest.mark.parametrize("broken", ["partNumber=2", "POST"])
def test_a_put_that_fails_takes_its_parts_back(store: FileStore, proxy: S3Proxy, seaweed: Seaweed, broken: str) -> None:
    begun = seaweed.unfinished()
    proxy.breaks = lambda method, path: "503" if f"{method} {path}".count(broken) and "uploads" not in path else None

    with pytest.raises(StoreUnavailable):
        store.put(KEY, LARGE)

    assert any("partNumber=1" in asked for asked in proxy.asked)
    assert seaweed.unfinished() == begun
    assert [one.key for one in list(store.keys())] == ["a/b/c/1"]


def test_a_file_that_breaks_off_takes_its_parts_back(store: FileStore, seaweed: Seaweed) -> None:
    seen: list[list[str]] = []

    def pieces() -> Iterator[bytes]:
        yield from LARGE
        seen.append(seaweed.unfinished())
        raise KeyError

    begun = seaweed.unfinished()
    with pytest.raises(KeyError):
        store.put(KEY, pieces())

    assert len(seen[0]) == len(begun) + 1
    assert seaweed.unfinished() == begun


def test_a_full_store_is_said(store: FileStore, proxy: S3Proxy) -> None:
    proxy.always("507")

    with pytest.raises(StoreFull, match=r"s3://files/test-.* is full: XMinioStorageFull"):
        store.put(KEY, [b"x"])


def test_a_wrong_key_is_said_with_the_mend(s3_settings: FilesSettings) -> None:
    for changes, mend in (({"key_id": "other"}, "COUNTERFOIL_FILES_KEY_ID"), ({"secret": "x" * 16}, "FILES_SECRET")):
        store = store_at(dataclasses.replace(s3_settings, **changes))
        with pytest.raises(StoreUnavailable, match=mend) as raised:
            store.check()
        assert str(s3_settings.secret) not in str(raised.value)


def test_a_large_file_waits_for_its_turn_and_small_ones_pass(s3_settings: FilesSettings) -> None:
    store = ObjectFiles(opened(s3_settings), "the store", turn_s=0.5)
    held = threading.Event()
    begun = threading.Semaphore(0)

    def slow() -> Iterator[bytes]:
        yield b"x" * MB
        begun.release()
        held.wait(30)

    with ThreadPoolExecutor(LARGE_AT_ONCE) as threads:
        slow_ones = [threads.submit(store.put, f"slow/{n}", slow()) for n in range(LARGE_AT_ONCE)]
        for _ in slow_ones:
            begun.acquire()
        with pytest.raises(StoreUnavailable, match="large files are going"):
            store.put(KEY, LARGE)
        store.put("small/1", [b"x" * 100_000])
        held.set()
        for one in slow_ones:
            one.result()
    store.put(KEY, LARGE)

    assert len(list(store.keys())) == LARGE_AT_ONCE + 2


_MANY = """
import os, sys, threading, resource
from shared.files import FilesSettings, store_at

url, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
names = ("KEY_ID", "SECRET", "ENDPOINT", "REGION")
store = store_at(FilesSettings(url, *(os.environ.get(f"COUNTERFOIL_FILES_{name}") for name in names)))
store.check()
store._turn_s = 300  # here each waits for its turn for as long as it takes: a gateway would refuse some
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = most()
failed = []
def put(number):
    try:
        store.put(f"many/{number}", (os.urandom(1024 * 1024) for _ in range(size)))
    except BaseException as error:
        failed.append(repr(error))
threads = [threading.Thread(target=put, args=(number,)) for number in range(count)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(most() - before, len(list(store.keys("many"))), failed)
"""


@pytest.mark.parametrize("kind", ["s3", "directory"])
def test_64_large_files_at_once_hold_little_memory(kind: str, seaweed: Seaweed, tmp_path: object) -> None:
    variables = {"COUNTERFOIL_FILES_URL": f"file://{tmp_path}"} if kind == "directory" else seaweed.environment("many")
    program = [sys.executable, "-c", _MANY, variables["COUNTERFOIL_FILES_URL"], "64", "7"]

    said = subprocess.run(program, env=os.environ | variables, capture_output=True, text=True, timeout=300)

    assert said.returncode == 0, said.stderr
    grown, kept, failed = said.stdout.split(maxsplit=2)
    assert (kept, failed.strip()) == ("64", "[]")
    assert int(grown) < 150, said.stdout
