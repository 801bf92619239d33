"""Every store of files does what `shared.files.FileStore` says: one set of tests over all of them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.files import (
    PIECE_BYTES,
    FileMissing,
    FilesSettings,
    FileStore,
    MemoryFiles,
    store_at,
)

KEY = "contact/2026-11-30/2f1c9dkcm3v8w0q4r7t6y5u1ab/1"


@pytest.fixture(params=["memory", "directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """Return an empty store."""
    if request.param == "memory":
        return MemoryFiles()
    if request.param == "s3":
        return store_at(request.getfixturevalue("s3_settings"))
    return store_at(FilesSettings(tmp_path.as_uri()))


def _read(store: FileStore, key: str = KEY, *, start: int = 0, end: int | None = None) -> bytes:
    with store.open(key, start=start, end=end) as opened:
        return b"".join(opened)


def _names(store: FileStore, prefix: str = "") -> list[str]:
    return sorted(one.key for one in store.keys(prefix))


def _pieces(content: bytes, size: int = PIECE_BYTES) -> Iterable[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [0, 1, 255, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES, 12 * PIECE_BYTES + 7])
def test_what_is_put_is_read_byte_for_byte(store: FileStore, size: int) -> None:
    content = os.urandom(size)

    store.put(KEY, _pieces(content, 300_001))

    with store.open(KEY) as opened:
        pieces = list(opened)
    assert b"".join(pieces) == content
    assert opened.size == size
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)


def test_pieces_may_be_of_any_size_and_empty(store: FileStore) -> None:
    store.put(KEY, [b"", b"a", b"", b"b" * (2 * PIECE_BYTES), b""])

    assert _read(store) == b"a" + b"b" * (2 * PIECE_BYTES)


_CONTENT = bytes(range(256)) * 10_000


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, None), (0, 0), (0, 1), (5, 5), (5, 300), (0, 2_560_000), (1_048_575, 1_048_577), (2_559_999, None)],
)
def test_a_range_is_read(store: FileStore, start: int, end: int | None) -> None:
    store.put(KEY, [_CONTENT])

    with store.open(KEY, start=start, end=end) as opened:
        assert b"".join(opened) == _CONTENT[start:end]
    assert opened.size == len(_CONTENT)


@pytest.mark.parametrize(("start", "end"), [(2_560_000, None), (9_999_999, None), (2_559_000, 9_999_999), (10, 5)])
def test_a_range_beyond_the_file_ends_with_it(store: FileStore, start: int, end: int | None) -> None:
    store.put(KEY, [_CONTENT])

    assert _read(store, start=start, end=end) == _CONTENT[start:end]


def test_what_is_not_there_is_missing(store: FileStore) -> None:
    store.put(KEY, [b"x"])

    for key in ("contact/2026-11-30/other/1", "contact/2026-11-30", "nothing", f"{KEY}/1"):
        with pytest.raises(FileMissing):
            store.open(key)


def test_deleting_leaves_the_others_and_may_be_done_again(store: FileStore) -> None:
    store.put("a/1/x/1", [b"1"])
    store.put("a/1/x/2", [b"2"])

    for _ in range(2):
        store.delete(["a/1/x/1", "a/1/never/1", "a/1/x/1/2"])
    store.delete([])

    assert _names(store) == ["a/1/x/2"]
    with pytest.raises(FileMissing):
        store.open("a/1/x/1")


def test_many_are_deleted_at_once(store: FileStore) -> None:
    names = [f"a/2026-11-30/{number}/1" for number in range(1100)]
    for name in names[::100]:
        store.put(name, [b"x"])

    store.delete(names)

    assert list(store.keys()) == []


def test_keys_say_size_and_moment(store: FileStore) -> None:
    before = datetime.now(UTC)
    store.put(KEY, [b"12345"])

    (found,) = store.keys()

    assert (found.key, found.size) == (KEY, 5)
    assert before - timedelta(seconds=2) <= found.put_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert found.put_at.utcoffset() == timedelta(0)


def test_a_prefix_is_whole_parts(store: FileStore) -> None:
    for key in ("con/2026-11-30/a/1", "contact/2026-11-30/a/1", "contact/2026-12-01/b/1", "contact/2026-12-01/b/2"):
        store.put(key, [b"x"])

    found = {
        prefix: sorted(one.key for one in store.keys(prefix)) for prefix in ("con", "contact", "contact/2026-12-01")
    }

    assert found["con"] == ["con/2026-11-30/a/1"]
    assert len(found["contact"]) == 3
    assert found["contact/2026-12-01"] == ["contact/2026-12-01/b/1", "contact/2026-12-01/b/2"]
    assert list(store.keys("nobody")) == []
    assert list(store.keys("contact/2026-12-01/b/1")) == []


class _ClosedByTheVisitor(Exception):
    pass


def _broken(content: bytes) -> Iterator[bytes]:
    yield from _pieces(content)
    raise _ClosedByTheVisitor


@pytest.mark.parametrize("size", [0, 100, 7 * PIECE_BYTES, 12 * PIECE_BYTES])
def test_nothing_stays_of_a_file_that_broke_off(store: FileStore, size: int) -> None:
    with pytest.raises(_ClosedByTheVisitor):
        store.put(KEY, _broken(b"x" * size))

    assert list(store.keys()) == []
    with pytest.raises(FileMissing):
        store.open(KEY)


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError("not the store's"), OSError(errno.ENOSPC, "not the store's"), TimeoutError(), KeyError()],
)
@pytest.mark.parametrize("size", [1, 2 * PIECE_BYTES])
def test_what_the_pieces_raise_comes_out_as_it_is(store: FileStore, error: Exception, size: int) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * size
        raise error

    with pytest.raises(type(error)) as raised:
        store.put(KEY, pieces())

    assert raised.value is error


def test_a_file_that_broke_off_leaves_the_one_before(store: FileStore) -> None:
    store.put(KEY, [b"before"])

    with pytest.raises(_ClosedByTheVisitor):
        store.put(KEY, _broken(b"x" * 7 * PIECE_BYTES))
    assert _read(store) == b"before"

    store.put(KEY, [b"after"])
    assert _read(store) == b"after"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        "../a",
        "a/../b",
        "a/.incoming",
        ".a",
        "a/b\0",
        "a b",
        "a\n",
        "ä",
        "a\\b",
        "a" * 513,
    ],
)
def test_no_other_name_is_a_key(store: FileStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        store.put(key, [b"x"])
    with pytest.raises(ValueError, match="not a key"):
        store.open(key)
    with pytest.raises(ValueError, match="not a key"):
        store.delete([key])


def test_the_probe_leaves_nothing(store: FileStore) -> None:
    store.check()

    assert list(store.keys()) == []


def test_many_at_once_do_not_mix(store: FileStore) -> None:
    def put_and_read(number: int) -> None:
        content = hashlib.sha256(str(number).encode()).digest() * 10_000
        for turn in range(4):
            key = f"contact/2026-11-30/{number}/{turn}"
            store.put(key, _pieces(content, 50_000))
            assert _read(store, key) == content
            if turn % 2:
                store.delete([key])

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(put_and_read, range(48)))

    assert len(list(store.keys())) == 96


def test_one_file_is_read_by_many_at_once(store: FileStore) -> None:
    content = os.urandom(3 * PIECE_BYTES)
    store.put(KEY, [content])

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda start: _read(store, start=start), range(0, 800, 100)))

    assert read == [content[start:] for start in range(0, 800, 100)]
