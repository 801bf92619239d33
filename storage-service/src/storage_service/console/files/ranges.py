"""Reads which bytes of a file are asked for (RFC 9110, sections 13 and 14): all of them, or one range."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request

from shared.web.refusals import Refused, refused


@dataclass(frozen=True, slots=True)
class Bytes:
    """From `start` up to `end`, which is not among them, of `size`. `is_part` says that the answer is a 206."""

    start: int
    end: int
    size: int
    is_part: bool = False

    @property
    def length(self) -> int:
        """How many there are."""
        return self.end - self.start

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of them."""
        place = {"Content-Range": f"bytes {self.start}-{self.end - 1}/{self.size}"} if self.is_part else {}
        return {"Content-Length": str(self.length), **place}


def bytes_of(asked: Request, size: int, tag: str) -> Bytes:
    """Return what a request asks for of a file; raises `Refused` (416).

    Several ranges at once are answered with the whole file, as is a range of another version (`If-Range`).
    """
    whole, wanted = Bytes(0, size, size), asked.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or not _is_of_this(asked, tag):
        return whole
    start, end = wanted.ranges[0]
    start = max(0, size + start) if start < 0 else start  # `bytes=-5`: the last five, or all where there are fewer
    end = size if end is None else min(end, size)
    if start >= end:
        raise _not_there(size)
    return Bytes(start, end, size, is_part=True)


def is_known(asked: Request, tag: str) -> bool:
    """Return whether whoever asks has this already (`If-None-Match`)."""
    return asked.if_none_match.contains_weak(tag)


def _is_of_this(asked: Request, tag: str) -> bool:
    """Return whether a range is wanted of what there is. We know no moments: with one the whole file is sent."""
    return "If-Range" not in asked.headers or asked.headers["If-Range"].strip() == f'"{tag}"'


def _not_there(size: int) -> Refused:
    refusal = refused(416, "RANGE", f"The file has {size} bytes: there are none where you ask for some.")
    refusal.headers["Content-Range"] = f"bytes */{size}"
    return refusal
