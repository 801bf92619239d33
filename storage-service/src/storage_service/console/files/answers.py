"""Answers with the bytes of a file, and with its small picture: for the API and for the pages."""

from __future__ import annotations

import structlog
from flask import Response, request

from shared.files import FileMissing, Opened, StoreUnavailable
from shared.web.refusals import Refused, refused, unavailable
from storage_service.accounts.asker import Asker
from storage_service.console.files import headers
from storage_service.console.files.finding import Found, Place, found
from storage_service.console.files.noting import DOWNLOADED, PREVIEWED, Noting
from storage_service.console.files.ranges import Bytes, bytes_of, is_known
from storage_service.console.files.sending import Sending
from storage_service.console.parts import Parts
from storage_service.files import StoredFile
from storage_service.previews.previews import Busy, NoPreview
from storage_service.records.export import AllTaken

_RETRY_S = "10"

_log = structlog.get_logger()


class Files:
    """Answers with files. One for all addresses: it knows what was noted in the audit a moment ago."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._noting = Noting(parts.audit)

    def file(self, place: Place, who: Asker) -> Response:
        """Return a file, or a range of it, as an attachment; raises `Refused`."""
        one = found(self._parts, place, who)
        head = headers.of_a_file(one.file.name, one.file.type, one.file.sha256)
        if is_known(request, one.file.sha256):
            return Response(status=304, headers=_without_body(head))
        wanted = bytes_of(request, one.file.size, one.file.sha256)
        if request.method != "HEAD":
            self._noting.note(who, DOWNLOADED, place.address)
        return self._sent(one.file, wanted, {**head, **wanted.headers})

    def preview(self, place: Place, who: Asker) -> Response:
        """Return the small picture of a file, to be shown; raises `Refused`."""
        one = found(self._parts, place, who)
        head = headers.of_a_preview(one.file.sha256)
        if is_known(request, f"{one.file.sha256}-preview"):
            return Response(status=304, headers=_without_body(head))
        self._noting.note(who, PREVIEWED, str(place.id))
        return Response(self._drawn(one), headers=head)

    def _sent(self, file: StoredFile, wanted: Bytes, head: dict[str, str]) -> Response:
        try:
            place = self._parts.downloads.take()
        except AllTaken:
            raise _later("As many files as may be are being downloaded just now. Please ask again.") from None
        try:
            opened = self._opened(file, wanted)
            sending = Sending(opened, 0 if request.method == "HEAD" else wanted.length, place.free)
        except BaseException:
            place.free()
            raise
        if request.method == "HEAD":
            sending.close()
        answer = Response(sending, 206 if wanted.is_part else 200, headers=head)
        answer.call_on_close(sending.close)  # also of what nobody has begun to read
        return answer

    def _opened(self, file: StoredFile, wanted: Bytes) -> Opened:
        try:
            return self._parts.uploads.open(file, wanted.start, wanted.end)
        except FileMissing:
            raise _gone(file) from None
        except StoreUnavailable as error:
            raise _away(error) from error

    def _drawn(self, one: Found) -> bytes:
        try:
            return self._parts.uploads.preview(one.file, [one.place.id])
        except NoPreview:
            raise refused(404, "NO_PREVIEW", "There is no small picture of this file.") from None
        except FileMissing:
            raise _gone(one.file) from None
        except Busy:
            raise _later("As many pictures as may be are being drawn just now. Please ask again.") from None
        except StoreUnavailable as error:
            raise _away(error) from error


def _without_body(head: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in head.items() if name not in ("Content-Type", "Content-Disposition")}


def _gone(file: StoredFile) -> Refused:
    _log.error("a file is not in the store", key=file.key)
    return refused(410, "FILE_GONE", "The file is not in the store any more. What is known of it stays.")


def _away(error: StoreUnavailable) -> Refused:
    _log.warning("a file was not opened", because=str(error))
    refusal = refused(503, "FILES_UNAVAILABLE", "The store of files does not answer just now. Please ask again.")
    refusal.headers["Retry-After"] = _RETRY_S
    return refusal


def _later(title: str) -> Refused:
    refusal = unavailable(title)
    refusal.headers["Retry-After"] = _RETRY_S
    return refusal
