"""What is taken out of pictures, and that nothing else is."""

from __future__ import annotations

import io
import random
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from gateway.files import metadata
from gateway.http.errors import Refused
from shared.files import PIECE_BYTES

SECRET = b"52.5163N-13.3777E-Ada-Lovelace"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DOTS = random.Random(28)  # noqa: S311 - no secret
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif"}


def noise(size: tuple[int, int] = (320, 200)) -> Image.Image:
    dots = DOTS.randbytes(size[0] * size[1] * 3)
    return Image.frombytes("RGB", size, dots)


def exif(turn: int | None = 6) -> Image.Exif:
    block = Image.Exif()
    if turn is not None:
        block[0x0112] = turn
    block[0x010E] = SECRET.decode()
    block[0x0132] = "2026:11:30 08:00:00"
    block.get_ifd(0x8825)[2] = (52.0, 30.0, 58.7)
    block.get_ifd(0x8825)[29] = SECRET.decode()
    return block


def taken(kind: str, turn: int | None = 6, **options: Any) -> bytes:
    """Return a picture as a phone takes it: with Exif, GPS, XMP, a colour profile, and more behind its end."""
    out = io.BytesIO()
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", SECRET.decode())
        texts.add_text("Comment", SECRET.decode(), zip=True)
        texts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        options |= {"pnginfo": texts}
    else:
        options |= {"xmp": b"<x>" + SECRET + b"</x>", "quality": 80}
    if kind == "JPEG":
        options |= {"comment": SECRET}
    noise().save(out, kind, exif=exif(turn), icc_profile=PROFILE, **options)
    return out.getvalue() + b"behind: " + SECRET


def pieces_of(document: bytes, size: int) -> Iterator[bytes]:
    return (document[at : at + size] for at in range(0, len(document), size))


def stripped(kind: str, document: bytes, size: int = 1000) -> bytes:
    return b"".join(metadata.stripped(MIMES[kind], pieces_of(document, size)))


def opened(document: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(document))
    image.load()
    return image


STARTS = {
    "JPEG": b"\xff\xd8",
    "PNG": b"\x89PNG\r\n\x1a\n\x7f\xff\xff\xffiTXt",
    "WEBP": b"RIFF\xff\xff\xff\xffWEBP",
    "AVIF": b"\x00\x00\x00\x10ftypavif\x00\x00\x00\x00\x00\x00\x00\x00free",
}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": ("JPEG", {}),
    "progressive": ("JPEG", {"progressive": True}),
    "restarts": ("JPEG", {"restart_marker_rows": 1}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {}),
    "lossless": ("WEBP", {"lossless": True}),
    "animated webp": ("WEBP", {"save_all": True, "append_images": [noise()], "duration": 100}),
    "avif": ("AVIF", {}),
    "animated png": ("PNG", {"save_all": True, "append_images": [noise()], "duration": 100}),
}


@pytest.mark.parametrize("size", [1, 7, 1000, PIECE_BYTES])
@pytest.mark.parametrize("name", VARIANTS)
def test_all_that_tells_of_a_person_goes_and_every_pixel_stays(name: str, size: int) -> None:
    kind, options = VARIANTS[name]
    before = taken(kind, **options)
    assert SECRET in before
    after = stripped(kind, before, size)
    assert SECRET not in after
    assert b"2026" not in after
    assert zlib.compress(SECRET)[2:10] not in after
    was, now = opened(before), opened(after)
    for frame in range(getattr(was, "n_frames", 1)):
        was.seek(frame)
        now.seek(frame)
        assert now.tobytes() == was.tobytes()
    assert now.info["icc_profile"] == PROFILE
    assert dict(now.getexif()) == {0x0112: 6}
    assert not now.getexif().get_ifd(0x8825)
    assert not set(now.info) & {"comment", "Author", "Comment", "photoshop", "mp"}
    assert not now.info.get("xmp", b"").strip(b"\x00")


@pytest.mark.parametrize("kind", MIMES)
@pytest.mark.parametrize("turn", range(1, 9))
def test_how_a_picture_is_turned_is_kept(kind: str, turn: int) -> None:
    assert opened(stripped(kind, taken(kind, turn))).getexif().get(0x0112, 1) == turn


