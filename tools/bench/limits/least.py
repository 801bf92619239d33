"""Measures the least that an accept could be: constant bytes, published and confirmed. `python -m bench.limits.least`.

A WSGI application on our server that reads the body, publishes the same bytes through our publisher, waits for the
confirm, and answers the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway import settings
from gateway.server.wsgi import serve
from shared.contracts import SubmissionAccepted
from shared.messaging.message import Message
from shared.messaging.rabbitmq import RabbitMQ

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_EVENT = b'{"id":"01a2273d-2d0d-7869-94c9-bcaa07019207","fields":{"name":"Ada Lovelace","email":"ada@example.org"}}'
_ANSWER = b'{"ok":true}'
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(_ANSWER)))]
_TIMEOUT_S = 3.0


def build() -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """Build the application of one worker."""
    publisher = RabbitMQ(settings.load().broker_url, name="least").publisher()
    message = Message(SubmissionAccepted.TYPE, "least", _EVENT)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        publisher.publish(message, timeout_s=_TIMEOUT_S)
        start_response("202 Accepted", [*_HEADERS])
        return [_ANSWER]

    return app


if __name__ == "__main__":
    serve(settings.load(), "bench.limits.least:build")
