"""Files for tests of who reads them: in the store of a console, with rows, and pictures of any kind."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from PIL import Image
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted, SubmittedFile
from shared.messaging.failures import Delivery
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from support.console_app import ConsoleApp
from support.events import a_file
from support.submission_databases import NOW


def lying(console: ConsoleApp, content: bytes, **told: Any) -> SubmittedFile:
    """Put a file into a console's store, and return what an event tells of it."""
    file = a_file(size=len(content), sha256=hashlib.sha256(content).hexdigest(), **told)
    assert console.parts.uploads.store is not None
    console.parts.uploads.store.put(file.key, [content])
    return file


def received(engine: Engine, *events: SubmissionAccepted) -> None:
    """Store events as the consumer does: with their files, and with what is another under an id beside it."""
    handler = StoreSubmissions(
        SubmissionRepository(engine), announce=lambda _: None, clock=lambda: NOW, reach=lambda _: None
    )
    for one in events:
        handler([Delivery(one)])


def a_picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture of one colour."""
    made = io.BytesIO()
    Image.new(mode, size, "red").save(made, kind, **options)
    return made.getvalue()
