"""Measures what one accept costs the gateway, publishing nothing, in one thread: `python -m bench.limits.one_thread`.

It prints microseconds of processor time for each of some rounds: the whole application, from the WSGI environ to the
bytes of the answer.
"""

from __future__ import annotations

import io
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.limits.gateway_alone import NoBroker
from bench.services import FORMS, SECRET
from gateway.app import create_app
from gateway.settings import Settings
from shared import forms

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

ROUNDS = 7
ACCEPTS = 3000
_BODY = b'{"name":"Ada Lovelace","email":"ada@example.org"}'


def round_us(app: WSGIApplication, count: int = ACCEPTS) -> float:
    """Return what an accept costs, in microseconds; fails where one is not accepted."""
    environs = [_environ() for _ in range(count)]
    began_s = time.process_time()
    for environ in environs:
        b"".join(app(environ, _start))
    return (time.process_time() - began_s) / count * 1e6


def _start(status: str, *_: Any) -> Any:
    if not status.startswith("202"):
        raise AssertionError(status)


def _environ() -> WSGIEnvironment:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/f/signup",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8080",
        "HTTP_ACCEPT": "application/json",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(_BODY)),
        "wsgi.input": io.BytesIO(_BODY),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }


def main() -> None:
    """Print the rounds, and the least of them."""
    app = create_app(Settings(secret=SECRET, forms=FORMS, rate_limit="none"), forms.load(FORMS), NoBroker())
    round_us(app, ACCEPTS // 10)
    rounds = [round_us(app) for _ in range(ROUNDS)]
    print(*(f"{each:.0f}" for each in rounds), f"µs; at least {min(rounds):.0f}")


if __name__ == "__main__":
    main()
