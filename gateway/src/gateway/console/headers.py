"""Chooses the headers that pass: those that are for the console, and for whoever asked (RFC 9110, section 7.6.1)."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from gateway.console.target import Side
from shared.sources import without_port

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Pairs: TypeAlias = Sequence[tuple[bytes, bytes]]

_OF_ONE_CONNECTION = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"),
    }
)
_SAID_BY_US = frozenset({"host", "content-length", "content-type", "expect", "via", "forwarded"})
"""Content-Length and Content-Type have names of their own in WSGI: under these they are `Content_Length`."""

_OF_PROXIES = frozenset(
    {
        *("proxy", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"),
        *("fastly-client-ip", "x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override"),
    }
)
_BEGINNINGS_OF_PROXIES = ("x-forwarded-", "x-original-")
_NOT_FOR_BROWSERS = frozenset({"server", "access-control-allow-credentials"})
"""The server says who it is, as for every answer; and credentials are allowed below `/f/` alone."""

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def asked_headers(environ: WSGIEnvironment, side: Side) -> list[tuple[bytes, bytes]]:
    """Return a request's headers, and who asks, as the proxies in front are trusted; without `Host` and length.

    The cookies of a page are for pages alone.
    """
    dropped = _OF_ONE_CONNECTION | _SAID_BY_US | _OF_PROXIES | _named_in(environ.get("HTTP_CONNECTION", ""))
    passed = [(name, value) for name, value in _given(environ) if name not in dropped and not _is_of_a_proxy(name)]
    if side == "v1":
        passed = [(name, value) for name, value in passed if name != "cookie"]
    if kind := environ.get("CONTENT_TYPE"):
        passed.append(("content-type", kind))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [*passed, *_made(environ)]]


def answered_headers(headers: Pairs, side: Side) -> list[tuple[str, str]]:
    """Return an answer's headers as WSGI takes them. What is no printable ASCII the server would leave out."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1").strip()) for name, value in headers]
    named = _named_in(",".join(value for name, value in pairs if name.lower() == "connection"))
    dropped = _OF_ONE_CONNECTION | _NOT_FOR_BROWSERS | named
    if side == "v1":
        dropped |= {"set-cookie"}
    return [(name, value) for name, value in pairs if name.lower() not in dropped]


def _given(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        # the server puts the process's own variables here, too: HTTP_PROXY is none of a request's headers
        if name.startswith("HTTP_") and isinstance(value, str) and name not in os.environ:
            yield name[5:].replace("_", "-").lower(), value


def _made(environ: WSGIEnvironment) -> Iterable[tuple[str, str]]:
    yield "via", "1.1 counterfoil"
    yield "x-forwarded-for", _address_of(environ.get("REMOTE_ADDR", ""))
    yield "x-forwarded-proto", "https" if environ.get("wsgi.url_scheme") == "https" else "http"
    host = environ.get("HTTP_HOST", "")
    if _HOST.fullmatch(host):
        yield "x-forwarded-host", host


def _address_of(remote: str) -> str:
    """Return an address without a port; what is none, as a proxy may say, is unknown."""
    try:
        return str(ipaddress.ip_address(without_port(remote)))
    except ValueError:
        return "unknown"


def _is_of_a_proxy(name: str) -> bool:
    return name.startswith(_BEGINNINGS_OF_PROXIES)


def _named_in(connection: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in connection.split(","))
