"""Reads the names in addresses. What does not exist, and what a key may not see, is 404 alike."""

from __future__ import annotations

from uuid import UUID

from shared.forms import NAME
from shared.web.refusals import Refused, refused
from storage_service.accounts.asker import Asker

_ID_CHARACTERS = 64


def id_of(text: str) -> UUID:
    """Return the id of a submission in an address; raises `Refused` (404)."""
    try:
        return UUID(text[:_ID_CHARACTERS])
    except ValueError:
        raise no_submission() from None


def form_of(text: str, asker: Asker) -> str:
    """Return the name of a form in an address, which the asker may see; raises `Refused` (404)."""
    if not NAME.fullmatch(text) or not asker.may_see(text):
        raise no_form()
    return text


def no_submission() -> Refused:
    """Return the refusal of a submission that is not there, or not for this asker."""
    return refused(404, "SUBMISSION_NOT_FOUND", "There is no submission with this id.")


def no_form() -> Refused:
    """Return the refusal of a form that is not there, or not for this asker."""
    return refused(404, "FORM_NOT_FOUND", "There is no form at this address.")
