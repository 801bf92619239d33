"""Attaches the files of a submission to a mail, where a form asks for it and they are small."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog

from notify_service.channels.file_links import FileLink
from notify_service.channels.mail.attachments import Attachment
from shared.contracts import SubmittedFile
from shared.contracts.parts.submitted_file import CLEAN
from shared.files import FileMissing, FileStore, StoreUnavailable
from shared.forms import Owner

ATTACHED_MOST = 5 * 1024 * 1024
"""Bytes that all files of a mail have together: half as much again is what a mail server gets."""

ReadFile: TypeAlias = Callable[[SubmittedFile], bytes]
"""Returns the bytes of a file; raises `Unreadable`."""


class Unreadable(Exception):
    """A file cannot be read here; the text says why, and shows nothing of it."""


def read_nothing(_file: SubmittedFile) -> bytes:
    """Read files for who has no store."""
    raise Unreadable("COUNTERFOIL_FILES_URL is not set for notify")


class StoreReader:
    """Reads files from a store, each whole and as it was accepted. Safe to use from several threads."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def __call__(self, file: SubmittedFile) -> bytes:
        """Return the bytes; raises `Unreadable`."""
        try:
            with self._store.open(file.key, end=file.size) as opened:
                content = b"".join(opened) if opened.size == file.size else b""
        except (FileMissing, StoreUnavailable) as error:
            raise Unreadable(type(error).__name__) from error
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise Unreadable("other bytes are under its key")
        return content


def attachments(links: Sequence[FileLink], owner: Owner, read: ReadFile) -> tuple[dict[int, Attachment], bool]:
    """Return what is attached, by the numbers of the files, and whether anything should have been that could not be.

    Never what a scanner has not found clean, where there is one, and nothing where all are too large together.
    """
    if owner.attach != "small" or sum(one.file.size for one in links) > ATTACHED_MOST:
        return {}, False
    try:
        made = {
            one.number: Attachment(one.name, one.file.type, read(one.file))
            for one in links
            if one.file.scan in (None, CLEAN)
        }
    except Unreadable as error:
        structlog.get_logger().warning("files are not attached, the mail links to them", reason=str(error))
        return {}, True
    return made, False
