"""Defines why a request is refused: one exception, with a status and codes, and its documents as JSON.

The codes are those that the clients of existing form back ends know, and ours in the same style.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong: a code for programs, a sentence for people, and the field it is about, if one."""

    code: str
    message: str
    field: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in an answer; `field` is left out where no field is meant."""
        document = {"code": self.code, "field": self.field, "message": self.message}
        return {name: value for name, value in document.items() if value is not None}


class Refused(Exception):
    """A request that is answered with an error. `title` is a sentence that whoever asked can understand.

    `more` are further members of its document, such as the place of a mistake.
    """

    def __init__(
        self,
        status: int,
        title: str,
        *errors: FieldError,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = errors
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def to_json(self) -> dict[str, Any]:
        """Return the body of the JSON answer."""
        return {
            "ok": False,
            "success": False,
            "error": self.title,
            "message": self.title,
            "errors": [error.to_json() for error in self.errors],
            **self.more,
        }

    def to_problem(self) -> dict[str, Any]:
        """Return the body of an answer of `application/problem+json` (RFC 9457); it has all of `to_json`, too."""
        phrase = HTTPStatus(self.status).phrase
        problem = {"type": "about:blank", "title": phrase, "status": self.status, "detail": self.title}
        return {**problem, **self.to_json()}


def refused(status: int, code: str, title: str, *, field: str | None = None) -> Refused:
    """Return a refusal with a single error, whose message is the title."""
    return Refused(status, title, FieldError(code, title, field))


def internal() -> Refused:
    """Return the refusal after a bug of ours: 500."""
    return refused(500, "INTERNAL", "Something went wrong on our side. Please try again.")


def unavailable(title: str) -> Refused:
    """Return the refusal for now: 503 with `Retry-After`. What was asked may have happened all the same."""
    refusal = refused(503, "UNAVAILABLE", title)
    refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
    return refusal
