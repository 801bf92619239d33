"""Reads whom a form of the pages names."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Request

from shared.mail_addresses import ADDRESS_MOST
from storage_service.subjects import ADDRESSES_MOST, BadPerson, Person, person_of

_TEXT_MOST = 2 * (ADDRESSES_MOST + 1) * ADDRESS_MOST
_DIGITS_MOST = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: an address a line, or with commas between."""

    text: str = field(default="", repr=False)

    def person(self) -> Person:
        """Return whom it names; raises `BadPerson`."""
        return person_of(self._addresses())

    def said(self, error: BadPerson) -> str:
        """Return what is wrong with it, in a sentence."""
        place = "" if error.place is None else f"{self._addresses()[error.place][:80]}: "
        return f"{place}{error}." if place else sentence(error)

    def _addresses(self) -> list[str]:
        lines = self.text.replace(",", "\n").replace(";", "\n").splitlines()
        return [line.strip() for line in lines if line.strip()]


def asked_of(asked: Request) -> Asked:
    """Return what a form sent; of more than all addresses together may be, the beginning."""
    return Asked(str(asked.form.get("email", ""))[:_TEXT_MOST])


def confirmed_of(asked: Request) -> int | None:
    """Return how many submissions may be erased; None where nothing was confirmed yet."""
    text = str(asked.form.get("confirm", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST else None


def sentence(error: Exception) -> str:
    """Return what an error says as a sentence."""
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
