"""Says why files are refused: the errors of single files, and the refusals of all of them."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from gateway.http.errors import RETRY_AFTER_S, FieldError, Refused, invalid, refused
from shared.contracts.parts.submitted_file import TEXT_MOST
from shared.forms import size_text
from shared.text import flaw_of

NO_FILE_UPLOADS, TOO_BIG, TOO_MANY = "NO_FILE_UPLOADS", "FILES_TOO_BIG", "TOO_MANY_FILES"
AWAY, BUSY = "FILES_UNAVAILABLE", "UPLOADS_BUSY"


def no_files_here(name: str) -> Refused:
    """Return the refusal of a file under a name that takes none: 422."""
    return refused(422, NO_FILE_UPLOADS, "This form does not take a file here.", field=name)


def flaw_of_name(name: str) -> Refused | None:
    """Return the refusal of a name of a field that no event can tell of: 422, without the name; None of any other."""
    flaw = flaw_of(name)
    if len(name) > TEXT_MOST:
        flaw = f"{TEXT_MOST} characters are the limit"
    return refused(422, "VALUE_NOT_ACCEPTED", f"The name of a file's field is not taken: {flaw}.") if flaw else None


def naming(name: str, refusal: Refused) -> Refused:
    """Return the refusal of one of several files, whose errors say which one; of one of all, as it is."""
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR or any(error.field is None for error in refusal.errors):
        return refusal
    errors = [replace(error, message=f"{name}: {error.message}") for error in refusal.errors]
    return Refused(refusal.status, errors[0].message, *errors, headers=refusal.headers)


def too_big(limit_bytes: int, name: str) -> FieldError:
    """Return the error of one file that is too large."""
    return FieldError(TOO_BIG, f"This file is too large: {size_text(limit_bytes)} is the most.", name)


def together_too_big(limit_bytes: int) -> FieldError:
    """Return the error of files that are too large together."""
    return FieldError(TOO_BIG, f"The files are too large together: {size_text(limit_bytes)} is the most.")


def too_many(limit: int, name: str | None = None) -> FieldError:
    """Return the error of too many files, under one name or of all."""
    if name is not None:
        return FieldError(TOO_MANY, f"Too many files: {limit} can be sent here.", name)
    return FieldError(TOO_MANY, f"Too many files: {limit} can be sent in all.")


def request_too_big(limit_bytes: int) -> Refused:
    """Return the refusal of a request that is larger than its files may be together: 413."""
    error = together_too_big(limit_bytes)
    return Refused(413, error.message, error)


def refusal_for(*errors: FieldError) -> Refused:
    """Return the refusal of a submission with these errors: 422; 413 where all is about sizes.

    That there are too many files, both a field and whoever read them may say.
    """
    told = {(one.code, one.field, "" if one.code == TOO_MANY else one.message): one for one in errors}
    refusal = invalid(*told.values())
    if all(error.code == TOO_BIG for error in errors):
        refusal.status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return refusal


def away() -> Refused:
    """Return the refusal where the store of files takes nothing just now: 503 with `Retry-After`."""
    return _later(AWAY, "Files cannot be taken just now. Please try again in a moment.")


def unscanned() -> Refused:
    """Return the refusal where nobody can look at files for viruses just now: 503 with `Retry-After`."""
    return _later(AWAY, "Files cannot be checked for viruses just now. Please try again in a moment.")


def busy() -> Refused:
    """Return the refusal where too many submissions with files are coming in: 503 with `Retry-After`."""
    return _later(BUSY, "Too many files are coming in just now. Please try again in a moment.")


def _later(code: str, title: str) -> Refused:
    refusal = refused(503, code, title)
    refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
    return refusal
