"""Small pictures of pictures that were made to do harm."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator

import pytest
from PIL import Image

from shared.files import MemoryFiles, StoreFull
from storage_service.previews import child
from storage_service.previews.child import Crowded, drawn
from storage_service.previews.drawing import SIDE, NotDrawn, draw
from storage_service.previews.keys import hash_in, preview_key
from storage_service.previews.previews import LATE_S, SOURCE_BYTES, Busy, NoPreview, Previews, has_preview
from support.files import a_picture

SHA256 = "a" * 64
MOST = 512 * 1024


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """Return a PNG that says that it is so large; its pixels are what is packed in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def frames() -> bytes:
    made = io.BytesIO()
    pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    pictures[0].save(made, "GIF", save_all=True, append_images=pictures[1:])
    return made.getvalue()


@pytest.mark.parametrize(
    "picture",
    [
        *(a_picture(kind, (900, 300)) for kind in ("JPEG", "PNG", "WEBP", "GIF")),
        *(a_picture("PNG", (900, 300), mode) for mode in ("RGBA", "L", "1", "P", "LA", "I;16")),
        a_picture("JPEG", (900, 300), "CMYK"),
        frames(),
    ],
)
def test_a_picture_of_each_kind_is_drawn_small(picture: bytes) -> None:
    made = drawn([picture], most=MOST)
    assert made is not None
    small = Image.open(io.BytesIO(made))
    assert small.format == "WEBP"
    assert max(small.size) <= SIDE
    assert getattr(small, "n_frames", 1) == 1


def test_nothing_but_pixels_is_left() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    for kind in ("JPEG", "WEBP", "PNG"):
        picture = a_picture(kind, (400, 300), exif=exif, icc_profile=b"where I live" * 20)
        assert b"where I live" in picture
        made = drawn([picture], most=MOST)
        assert made is not None
        assert b"where I live" not in made
        assert Image.open(io.BytesIO(made)).info.keys().isdisjoint({"exif", "icc_profile", "xmp"})


HOSTILE = {
    "a bomb, 50,000 x 50,000": png_of(50_000, 50_000, bytes(10_000_000)),
    "a bomb that is small on one side": png_of(2**31 - 1, 1),
    "larger than is decoded": png_of(4001, 3000),
    "truncated": a_picture("PNG", (300, 200))[:-30],
    "truncated at its head": a_picture("JPEG")[:20],
    "nothing": b"",
    "HTML behind the signs of a PNG": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "PostScript, which Pillow gives to a program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "a bitmap, which is not among ours": a_picture("BMP"),
    "TIFF": a_picture("TIFF"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_good_picture_is_not_drawn(name: str) -> None:
    with pytest.raises(NotDrawn):
        draw(HOSTILE[name])
    assert drawn([HOSTILE[name]], most=MOST) is None


def test_a_polyglot_comes_out_as_its_pixels_alone() -> None:
    script = b"<script>alert(1)</script>"
    made = drawn([a_picture("GIF", (30, 30)) + script, script], most=MOST)
    assert made is not None
    assert b"script" not in made


def test_a_process_that_takes_more_than_it_may_is_ended() -> None:
    with pytest.raises(Crowded):
        drawn(_never_ending(), most=MOST, wall_s=0.5)


def _never_ending() -> Iterator[bytes]:
    begun = threading.Event()
    while not begun.wait(0.05):
        yield b"x"


def test_the_process_has_no_secrets_and_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", "postgresql://secret")
    look = "import os, resource; print(sorted(os.environ), resource.getrlimit(resource.RLIMIT_CORE))"
    monkeypatch.setattr(child, "_COMMAND", (child._COMMAND[0], "-I", "-c", look))
    said = drawn([b""], most=MOST)
    assert said is not None
    assert b"COUNTERFOIL" not in said


def test_a_preview_is_made_once_for_the_same_bytes() -> None:
    store = MemoryFiles()
    store.put("a", [a_picture("PNG", (900, 600))])
    previews = Previews(store)
    first = previews.of("a", SHA256)
    store.delete(["a"])
    assert previews.of("b", SHA256) == first
    previews.forget(SHA256)
    assert list(store.files) == []


def test_a_full_store_shows_it_all_the_same() -> None:
    class Full(MemoryFiles):
        def put(self, key: str, pieces: object) -> None:
            raise StoreFull("full")

    store = Full()
    MemoryFiles.put(store, "a", [a_picture()])
    assert Previews(store).of("a", SHA256)


def test_beyond_so_many_at_once_others_wait_and_are_told() -> None:
    store = MemoryFiles()
    store.put("a", [a_picture()])
    previews = Previews(store, wait_s=0.05)
    previews._places.acquire()
    with pytest.raises(Busy):
        previews.of("a", SHA256)
    previews._places.release()
    assert previews.of("a", SHA256)


def test_what_does_not_come_to_its_end_has_the_place_once_in_a_while() -> None:
    store, now_s, drawn = MemoryFiles(), [100.0], list[bytes]()
    store.put("slow", [b"slow"])
    store.put("fast", [b"fast"])

    def draw(pieces: Iterable[bytes]) -> bytes | None:
        drawn.append(b"".join(pieces))
        if drawn[-1] == b"slow":
            raise Crowded
        return b"small"

    previews = Previews(store, draw=draw, clock_s=lambda: now_s[0])
    for _ in range(3):
        with pytest.raises(Busy):
            previews.of("slow", SHA256)
    assert previews.of("fast", "b" * 64) == b"small"
    assert drawn == [b"slow", b"fast"]
    now_s[0] += LATE_S
    with pytest.raises(Busy):
        previews.of("slow", SHA256)
    assert drawn[2:] == [b"slow"]


def test_what_is_no_picture_by_its_type_or_too_large_has_none() -> None:
    assert has_preview("image/png", SOURCE_BYTES)
    assert not has_preview("image/png", SOURCE_BYTES + 1)
    assert not has_preview("image/svg+xml", 10)
    assert not has_preview("image/png", 0)
    store = MemoryFiles()
    store.put("a", [b"\x89PNG"])
    with pytest.raises(NoPreview):
        Previews(store).of("a", SHA256)


def test_keys_of_previews_are_known() -> None:
    assert hash_in(preview_key(SHA256)) == SHA256
    assert hash_in("previews/2026-11-30/abc/1") is None
