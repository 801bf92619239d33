"""Sends files to a real gateway that keeps them in a directory, and looks at what it has kept."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.contracts import SubmissionAccepted, decode
from shared.messaging.topology import STORAGE
from support.brokers import looker
from support.gateway_server import CrowdedServer
from support.multipart import BOUNDARY, Sent, body_of, kind_of
from support.raw_http import a_post

FORMS = """
[forms.signup]
fields.name = {type = "text", required = true}
fields.email = {type = "email", required = true}
[forms.photos]
files = {undeclared = true, max_size = "30 MB", max_total = "60 MB"}
[forms.small]
files = {undeclared = true, max_size = "100 kB", max_total = "1 MB"}
"""


class UploadServer(CrowdedServer):
    """A gateway with a directory of files."""

    def __init__(self, directory: Path, broker_url: str, module: str = "gateway", **settings: str) -> None:
        self.folder = directory / "files"
        self.folder.mkdir()
        files = {"COUNTERFOIL_FILES_URL": self.folder.as_uri(), **settings}
        if files["COUNTERFOIL_FILES_URL"].startswith("file:"):  # with a bucket one address may have few at once
            files.setdefault("COUNTERFOIL_UPLOADS_PER_SOURCE", "64")
        super().__init__(directory, broker_url, module, **files)
        (directory / "forms.toml").write_text(FORMS, encoding="utf-8")
        self._look = looker(broker_url)

    def kept(self) -> list[Path]:
        """Return the files that are there, those on their way too."""
        # `rglob` raises where a folder goes meanwhile
        return sorted(Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names)

    def events(self) -> list[SubmissionAccepted]:
        """Return the events that wait for storage."""
        return [
            decode(message.body, type=message.type, types=(SubmissionAccepted,)) for message in self._look(STORAGE.name)
        ]

    @contextmanager
    def begun(
        self, *parts: Sent, form: str = "photos", without: int = 1, source: str = "127.0.0.1"
    ) -> Iterator[tuple[socket.socket, bytes]]:
        """Send a submission but for its last bytes; return the connection, and those bytes."""
        body = body_of(*parts)
        cut = len(body) - without
        head = a_post(f"Content-Length: {len(body)}", path=f"/f/{form}", kind=kind_of(BOUNDARY), length=False)
        with self.connect(source) as connection:
            connection.sendall(head + body[:cut])
            yield connection, body[cut:]
