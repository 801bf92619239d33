"""Defines why a request is refused: one exception, with a status, and codes that contracts name.

The codes are those that the clients of existing form back ends know, and ours in the same style.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    """A request that is answered with an error. `title` is a sentence a submitter can understand."""

    def __init__(self, status: int, title: str, *errors: FieldError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = errors
        self.headers = dict(headers or {})

    def to_json(self) -> dict[str, Any]:
        """Return the body of the JSON answer."""
        return {
            "ok": False,
            "success": False,
            "error": self.title,
            "message": self.title,
            "errors": [error.to_json() for error in self.errors],
        }


def refused(status: int, code: str, title: str, *, field: str | None = None) -> Refused:
    """Return a refusal with a single error, whose message is the title."""
    return Refused(status, title, FieldError(code, title, field))


def invalid(*errors: FieldError) -> Refused:
    """Return the refusal of a submission whose fields are wrong: 422."""
    count = len(errors)
    title = errors[0].message if count == 1 else f"{count} fields need your attention."
    return Refused(422, title, *errors)


def form_not_found() -> Refused:
    """Return the refusal of a form that is not defined here: 404."""
    return refused(404, "FORM_NOT_FOUND", "There is no form at this address.")


def blocked() -> Refused:
    """Return the refusal of a page that may not post to this form: 403."""
    return refused(403, "BLOCKED", "This form does not take submissions from that site.")


def hidden_page() -> Refused:
    """Return the refusal of a page that does not say which one it is, where a form names those that may post: 403."""
    return refused(403, "BLOCKED", "This form takes submissions from named sites, and the page did not say its own.")


def inactive() -> Refused:
    """Return the refusal of a form that takes no submissions now: 403."""
    return refused(403, "INACTIVE", "This form does not take submissions any more.")


def wrong_access_key() -> Refused:
    """Return the refusal of a page that does not say the form's access key: 403."""
    return refused(403, "ACCESS_KEY", "The access key is not the one of this form.", field="access_key")


def too_large(limit_bytes: int) -> Refused:
    """Return the refusal of a body over the limit: 413; the server closes the connection."""
    return refused(413, "TOO_LARGE", f"This is too large: at most {limit_bytes // 1024} kB can be sent.")


def too_many_fields(limit: int) -> Refused:
    """Return the refusal of a body with too many fields: 413."""
    return refused(413, "TOO_MANY_FIELDS", f"The submission has too many fields: {limit} are the limit.")


def captcha_missing() -> Refused:
    """Return the refusal of a submission without a captcha's token: 422."""
    return refused(422, "CAPTCHA_MISSING", "Please solve the captcha first.")


def captcha_failed() -> Refused:
    """Return the refusal of a captcha's token that stands for no solution, or for one that was used: 422."""
    return refused(422, "CAPTCHA_FAILED", "The captcha was not solved, or too long ago. Please solve it again.")


def no_challenge() -> Refused:
    """Return the refusal where a form has no captcha of the gateway's own: 404."""
    return refused(404, "CAPTCHA_NOT_FOUND", "This form's captcha has no challenge at this address.")


def too_many_requests(retry_after_s: int) -> Refused:
    """Return the refusal of an address that submits more often than it may: 429 with `Retry-After`."""
    refusal = refused(429, "TOO_MANY_REQUESTS", "Too many submissions came from your address. Please wait a moment.")
    refusal.headers["Retry-After"] = str(retry_after_s)
    return refusal


def internal() -> Refused:
    """Return the refusal after a bug of ours: 500."""
    return refused(500, "INTERNAL", "Something went wrong on our side. Please try again.")


def unavailable(title: str) -> Refused:
    """Return the refusal for now: 503 with `Retry-After`. What was asked may have happened all the same."""
    refusal = refused(503, "UNAVAILABLE", title)
    refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
    return refusal