@pytest.mark.parametrize("kind", MIMES)
@pytest.mark.parametrize("turn", [None, 0, 9, 65535])
def test_a_turn_that_is_none_goes(kind: str, turn: int | None) -> None:
    assert dict(opened(stripped(kind, taken(kind, turn))).getexif()) == {}


@pytest.mark.parametrize("kind", MIMES)
def test_a_clean_picture_stays_as_it_is_byte_by_byte(kind: str) -> None:
    out = io.BytesIO()
    noise().save(out, kind)
    assert stripped(kind, out.getvalue()) == out.getvalue()
    once = stripped(kind, taken(kind))
    assert stripped(kind, once) == once


def test_other_files_go_through_as_they_are() -> None:
    assert b"".join(metadata.stripped("application/pdf", iter([b"a", b"", b"b"]))) == b"ab"


def test_a_black_and_white_a_cmyk_and_a_transparent_picture_look_the_same() -> None:
    for mode, kind in (
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("I;16", "PNG"),
        ("RGBA", "WEBP"),
    ):
        out = io.BytesIO()
        image = noise().convert("L").convert("I;16") if mode == "I;16" else noise().convert(mode)
        image.save(out, kind, exif=exif())
        after = stripped(kind, out.getvalue())
        assert opened(after).tobytes() == opened(out.getvalue()).tobytes()
        assert SECRET not in after


def test_previews_within_a_jpeg_go() -> None:
    """JFIF's own, JFXX's, several pictures in one (MPF), and IPTC in Photoshop's block."""
    picture = stripped("JPEG", taken("JPEG", 1))
    preview = b"\x01\x02\x02\x01\x00\x48\x00\x48\x04\x04" + SECRET
    extra = b"".join(
        b"\xff" + code + (len(payload) + 2).to_bytes(2, "big") + payload
        for code, payload in (
            (b"\xe0", b"JFIF\x00" + preview),
            (b"\xe0", b"JFXX\x00\x10" + SECRET),
            (b"\xe1", b"http://ns.adobe.com/xap/1.0/\x00" + SECRET),
            (b"\xe2", b"MPF\x00" + SECRET),
            (b"\xed", b"Photoshop 3.0\x008BIM" + SECRET),
            (b"\xee", b"Adobe\x00d\x00\x00\x00\x00\x01" + SECRET),
            (b"\xfe", SECRET),
            (b"\xf3", SECRET),
        )
    )
    after = stripped("JPEG", picture[:2] + extra + b"garbage" + SECRET + picture[2:])
    assert SECRET not in after
    assert b"garbage" not in after
    assert opened(after).tobytes() == opened(picture).tobytes()


@pytest.mark.parametrize("kind", MIMES)
def test_what_is_cut_off_goes_as_far_as_it_came(kind: str) -> None:
    before = taken(kind)
    whole = stripped(kind, before)
    for end in range(12, len(before), 997):
        after = stripped(kind, before[:end])
        assert SECRET not in after
        assert whole.startswith(after) or kind == "WEBP"


def a_chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


DAMAGED = {
    "JPEG": [b"\xff\xd8\xff\xe1\x00\x00", b"\xff\xd8\xff\xdb\x00\x01", b"\xff\xd8" + b"\xff\xd0" * 200_000],
    "PNG": [
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x01\x00\x00\x00\x00x",
        b"\x89PNG\r\n\x1a\n" + a_chunk(b"tEXt", b"") * 200_000,
    ],
    "WEBP": [b"RIFF\xff\xff\xff\x00WEBP" + b"VP8 \x00\x00\x00\x00" * 200_000],
    "AVIF": [
        b"\x00\x00\x00\x08ftyp\x00\x00\x00\x07mdat",
        b"\x00\x00\x00\x08ftyp" + b"\x00\x00\x00\x08free" * 200_000,
        b"\x00\x00\x00\x08ftyp\x7f\xff\xff\xffmeta" + bytes(100),
        b"\x00\x00\x00\x08ftyp\x00\x00\x00\x20meta" + bytes(4) + b"\x7f\xff\xff\xffiinf" + bytes(20),
    ],
}


