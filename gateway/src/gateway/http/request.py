"""Reads a request straight from the WSGI environ, without a framework's request object around it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

from flask.globals import request_ctx
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_content_length, get_host

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_TYPE_MOST = 200
"""Characters of a type that are worth keeping what was read of it; longer ones have no business to be many."""


class Headers:
    """The headers of a request by their names. A value is Latin-1, as WSGI hands it on (PEP 3333)."""

    __slots__ = ("_environ",)

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """Return a header's value, or the default."""
        value: str | None = self._environ.get(_variable(name), default)
        return value

    def __contains__(self, name: str) -> bool:
        return _variable(name) in self._environ


class Request:
    """One request. Its names are those of werkzeug's, of which it has what a submission needs."""

    __slots__ = ("environ", "headers", "mimetype", "mimetype_params")

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ: dict[str, Any] = environ
        self.headers = Headers(environ)
        kind = environ.get("CONTENT_TYPE", "")
        self.mimetype, self.mimetype_params = _kept_type(kind) if len(kind) <= _TYPE_MOST else _type_of(kind)

    @property
    def remote_addr(self) -> str | None:
        """The address that the request came from, as the proxies in front are trusted."""
        return self.environ.get("REMOTE_ADDR")

    @property
    def scheme(self) -> str:
        """What the request was asked by: `http` or `https`, if no proxy says something else."""
        return str(self.environ.get("wsgi.url_scheme", "http"))

    @property
    def host(self) -> str:
        """The host that was asked, with its port where that is not the usual one."""
        return get_host(self.environ)

    @property
    def content_length(self) -> int | None:
        """How many bytes the request says that its body has; None where it says nothing, or sends chunks."""
        return get_content_length(self.environ)


def current_request() -> Request:
    """Return the request that Flask answers just now."""
    return Request(request_ctx.request.environ)


@lru_cache(maxsize=256)
def _variable(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def _type_of(content_type: str) -> tuple[str, dict[str, str]]:
    """Return a body's type in small letters, and its parameters."""
    kind, parameters = parse_options_header(content_type)
    return kind.lower(), parameters


_kept_type = lru_cache(maxsize=256)(_type_of)
