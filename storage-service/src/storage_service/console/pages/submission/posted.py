"""Reads what a form of the page sends, each thing with a limit and an error that names it."""

from __future__ import annotations

from collections.abc import Collection

from flask import Request

from shared.web.refusals import refused

_VALUE_MOST = 1000
_DIGITS_MOST = 9


class Posted:
    """The fields of a form. All methods raise `Refused` (400) for what no form of ours sends."""

    def __init__(self, asked: Request) -> None:
        self._said = asked.form

    def __contains__(self, name: str) -> bool:
        return name in self._said

    def text(self, name: str) -> str:
        """Return what was typed, with line feeds between lines; empty without."""
        return str(self._said.get(name, "")).replace("\r\n", "\n").replace("\r", "\n")

    def value(self, name: str) -> str:
        """Return a short value."""
        value = self.text(name)
        if len(value) > _VALUE_MOST:
            raise refused(400, name.upper(), f"{name} is too long: {_VALUE_MOST} characters at most.", field=name)
        return value

    def one_of(self, name: str, choices: Collection[str]) -> str:
        """Return which of some words was sent."""
        value = self.value(name)
        if value not in choices:
            raise refused(400, name.upper(), f"{name} must be one of {', '.join(choices)}.", field=name)
        return value

    def version(self) -> int:
        """Return the version of the submission that was seen."""
        text = self.value("version")
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST and int(text) >= 1):
            raise refused(400, "VERSION", "version must be a number: that of the submission as the page showed it.")
        return int(text)
