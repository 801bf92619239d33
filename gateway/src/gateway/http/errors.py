"""Names the refusals of the gateway, beside those that `shared.web.refusals` has for all."""

from __future__ import annotations

from shared.web.refusals import RETRY_AFTER_S, FieldError, Refused, internal, refused, unavailable

__all__ = [
    "RETRY_AFTER_S",
    "FieldError",
    "Refused",
    "blocked",
    "captcha_failed",
    "captcha_missing",
    "form_not_found",
    "hidden_page",
    "inactive",
    "internal",
    "invalid",
    "no_challenge",
    "refused",
    "too_large",
    "too_many_fields",
    "too_many_presses",
    "too_many_requests",
    "unavailable",
    "wrong_access_key",
]


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


def too_many_presses(retry_after_s: int) -> Refused:
    """Return the refusal of an address that presses buttons of mails and receipts too often: as above."""
    refusal = refused(429, "TOO_MANY_PRESSES", "Too many buttons were pressed from your address. Please wait a moment.")
    refusal.headers["Retry-After"] = str(retry_after_s)
    return refusal
