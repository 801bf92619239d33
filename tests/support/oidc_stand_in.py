"""A provider of single sign-on that lies as a test tells it to: what a well-behaved one never answers."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from joserfc.util import json_b64encode, urlsafe_b64encode

from support.http_server import HttpServer

CLIENT_ID = "counterfoil"
CLIENT_SECRET = "a-secret-of-the-tests-of-thirty-two-characters"
ADA = {"sub": "ada", "email": "ada@example.org", "email_verified": True, "groups": ["admins"]}


@dataclass
class Lies:
    """What is other than it should be. `claims` and `header` replace members of the ID token, None removes one."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: Key | None = None
    hmac_by: bytes | None = None
    token: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    status: int = 200
    body: bytes | None = None
    at: str = "/token"
    redirect_to: str | None = None
    silence_s: float = 0.0


class StandIn(HttpServer):
    """Signs with `key`, by the name `first`; knows the nonce that `visit` has read, and gives each code once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key: Key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.person: dict[str, Any] = dict(ADA)
        self.lies = Lies()
        self.asked: list[tuple[str, dict[str, str], Mapping[str, str]]] = []
        self._nonce = ""
        self._used: set[str] = set()

    def visit(self, url: str) -> dict[str, str]:
        """Go to where somebody is sent, as their browser would, and return its parameters."""
        assert url.startswith(f"{self.issuer}/authorize?")
        said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self._nonce = said["nonce"]
        return said

    def id_token(self) -> str:
        """Return the ID token of who has visited last."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": self._nonce}
        claims = {**claims, **self.person, **self.lies.claims}
        header = {"alg": "RS256", "kid": "first", **self.lies.header}
        claims, header = ({k: v for k, v in one.items() if v is not None} for one in (claims, header))
        if header["alg"] == "none":
            return f"{_encoded(header)}.{_encoded(claims)}."
        if self.lies.hmac_by is not None:
            signed = f"{_encoded({**header, 'alg': 'HS256'})}.{_encoded(claims)}"
            return f"{signed}.{urlsafe_b64encode(hmac.digest(self.lies.hmac_by, signed.encode(), 'sha256')).decode()}"
        return jwt.encode(header, claims, self.lies.key or self.key)

    def answer(self, path: str, said: Mapping[str, str]) -> tuple[int, Any]:
        """Return status and document."""
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                **self.lies.metadata,
            }
        if path == "/keys":
            return 200, KeySet([self.key]).as_dict()
        if path == "/userinfo":
            return 200, self.lies.userinfo or {}
        if path != "/token":
            return 404, {}
        if said.get("code") in self._used:
            return 400, {"error": "invalid_grant"}
        self._used.add(said["code"])
        return 200, {
            "access_token": "an-access-token",
            "token_type": "Bearer",
            "id_token": self.lies.token or self.id_token(),
        }


def another_key(kid: str = "first") -> Key:
    """Return a key that the provider does not have, by the name of one that it has."""
    return RSAKey.generate_key(2048, {"kid": kid})


def a_curve() -> Key:
    """Return a key on a curve."""
    return ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._answer({name: values[0] for name, values in parse_qs(content).items()})

    def _answer(self, said: dict[str, str]) -> None:
        path, lies = urlsplit(self.path).path, self.server.lies
        self.server.asked.append((path, said, dict(self.headers)))
        status, document = self.server.answer(path, said)
        body = json.dumps(document).encode()
        if path == lies.at:
            time.sleep(lies.silence_s)
            status, body = lies.status if lies.status != 200 else status, body if lies.body is None else lies.body
        self.send_response(status)
        if path == lies.at and lies.redirect_to:
            self.send_header("Location", lies.redirect_to)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


def _encoded(header: Mapping[str, Any]) -> str:
    return json_b64encode(dict(header)).decode()


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Run one."""
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
