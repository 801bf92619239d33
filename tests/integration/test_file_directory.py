"""The store in a directory: what it does in which order, and what it says of disks that are full or not its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from shared.files import FileMissing, FilesSettings, FileStore, StoreUnavailable, store_at
from shared.files.directory import INCOMING
from support.pace import stretched_s

KEY = "contact/2026-11-30/request/1"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """Return an empty store."""
    return store_at(FilesSettings(tmp_path.as_uri()))


class _Calls:
    """Notes what this thread asks the system for, while it does: `sync`, and a path below `root`, or another name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.seen: list[str] = []

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        name = getattr(called, "__name__", "")
        if event == "c_call" and name == "fsync":
            handle = frame.f_locals.get("target", frame.f_locals.get("opened"))
            path = Path(f"/proc/self/fd/{handle}").readlink().relative_to(self._root).as_posix()
            self.seen.append(f"sync {'the file' if path.startswith(INCOMING) else path}")
        elif event == "c_call" and name in ("write", "rename", "mkdir"):
            self.seen.append(str(name))


def _calls_of_a_put(store: FileStore, root: Path) -> list[str]:
    calls = _Calls(root)
    sys.setprofile(calls)
    try:
        store.put(KEY, [b"a", b"b"])
    finally:
        sys.setprofile(None)
    return calls.seen


def test_a_file_is_synced_before_its_name_and_the_directories_after(store: FileStore, tmp_path: Path) -> None:
    store.put("other/2026-11-30/request/1", [b"x"])  # .incoming is there

    calls = _calls_of_a_put(store, tmp_path)

    assert [call for call in calls if call != "mkdir"] == [
        "write",
        "write",
        "sync the file",
        "rename",
        "sync contact/2026-11-30/request",
        "sync contact/2026-11-30",
        "sync contact",
        "sync .",
    ]


def test_a_directory_that_another_has_just_made_is_synced_all_the_same(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / KEY).parent.mkdir(parents=True)

    assert "sync contact" in _calls_of_a_put(store, tmp_path)


def test_a_file_that_grows_is_seen_by_nobody(store: FileStore) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"begun"
        assert list(store.keys()) == []
        with pytest.raises(FileMissing):
            store.open(KEY)

    store.put(KEY, pieces())


def test_files_are_the_owners_alone(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, [b"x"])

    below = list(tmp_path.rglob("*"))
    assert {path.stat().st_mode & 0o077 for path in below} == {0}
    assert len(below) == 5


def test_deleting_leaves_no_empty_directories(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, [b"x"])
    store.delete([KEY])

    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]


def test_a_put_and_a_delete_of_its_neighbour_do_not_meet(store: FileStore) -> None:
    """The directory of both is removed for being empty, again and again, while the other gives its file a name."""
    ended = time.monotonic() + 2

    def put_and_delete(number: int) -> None:
        while time.monotonic() < ended:
            store.put(f"a/b/c/{number}", [b"x"])
            store.open(f"a/b/c/{number}").close()
            store.delete([f"a/b/c/{number}"])

    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            put_and_delete(number)
        except Exception as error:  # noqa: BLE001 - a thread's, for the test
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_what_a_killed_put_left_goes_a_day_later(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, [b"x"])
    old, young = tmp_path / INCOMING / "old", tmp_path / INCOMING / "young"
    for path, age_h in ((old, 25), (young, 23)):
        path.write_bytes(b"half a file")
        os.utime(path, (time.time() - age_h * 3600,) * 2)

    store.check()

    assert not old.exists()
    assert young.exists()
    assert [one.key for one in list(store.keys())] == [KEY]


def test_a_process_that_is_killed_leaves_nothing_under_the_key(store: FileStore, tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from shared.files import FilesSettings, store_at\n"
        "def pieces():\n    yield b'x' * 5_000_000\n    print('begun', flush=True)\n    sys.stdin.read()\n"
        f"store_at(FilesSettings({tmp_path.as_uri()!r})).put({KEY!r}, pieces())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()

    assert list(store.keys()) == []
    assert len(list((tmp_path / INCOMING).iterdir())) == 1


def _said(tmp_path: Path, program: str, *before: str) -> str:
    """Run a program that has a `store`, and return what it says."""
    text = (
        "import os, resource, signal, sys\n"
        "from shared.files import FilesSettings, StoreFull, StoreUnavailable, store_at\n"
        f"store = store_at(FilesSettings({tmp_path.as_uri()!r}))\n{program}"
    )
    run = subprocess.run([*before, sys.executable, "-c", text], capture_output=True, text=True, timeout=stretched_s(60))
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


_FILL = """
try:
    store.put("a/b/c/1", [b"x" * 100_000] * 100)
except StoreFull as error:
    print(error)
print([one.key for one in store.keys()], os.listdir("{root}/.incoming"))
store.put("a/b/c/2", [b"x" * 1000])
print([one.key for one in store.keys()])
"""


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A disk of 4 MB: mounting one needs root, or a namespace of one's own."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f'mount -t tmpfs -o size=4m none "{tmp_path}" && exec "$@"'

    said = _said(tmp_path, _FILL.format(root=tmp_path), "unshare", *as_root, "--mount", "sh", "-c", mount, "sh")

    assert said.splitlines() == [
        f"the disk of {tmp_path} is full (No space left on device): make room there",
        "[] []",
        "['a/b/c/2']",
    ]


def test_a_file_above_the_systems_limit_is_full_too(tmp_path: Path) -> None:
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))\n"

    said = _said(tmp_path, limit + _FILL.format(root=tmp_path))

    assert said.splitlines()[0] == f"the disk of {tmp_path} is full (File too large): make room there"
    assert said.splitlines()[1:] == ["[] []", "['a/b/c/2']"]


_ASK = """
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
for does in (lambda: store.put("a/b/c/1", [b"x"]), store.check, lambda: store.delete([{key!r}])):
    try:
        does()
        print("done")
    except StoreUnavailable as error:
        print(error)
"""


def test_a_directory_of_another_is_named_with_the_mend(server_directory: Path) -> None:
    root = server_directory / "files-of-another"
    root.mkdir()
    store_at(FilesSettings(root.as_uri())).put(KEY, [b"x"])
    for path in (root, *root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    said = _said(root, _ASK.format(key=KEY))

    (line,) = set(said.splitlines())
    assert line.startswith(f"{root} cannot be written or read (Permission denied): give it to the user ")
    for path in (root, *root.rglob("*")):
        path.chmod(0o755)


def test_a_directory_that_has_gone_is_named(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, [b"x"])
    tmp_path.rename(tmp_path.with_name("gone"))

    for does in (
        lambda: store.put(KEY, [b"x"]),
        lambda: store.open(KEY),
        lambda: store.delete([KEY]),
        lambda: list(store.keys()),
        store.check,
    ):
        with pytest.raises(StoreUnavailable, match="is not there: mount or make it"):
            does()


def test_a_file_that_is_cut_while_it_is_read_is_said(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, [b"x" * 3_000_000])
    with store.open(KEY) as opened:
        next(iter(opened))
        os.truncate(tmp_path / KEY, 1_500_000)
        with pytest.raises(StoreUnavailable, match="shorter"):
            list(opened)
