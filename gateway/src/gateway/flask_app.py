"""Defines the Flask application of a gateway worker, without its routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from flask import Flask, Response, send_from_directory
from flask.sessions import NullSession, SecureCookieSessionInterface

from shared.messaging.broker import Closable, Publisher, RpcClient
from shared.web import look

STATIC_AGE_S = 86_400


class Streams(Protocol):
    """Answers that last for as long as somebody listens."""

    def end_streams(self) -> None:
        """End them, and each that begins from now on."""


class GatewayApp(Flask):
    """The Flask application, and what has to be closed with it."""

    def __init__(
        self,
        publisher: Publisher,
        parts: list[Closable | RpcClient],
        secrets_missing: Callable[[], int],
        *,
        streams: Sequence[Streams],
        passed_on: Callable[[], tuple[int, int]],
        spam_model: Callable[[], tuple[int, float]],
    ) -> None:
        super().__init__("gateway", static_folder="pages/static")
        self.session_interface = _NoSessions()
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE_S
        self.url_map.merge_slashes = False  # `/f//signup` is none, and leads to none: a redirect of a post
        self.secrets_missing = secrets_missing
        self._publisher = publisher
        self._streams = streams
        self._passed_on = passed_on
        self._spam_model = spam_model
        self._parts = parts

    def send_static_file(self, filename: str) -> Response:
        """Return a static file, never to be taken for another type."""
        if filename in look.FILES:
            response = send_from_directory(look.FOLDER, filename, max_age=STATIC_AGE_S)
        else:
            response = super().send_static_file(filename)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def missing(self) -> list[str]:
        """Return what keeps it from promising anything, in words for an operator; empty when ready."""
        return self._publisher.missing()

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm."""
        return self._publisher.in_flight()

    def passed_on(self) -> tuple[int, int]:
        """Return how many requests, and how many event streams, are passed on to the console now."""
        return self._passed_on()

    def spam_model(self) -> tuple[int, float]:
        """Return the number of the spam model that is held, 0 without one, and for how many seconds storage has not
        said which counts."""
        return self._spam_model()

    def end_streams(self) -> None:
        """End all event streams, so that a worker can end; they come back to another one."""
        for each in self._streams:
            each.end_streams()

    def close(self) -> None:
        """Close the connections to the broker."""
        self.end_streams()
        for part in [*self._parts, self._publisher]:
            part.close()


class _NoSessions(SecureCookieSessionInterface):
    """The gateway sets no cookies."""

    def open_session(self, app: Flask, request: object) -> NullSession:  # noqa: ARG002
        return _NO_SESSION

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002
        return True


_NO_SESSION = NullSession()
