"""Runs a private S3 server, SeaweedFS, for one test run."""

from __future__ import annotations

import http.client
import json
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path

from dev.processes import free_port
from dev.programs import seaweed as program
from dev.server import Server
from shared.files import FilesSettings

KEY_ID = "counterfoil"
BUCKET = "files"
_SERVERS = ("master", "volume", "filer", "s3")


class Seaweed(Server):
    """One SeaweedFS with all its parts in a process, its data below `directory`. A bucket is there once it is used.

    It takes `volumes` of 64 MB. `identities` is a file that says who may use it, instead of one of its own.
    """

    NAME = "SeaweedFS"
    START_TIMEOUT_S = 60
    ENDED_BY = signal.SIGKILL
    """What it has answered is on its disk; by itself it takes half a minute to end."""

    def __init__(self, directory: Path, *, volumes: int = 64, identities: Path | None = None) -> None:
        super().__init__(directory)
        self._volumes = volumes
        self._identities = identities
        self._ports = {f"{name}.port{kind}": free_port() for name in _SERVERS for kind in ("", ".grpc")}
        self.secret = secrets.token_hex(16)

    @property
    def port(self) -> int:
        """Where S3 is, on 127.0.0.1."""
        return self._ports["s3.port"]

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self, prefix: str) -> FilesSettings:
        """Return what names a place in its bucket."""
        return FilesSettings(f"s3://{BUCKET}/{prefix}", KEY_ID, self.secret, self.endpoint, "us-east-1")

    def environment(self, prefix: str) -> dict[str, str]:
        """Return the same as the variables of a process."""
        return {
            "COUNTERFOIL_FILES_URL": f"s3://{BUCKET}/{prefix}",
            "COUNTERFOIL_FILES_KEY_ID": KEY_ID,
            "COUNTERFOIL_FILES_SECRET": self.secret,
            "COUNTERFOIL_FILES_ENDPOINT": self.endpoint,
            "COUNTERFOIL_FILES_REGION": "us-east-1",
        }

    def command(self) -> Sequence[str]:
        """See `Server`."""
        return [program(), "-logtostderr=true", "server", *self._options()]

    def is_ready(self) -> bool:
        """Say whether there is a place for a file, and S3 answers."""
        wanted = {"master.port": "/dir/assign", "s3.port": "/status"}
        return all(self._status(self._ports[name], path) == http.client.OK for name, path in wanted.items())

    def unfinished(self) -> list[str]:
        """Return the uploads in parts that nobody has finished or aborted, in order."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports["filer.port"], timeout=10)
        connection.request("GET", f"/buckets/{BUCKET}/.uploads/?limit=10000", headers={"Accept": "application/json"})
        answer = connection.getresponse()
        found = json.loads(answer.read() or b"{}")["Entries"] if answer.status == http.client.OK else None
        return sorted(entry["FullPath"] for entry in found or [])

    def _options(self) -> list[str]:
        data = self.directory / "data"
        data.mkdir(exist_ok=True)
        return [
            *(f"-{name}={port}" for name, port in self._ports.items()),
            "-ip=127.0.0.1",
            f"-dir={data}",
            "-s3",
            f"-s3.config={self._identities or self._own_identity()}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-volume.max={self._volumes}",
            "-master.volumeSizeLimitMB=64",
        ]

    def _own_identity(self) -> Path:
        config = self.directory / "s3.json"
        key = {"accessKey": KEY_ID, "secretKey": self.secret}
        rights = ["Admin", "Read", "Write", "List"]
        config.write_text(json.dumps({"identities": [{"name": KEY_ID, "credentials": [key], "actions": rights}]}))
        return config

    @staticmethod
    def _status(port: int, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
