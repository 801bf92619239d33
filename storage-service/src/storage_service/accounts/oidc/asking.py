"""Asks a provider over HTTP: bounded in bytes, seconds and how many ask at once."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter

from storage_service.accounts.oidc.provider import Metadata, Provider

ANSWER_BYTES = 512 * 1024
CONNECT_S = 4.0
SILENT_S = 5.0
WHOLE_S = 10.0
AT_ONCE = 8
"""How many people's sign-ins ask at once in a process: a provider that hangs holds no more requests than these."""

_CHUNK_BYTES = 16 * 1024
_OK = 200
_REFUSED = frozenset({400, 401})
_ODD = (ValueError, TypeError, AttributeError, RecursionError)
"""What is no JSON, or JSON of another shape than the library expects."""

_HEADERS = {"Accept": "application/json", "User-Agent": "Counterfoil"}


class Away(Exception):
    """The provider gave no usable answer; the text is a class of failure, for the log."""


class Declined(Exception):
    """The provider refused a request; the text is its own code, such as `invalid_grant`."""


class Asking:
    """Asks one provider. Redirects are not followed. All methods raise `Away`."""

    def __init__(self, provider: Provider, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._now_s = now_s
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def document(self, url: str, bearer: str | None = None) -> Mapping[str, Any]:
        """Return the JSON object at an address; `bearer` is an access token."""
        headers = {**_HEADERS, "Authorization": f"Bearer {bearer}"} if bearer else _HEADERS
        with self._asked() as session:
            answer = session.request("GET", url, True, _as_it_is, headers=headers, allow_redirects=False)  # noqa: FBT003 - no token of its own
            if answer.status_code != _OK:
                raise Away(f"status {answer.status_code}")
            found = answer.json()
        if not isinstance(found, dict):
            raise Away("no JSON object")
        return found

    def address(self, metadata: Metadata, *, state: str, nonce: str, verifier: str) -> str:
        """Return where somebody is sent to sign in, with PKCE (RFC 7636)."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                metadata.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce
            )
        return str(url)

    def tokens(self, metadata: Metadata, *, code: str, verifier: str) -> tuple[str, str]:
        """Return the ID token and the access token that a code stands for; raises `Declined`, too."""
        with self._asked(metadata) as session:
            try:
                found = session.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    allow_redirects=False,
                    headers={**_HEADERS, "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
                )
            except OAuthError as error:
                raise Declined(str(error.error)[:64]) from None
        tokens = found.get("id_token"), found.get("access_token")
        if not all(isinstance(one, str) and one for one in tokens):
            raise Away("no tokens")
        return tokens

    @contextmanager
    def _asked(self, metadata: Metadata | None = None) -> Iterator[OAuth2Session]:
        if not self._places.acquire(timeout=1.0):
            raise Away("too many ask at once")
        try:
            with self._session(metadata) as session:
                yield session
        except (requests.RequestException, OSError, *_ODD) as error:
            raise Away(type(error).__name__) from None
        finally:
            self._places.release()

    @contextmanager
    def _session(self, metadata: Metadata | None = None) -> Iterator[OAuth2Session]:
        one = self._provider
        with OAuth2Session(
            one.client_id,
            one.client_secret,
            token_endpoint_auth_method=_auth_method(one, metadata),
            scope=one.scopes,
            redirect_uri=one.redirect_uri,
            code_challenge_method="S256",
        ) as session:
            session.register_client_auth_method(("client_secret_basic", _in_a_header))
            session.register_compliance_hook("access_token_response", _answered)
            session.mount("https://", _Bounded(self._now_s))
            session.mount("http://", _Bounded(self._now_s))
            yield session


class _Bounded(HTTPAdapter):
    """Reads an answer whole, up to a number of bytes, and within a time."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        super().__init__(max_retries=0)
        self._now_s = now_s

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request, and return its answer read whole; raises as the library does."""
        ends_s = self._now_s() + WHOLE_S
        response = super().send(request, *args, **{**options, "stream": True, "timeout": (CONNECT_S, SILENT_S)})
        try:
            response._content = self._read(response, ends_s)  # noqa: SLF001 - as `Response.content` would set it
        finally:
            response.close()
        return response

    def _read(self, response: requests.Response, ends_s: float) -> bytes:
        body = b""
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > ANSWER_BYTES:
                raise requests.exceptions.ContentDecodingError("the answer is too long")
            if self._now_s() > ends_s:
                raise requests.exceptions.ReadTimeout("the answer took too long")
        return body


def _auth_method(provider: Provider, metadata: Metadata | None) -> str:
    """Return how the client shows its secret: in a header, unless the provider takes it in the body alone."""
    if provider.client_secret is None:
        return "none"
    known = metadata.auth_methods if metadata else ()
    in_body = "client_secret_basic" not in known and "client_secret_post" in known
    return "client_secret_post" if in_body else "client_secret_basic"


def _answered(response: requests.Response) -> requests.Response:
    """Let the library read what a token endpoint answers, and nothing that comes with another status."""
    if response.status_code != _OK and response.status_code not in _REFUSED:
        raise requests.HTTPError(f"status {response.status_code}")
    return response


def _in_a_header(
    client: Any, _method: str, uri: str, headers: dict[str, str], body: Any
) -> tuple[str, dict[str, str], Any]:
    """Show the secret as RFC 6749 has it (2.3.1), escaped first: the library leaves that out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials: those of a `.netrc` are not for a provider."""
    return request
