"""Reads what the forms of the page send."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Request

from shared.mail_addresses import ADDRESS_MOST
from storage_service.console.suppressions import ID_MOST, NOTE_MOST

CURSOR_MOST = 400
_FORM_MOST = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: an address, a form (empty for all), and a note."""

    address: str = field(default="", repr=False)
    form: str = ""
    note: str = ""


def asked_of(asked: Request) -> Asked:
    """Return what a form sent, each no longer than it may be."""
    return Asked(
        str(asked.form.get("address", ""))[: ADDRESS_MOST + 1].strip(),
        str(asked.form.get("form", ""))[:_FORM_MOST],
        str(asked.form.get("note", ""))[:NOTE_MOST].strip(),
    )


def key_of(asked: Request) -> str:
    """Return which one is to be taken back."""
    return str(asked.form.get("id", ""))[: ID_MOST + 1]
