"""Serves the pages' files by addresses that change with what is in them: a browser may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from flask import Blueprint, Response, request

from shared.web import look
from shared.web.refusals import refused
from storage_service.console.access import open_to_all

_FOR_EVER = "public, max-age=31536000, immutable"
_HASH_CHARACTERS = 12
_SMALL_BYTES = 500


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served. `packed` is it for those who take gzip, `digest` its SHA-256 in hex."""

    name: str
    body: bytes
    packed: bytes | None
    digest: str

    @property
    def address(self) -> str:
        """Where it is served."""
        return f"/console/static/{self.hash}/{self.name}"

    @property
    def hash(self) -> str:
        """The part of its SHA-256 that stands in the address."""
        return self.digest[:_HASH_CHARACTERS]


class Assets:
    """All files of `pages/static` and of `shared.web.look`, read once."""

    def __init__(self) -> None:
        self._known: Mapping[str, Asset] = {name: _asset(name, body) for name, body in _files()}

    def address(self, name: str) -> str:
        """Return the address of a file; raises `LookupError` for one that is not there."""
        return self._known[name].address

    def served(self, name: str) -> Asset:
        """Return a file as it is served; raises `LookupError`."""
        return self._known[name]

    def routes(self) -> Blueprint:
        """Return the view that serves them."""
        views = Blueprint("static", __name__)

        @views.get("/console/static/<hash>/<name>")
        @open_to_all
        def asset(hash: str, name: str) -> Response:  # noqa: A002
            found = self._known.get(name)
            if found is None or found.hash != hash:
                raise refused(404, "NOT_FOUND", "There is no such file.")
            return _answer(found)

        return views


def _answer(asset: Asset) -> Response:
    kind = mimetypes.guess_type(asset.name)[0] or "application/octet-stream"
    packs = asset.packed is not None and request.accept_encodings["gzip"] > 0
    answer = Response(asset.packed if packs else asset.body, content_type=_with_charset(kind))
    if packs:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = _FOR_EVER
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, 9, mtime=0) if len(body) > _SMALL_BYTES else None
    return Asset(name, body, packed, hashlib.sha256(body).hexdigest())


def _files() -> Iterator[tuple[str, bytes]]:
    own = resources.files("storage_service.console.pages").joinpath("static")
    yield from ((each.name, each.read_bytes()) for each in own.iterdir() if not each.name.endswith(".md"))
    yield from ((name, (look.FOLDER / name).read_bytes()) for name in look.FILES)
