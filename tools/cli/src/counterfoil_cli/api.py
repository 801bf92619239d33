"""Asks an installation's API. Every failure has the words for whoever typed the command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.auth import AuthBase

from counterfoil_cli.address import is_loopback
from counterfoil_cli.exits import Failure, Refused, Unreachable
from counterfoil_cli.harmless import line
from counterfoil_cli.refusals import failure_of
from counterfoil_cli.saved import Place

CONNECT_S, READ_S = 10.0, 60.0
TRIES = 4
PAUSE_S = 2.0

Parameters = Mapping[str, str | int | None]


class Api:
    """The API of one installation.

    All methods raise `Failure`. What only reads is asked again where the installation is busy (429, 503), for some
    seconds. A redirect is not followed: the key is for this address.
    """

    def __init__(self, place: Place, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = place.url
        self._sleep = sleep
        self._session = requests.Session()
        self._session.auth = _Bearer(place.key)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "counterfoil/0.1"})
        host = urlsplit(place.url).hostname or ""
        self._session.trust_env = not is_loopback(host)  # no proxy sees what stays on this machine

    def get(self, path: str, parameters: Parameters | None = None) -> dict[str, Any]:
        """Return the document at an address below `/v1`."""
        for number in range(1, TRIES):
            try:
                return self._document(self._answered("GET", path, parameters))
            except Unreachable as error:
                if not error.after_s:
                    raise
                self._sleep(min(error.after_s, PAUSE_S * number))
        return self._document(self._answered("GET", path, parameters))

    def send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Send a change, and return the document that answers it; an empty one for none."""
        answer = self._answered(method, path, None, json=body or {}, headers=dict(headers or {}))
        return self._document(answer) if answer.content else {}

    @contextmanager
    def stream(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Response]:
        """Lend an answer that is read while it comes; with a `body`, that of a POST."""
        sent = {} if body is None else {"json": body}
        method = "GET" if body is None else "POST"
        answer = self._answered(
            method,
            path,
            parameters,
            stream=True,
            headers={"Accept": "*/*", **(headers or {})},
            **sent,
        )
        try:
            yield answer
        finally:
            answer.close()

    def _answered(self, method: str, path: str, parameters: Parameters | None, **options: Any) -> Response:
        try:
            answer = self._session.request(
                method,
                f"{self.url}/v1{path}",
                params=_said(parameters),
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                **options,
            )
        except requests.RequestException as error:
            raise Unreachable(_why(error, self.url)) from error
        if answer.status_code >= 300:
            asked = parameters or options.get("json") or {}
            raise self._refused(answer, asked)
        return answer

    def _refused(self, answer: Response, asked: Mapping[str, Any]) -> Failure:
        query = asked.get("q")
        return failure_of(answer, self.url, None if query is None else str(query))

    def _document(self, answer: Response) -> dict[str, Any]:
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Refused(f"what answers at {line(self.url)} is no Counterfoil: is the address right?")
        return document


class _Bearer(AuthBase):
    """Puts the key on a request. It is no header of the session: a .netrc would take its place."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _said(parameters: Parameters | None) -> dict[str, str | int]:
    return {name: value for name, value in (parameters or {}).items() if value is not None and value != ""}


def _why(error: requests.RequestException, url: str) -> str:
    host = line(url)
    match error:
        case requests.exceptions.SSLError():
            return (
                f"{host} shows a certificate that is not accepted here: {_cause(error)}. For an authority of your own "
                "set REQUESTS_CA_BUNDLE to its file"
            )
        case requests.exceptions.ProxyError():
            return f"{host} is asked through a proxy (HTTPS_PROXY), which does not answer: {_cause(error)}"
        case requests.exceptions.ConnectTimeout():
            return f"{host} does not answer: no connection within {CONNECT_S:g} s"
        case requests.exceptions.ReadTimeout():
            return f"{host} does not answer: nothing came for {READ_S:g} s"
        case requests.exceptions.ConnectionError():
            return f"{host} cannot be reached: {_cause(error)}"
    return f"{host} cannot be asked: {_cause(error)}"


def _cause(error: BaseException) -> str:
    """Return the innermost reason in its own words: those around it name our libraries."""
    found: BaseException | None = error
    while found is not None:
        error, inner = found, found.args[0] if found.args else None
        found = getattr(inner, "reason", inner) if isinstance(inner, BaseException) else found.__cause__
        found = found if isinstance(found, BaseException) else None
    text = getattr(error, "strerror", None) or getattr(error, "verify_message", None) or str(error)
    return line(str(text).rpartition(">: ")[2] or text, 300)
