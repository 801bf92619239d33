"""Multipart bodies are read the same however they are cut into pieces, and in proportion to their length."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.http.body import HEADER_BYTES
from gateway.http.errors import Refused
from gateway.uploads.multipart import PARTS_MOST, Multipart
from support.multipart import BOUNDARY, Sent, body_of
from support.steps import steps_of

PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\r", b"\n", b"-", b"--", b"\r\n--", BOUNDARY.encode(), b"--" + BOUNDARY.encode(), b" ", b"\x00"),
        *(b"\r\n--" + BOUNDARY.encode()[:-1], b"a", b"Content-Disposition: form-data", b":", b"\xff", b'"', b"x" * 70),
    ]
)
CONTENT = st.lists(PIECES | st.binary(max_size=8), max_size=12).map(b"".join)
NAMES = st.text(st.characters(min_codepoint=32, exclude_characters='"\\', exclude_categories=["Cs"]), max_size=8)
PARTS = st.lists(st.builds(Sent, NAMES, CONTENT, st.none() | NAMES), max_size=4)
CUTS = st.lists(st.integers(0, 4000), max_size=20)


def pieces_of(body: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    return iter([body[begin:end] for begin, end in itertools.pairwise(edges) if end > begin])


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", "python_multipart")


def read(pieces: Iterator[bytes]) -> object:
    try:
        parts = Multipart(pieces, BOUNDARY.encode()).parts()
        return [(part.headers.get(b"content-disposition"), b"".join(part.content)) for part in parts]
    except Refused as refusal:
        return refusal.errors


@given(parts=PARTS, cuts=CUTS)
def test_what_was_sent_is_read_whatever_the_pieces(parts: list[Sent], cuts: list[int]) -> None:
    delimiter = f"\r\n--{BOUNDARY}".encode()
    if any(delimiter in b"\r\n" + part.content for part in parts):
        return  # no client sends what has its own boundary in it
    found = read(pieces_of(body_of(*parts), cuts))
    assert isinstance(found, list)
    assert [content for _, content in found] == [part.content for part in parts]


@given(before=CONTENT, parts=PARTS, after=CONTENT, cuts=CUTS)
@example(b"", [Sent("a", b"x", "x")], b"", [len(body_of(Sent("a", b"x", "x"))) - 3])
def test_any_bytes_are_read_the_same_in_any_pieces(
    before: bytes, parts: list[Sent], after: bytes, cuts: list[int]
) -> None:
    body = before + body_of(*parts) + after
    assert read(pieces_of(body, cuts)) == read(pieces_of(body, []))


@given(parts=PARTS, end=st.integers(0, 4000))
def test_what_breaks_off_is_never_taken_for_whole(parts: list[Sent], end: int) -> None:
    body = body_of(*parts)
    closing = body.rindex(f"--{BOUNDARY}--".encode()) + len(BOUNDARY) + 4
    found = read(pieces_of(body[: min(end, closing - 1)], []))
    assert not isinstance(found, list)


def test_every_single_cut_of_a_body_with_files() -> None:
    parts = [Sent("a", b"one\r\n", "a.txt"), Sent("b", b"", "b.txt"), Sent("c", b"\r\n--", None)]
    body = body_of(*parts)
    for cut in range(len(body)):
        found = read(pieces_of(body, [cut]))
        assert isinstance(found, list), cut
        assert [content for _, content in found] == [part.content for part in parts], cut


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f'Content-Disposition: form-data; name="{"n" * 65_536}"', id="name"),
        pytest.param(f"{'N' * 65_536}: x", id="header"),
        pytest.param("\r\n".join(f"X-{number}: x" for number in range(100)), id="headers"),
        pytest.param("no header at all", id="none"),
    ],
)
def test_headers_that_no_client_sends_are_refused(header: str) -> None:
    body = f"--{BOUNDARY}\r\n{header}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode()
    assert not isinstance(read(pieces_of(body, list(range(0, len(body), 1000)))), list)


@pytest.mark.parametrize(
    "filler", [b"\r\n", b"\r\n--", b"--" + BOUNDARY.encode(), b"\r\n--" + BOUNDARY.encode()[:-1], b"a", b"\r"]
)
@pytest.mark.parametrize("step", [1, 7, 4096])
def test_it_takes_steps_in_proportion(filler: bytes, step: int) -> None:
    def cost(size: int) -> int:
        body = body_of(Sent("a", filler * (size // len(filler)), "a.bin"))
        return steps_of(lambda: read(pieces_of(body, list(range(0, len(body), step)))))

    cost(100)
    small, large = cost(8_000), cost(16_000)
    assert large <= 2.2 * small + 2_000


def test_a_name_just_within_the_limit_is_read() -> None:
    name = "n" * (HEADER_BYTES - 200)
    assert isinstance(read(pieces_of(body_of(Sent(name, b"x")), [])), list)


@pytest.mark.parametrize("size", [1000, 64 * 1024])
def test_a_body_full_of_its_own_boundary_is_refused_and_not_read_on(size: int) -> None:
    """What looks like a boundary costs the parser hundreds of times what any other byte does."""
    body = body_of(Sent("a", f"\r\n--{BOUNDARY}x".encode() * 40_000, "a.bin"))
    pieces = pieces_of(body, list(range(0, len(body), size)))
    assert [error.code for error in read(pieces)] == ["TOO_MANY_FIELDS"]  # type: ignore[attr-defined]
    assert sum(map(len, pieces)) > len(body) * 0.9


def test_so_many_parts_are_read_and_no_more() -> None:
    assert isinstance(read(pieces_of(body_of(*[Sent("a", b"x")] * PARTS_MOST), [])), list)
    assert not isinstance(read(pieces_of(body_of(*[Sent("a", b"x")] * (PARTS_MOST + 1)), [])), list)


def test_parts_whose_headers_are_large_together_are_refused() -> None:
    body = body_of(*[Sent("n" * 8000, b"x")] * 100)
    assert not isinstance(read(pieces_of(body, list(range(0, len(body), 4096)))), list)
