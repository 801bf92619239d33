"""Starts the gateway as a process of its own, and opens sockets to it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests

from dev.processes import by_the_real_clock, free_port
from support.gateway_app import SECRET
from support.service import Service

GOOD = {"name": "Ada Lovelace", "email": "ada@example.org"}
LIMIT_BYTES = 65536
FORMS = """
[forms.signup]
fields.name = {type = "text", required = true}
fields.email = {type = "email", required = true}
[forms.open]
"""


class Server(Service):
    """A gateway process, its address, and sockets to it."""

    def __init__(self, directory: Path, broker_url: str, module: str = "gateway", **settings: str) -> None:
        forms = directory / "forms.toml"
        forms.write_text(FORMS, encoding="utf-8")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        given = {
            "COUNTERFOIL_BIND": f"127.0.0.1:{self.port}",
            "COUNTERFOIL_WORKERS": "1",
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_FORMS": str(forms),
            "COUNTERFOIL_SECRET": SECRET,
            "COUNTERFOIL_MAX_BODY_BYTES": str(LIMIT_BYTES),
            "COUNTERFOIL_RATE_LIMIT": "none",
        }
        super().__init__("gateway", module, given | settings, directory / "gateway.log")

    def post(self) -> requests.Response:
        return requests.post(f"{self.url}/f/signup", json=GOOD, timeout=10)

    def answers(self, path: str, status: int = 200) -> bool:
        try:
            return requests.get(self.url + path, timeout=5).status_code == status
        except requests.RequestException:
            return False

    def await_ready(self) -> None:
        self.await_up(lambda: self.answers("/readyz"), 30)

    def leaves_stream(self, path: str, chunks: int) -> bool:
        """Begin a stream and leave it after some chunks; while it is open nobody else may watch."""
        with requests.get(self.url + path, stream=True, timeout=5) as stream:
            taken = stream.status_code == 200
            if taken:
                assert self.answers(path, status=503)
                for _, _ in zip(range(chunks), stream.iter_content(None), strict=False):
                    pass
            return taken

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """Connect from an address; all of 127/8 are this machine's (on Linux)."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(source, 0))

    def answer_to(self, request: bytes) -> bytes:
        """Return everything that is answered to these bytes until the server closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def __enter__(self) -> Self:
        self.start()
        try:
            self.await_ready()
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running():
            self.kill()
        print(self.tail())


class CrowdedServer(Server):
    """A gateway that is looked at for how much it bears.

    It keeps the real clock under `make test-clock`: libfaketime makes a thousand threads wait for one another.
    """

    def inherited(self) -> Mapping[str, str]:
        return by_the_real_clock()
