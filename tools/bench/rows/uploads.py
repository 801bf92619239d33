"""Measures 64 uploads of 25 MB at once into one gateway worker: how fast they are durable, and what the worker holds.

Beside it stands what the disk does by itself: 64 times `cat` into a file, synced, at once. Both read what is in memory.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.claims import CAT, IDLE, MEMORY, UPLOADED, UPLOADS
from bench.resident import watched
from bench.rounds import BenchFailed, Subject
from bench.services import gateway
from bench.world import World

AT_ONCE = 64
ANSWER_S = 300
_PIECE_BYTES = 256 * 1024
_BOUNDARY = "a-boundary-of-the-bench"
_FORM = """
[forms.uploads]
fields.file = {type = "file", max_size = "30 MB"}
"""


@contextmanager
def uploads(world: World) -> Iterator[list[Subject]]:
    """Yield a gateway with a directory, and the disk below the same directory."""
    content = world.directory / "upload.pdf"
    content.write_bytes(b"%PDF-1.7\n" + os.urandom(world.scale.upload_bytes))
    forms = world.directory / "uploads.toml"
    forms.write_text(_FORM)
    yield [
        Subject(UPLOADS, partial(_upload, world, content, str(forms))),
        Subject(CAT, partial(_copy, world, content)),
    ]
    content.unlink()


def _upload(world: World, content: Path, forms: str) -> Mapping[str, float]:
    folder = world.directory / "uploaded"
    folder.mkdir()
    program = gateway(world.broker.url, name=UPLOADS, forms=forms, workers=1, files_url=folder.as_uri())
    body = _body(content.read_bytes())
    try:
        with program.running(world.directory) as running, watched(running.pid) as resident:
            _post(running.port, _body(b"%PDF-1.7\n"))  # the first one pays for what is made at first
            resident.sample()
            before = resident.most_mb[0]
            seconds = _all_at_once(lambda _: _post(running.port, body))
        _check(folder, content.stat().st_size)
    finally:
        shutil.rmtree(folder)
    held = {MEMORY: resident.most_mb[0], IDLE: before}
    return {UPLOADED: AT_ONCE * len(body) / seconds / 1e6, **held}


def _copy(world: World, content: Path) -> Mapping[str, float]:
    folder = world.directory / "copied"
    folder.mkdir()
    try:
        seconds = _all_at_once(partial(_cat, content, folder))
    finally:
        shutil.rmtree(folder)
    return {UPLOADED: AT_ONCE * content.stat().st_size / seconds / 1e6}


def _all_at_once(work: Callable[[int], None]) -> float:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        began = time.perf_counter()
        list(threads.map(work, range(AT_ONCE)))
        return time.perf_counter() - began


def _cat(content: Path, folder: Path, number: int) -> None:
    command = 'cat "$1" >"$2" && sync "$2"'
    subprocess.run(["sh", "-c", command, "sh", str(content), str(folder / str(number))], check=True)


def _body(content: bytes) -> bytes:
    said = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    return said.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _post(port: int, body: bytes) -> None:
    """Send one submission; raises `BenchFailed` where it gets no 202."""
    head = (
        f"POST /f/uploads HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nAccept: application/json\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as connection:
        connection.sendall(head.encode())
        rest = memoryview(body)
        while rest:
            rest = rest[connection.send(rest[:_PIECE_BYTES]) :]
        answer = connection.recv(4096)
    if not answer.startswith(b"HTTP/1.1 202"):
        raise BenchFailed(f"an upload was answered {answer[:300]!r}")


def _check(folder: Path, size: int) -> None:
    """Raise `BenchFailed` unless each is there as a whole."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    if sizes.count(size) != AT_ONCE:
        raise BenchFailed(f"{sizes.count(size)} of {AT_ONCE} files are there")
