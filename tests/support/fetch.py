"""Acts as a browser does for a script on another site: it follows CORS over a test client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Credentials = Literal["omit", "include"]

_SAFE_METHODS = {"GET", "HEAD", "POST"}
_SAFE_HEADERS = {"accept", "accept-language", "content-language"}
_SAFE_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}


class NetworkError(Exception):
    """All that a script is told: the request may have done its work, or was never sent."""


@dataclass(frozen=True)
class Script:
    """A script on a page of some origin, in a browser."""

    client: FlaskClient
    origin: str

    def fetch(
        self,
        path: str,
        *,
        method: str = "POST",
        credentials: Credentials = "omit",
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/x-www-form-urlencoded",
        data: bytes = b"",
    ) -> TestResponse:
        """Return the answer; raises `NetworkError` where a browser keeps it from the script."""
        given = {**(headers or {}), "Content-Type": content_type} if method == "POST" else dict(headers or {})
        unsafe = sorted(name.lower() for name, value in given.items() if not _is_safe(name, value))
        if method not in _SAFE_METHODS or unsafe:
            self._preflight(path, method, unsafe, credentials)
        sent: dict[str, Any] = {"headers": {**given, "Origin": self.origin}, "method": method, "data": data}
        return self._checked(self.client.open(path, **sent), credentials)

    def _preflight(self, path: str, method: str, unsafe: list[str], credentials: Credentials) -> None:
        asked = {"Access-Control-Request-Headers": ",".join(unsafe)} if unsafe else {}
        headers = {"Origin": self.origin, "Access-Control-Request-Method": method, **asked}
        answer = self._checked(self.client.options(path, headers=headers), credentials)
        if not 200 <= answer.status_code < 300:
            raise NetworkError(f"the preflight was answered with {answer.status_code}")
        any_will_do = credentials == "omit"
        methods = _listed(answer, "Access-Control-Allow-Methods")
        if method not in {*methods, *_SAFE_METHODS} and not (any_will_do and "*" in methods):
            raise NetworkError(f"{method} is not allowed")
        names = {name.lower() for name in _listed(answer, "Access-Control-Allow-Headers")}
        missing = [name for name in unsafe if name not in names and not (any_will_do and "*" in names)]
        if missing:
            raise NetworkError(f"not allowed: {missing}")

    def _checked(self, answer: TestResponse, credentials: Credentials) -> TestResponse:
        """The "CORS check" of the standard (§4.10), word by word."""
        allowed = answer.headers.getlist("Access-Control-Allow-Origin")
        if len(allowed) != 1:
            raise NetworkError(f"{answer.status_code} allows {allowed}")
        if credentials == "omit" and allowed == ["*"]:
            return answer
        if allowed != [self.origin]:
            raise NetworkError(f"{answer.status_code} allows {allowed}")
        if credentials == "include" and answer.headers.getlist("Access-Control-Allow-Credentials") != ["true"]:
            raise NetworkError(f"{answer.status_code} allows no credentials")
        return answer


def _is_safe(name: str, value: str) -> bool:
    if name.lower() == "content-type":
        return value.partition(";")[0].strip().lower() in _SAFE_TYPES
    return name.lower() in _SAFE_HEADERS


def _listed(answer: TestResponse, name: str) -> set[str]:
    return {part.strip() for part in answer.headers.get(name, "").split(",")}