@pytest.mark.parametrize(("kind", "document"), [(kind, document) for kind in DAMAGED for document in DAMAGED[kind]])
def test_a_picture_in_which_nobody_can_find_its_way_is_refused(kind: str, document: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        list(metadata.stripped(MIMES[kind], [document], "photo"))
    assert refusal.value.status == 422
    assert refusal.value.errors[0].to_json()["field"] == "photo"


@pytest.mark.parametrize("kind", MIMES)
@pytest.mark.parametrize(
    "hostile",
    [b"\xff", b"\xff\xd8", b"\xff\xda\x00\x02\x00", b"\xff\x00", b"\xff\xe1\xff\xff", b"\x00", b"VP8X\xff\xff\xff\x7f"],
)
def test_a_hostile_picture_costs_no_more_than_its_bytes(kind: str, hostile: bytes) -> None:
    start = STARTS[kind]
    piece = (hostile * PIECE_BYTES)[:PIECE_BYTES]
    began_s = time.process_time()
    try:
        largest = max(map(len, metadata.stripped(MIMES[kind], [start, *[piece] * 20])), default=0)
    except Refused:
        largest = 0
    assert largest <= PIECE_BYTES
    assert time.process_time() - began_s < 5.0


def test_a_picture_of_100_mb_goes_through_in_the_memory_of_a_few_pieces() -> None:
    picture = taken("JPEG")
    scan = picture.index(b"\xff\xda")
    inside = DOTS.randbytes(PIECE_BYTES).replace(b"\xff", b"\xfe")

    def pieces() -> Iterator[bytes]:
        yield picture[: scan + 20]
        for _ in range(100):
            yield inside
        yield b"\xff\xd9"

    tracemalloc.start()
    try:
        size = sum(map(len, metadata.stripped("image/jpeg", pieces())))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 100 * PIECE_BYTES
    assert most < 5 * PIECE_BYTES


def test_all_pieces_are_read_though_the_picture_has_ended() -> None:
    left = iter([taken("PNG"), b"more", b"and more"])
    assert b"more" not in b"".join(metadata.stripped("image/png", left))
    assert next(left, None) is None


@given(st.sampled_from(sorted(MIMES)), st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_is_broken_ends_and_says_nothing(kind: str, data: st.DataObject) -> None:
    document = bytearray(SMALL[kind])
    for _ in range(data.draw(st.integers(0, 8))):
        document[data.draw(st.integers(12, len(document) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(12, len(document)))
    try:
        one = stripped(kind, bytes(document[:cut]), 1)
        assert stripped(kind, bytes(document[:cut]), PIECE_BYTES) == one
    except Refused:
        with pytest.raises(Refused):
            stripped(kind, bytes(document[:cut]), 3)


def _small(kind: str) -> bytes:
    out = io.BytesIO()
    noise((4, 4)).save(out, kind, exif=exif())
    return out.getvalue()


SMALL = {kind: _small(kind) for kind in MIMES}


def test_an_index_behind_the_picture_is_refused_where_something_has_to_go() -> None:
    """Boxes in another order: what the index names has gone by."""
    before = taken("AVIF").removesuffix(b"behind: " + SECRET)
    index = before.index(b"meta") - 4
    size = int.from_bytes(before[index : index + 4], "big")
    moved = before[:index] + before[index + size :] + before[index : index + size]
    with pytest.raises(Refused):
        stripped("AVIF", moved)


def a_box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def an_index(items: int, extents: int) -> bytes:
    """An index of one Exif, and of items whose places have no bytes of their own."""
    kinds = a_box(b"iinf", bytes(5) + b"\x01" + a_box(b"infe", b"\x02" + bytes(4) + b"\x01\x00\x00Exif\x00"))
    item = b"\x00\x07\x00\x00" + extents.to_bytes(2, "big")
    return a_box(b"meta", bytes(4) + kinds + a_box(b"iloc", bytes(6) + items.to_bytes(2, "big") + item * items))


@pytest.mark.parametrize("indexes", [an_index(10_000, 65_535), an_index(10_000, 0) * 100], ids=["places", "indexes"])
def test_an_index_costs_little_whatever_it_names(indexes: bytes) -> None:
    began_s = time.process_time()
    with pytest.raises(Refused):
        stripped("AVIF", a_box(b"ftyp", b"avif" + bytes(4)) + indexes, PIECE_BYTES)
    assert time.process_time() - began_s < 1.0


def test_a_file_that_a_phone_puts_behind_its_picture_goes() -> None:
    before = taken("AVIF").removesuffix(b"behind: " + SECRET)
    film = (8 + len(SECRET)).to_bytes(4, "big") + b"mpvd" + SECRET
    assert SECRET not in stripped("AVIF", before + film)
