"""Names the control fields: our own, which are Formspree's, and those of other form services.

A form takes its dialect's names besides ours. Sources: each service's documentation of its special or reserved names.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, TypeAlias

from shared.forms import Dialect, Form

Role: TypeAlias = Literal["next", "subject", "reply_to", "language", "key", "trap", "access_key", "captcha", "unused"]

NEXT = "_next"
KEY = "_idempotency_key"
HONEYPOT = "_gotcha"
ACCESS_KEY = "access_key"
_RECAPTCHA = "g-recaptcha-response"

_OWN: dict[str, Role] = {
    NEXT: "next",
    "_redirect": "next",
    "_subject": "subject",
    "_replyto": "reply_to",
    "_language": "language",
    KEY: "key",
    HONEYPOT: "trap",
    "_cc": "unused",
    "_format": "unused",
}

_FURTHER: dict[Dialect, dict[str, Role]] = {
    "formspree": {},
    "basin": {},
    "netlify": {"form-name": "unused"},
    "web3forms": {
        "redirect": "next",
        "subject": "subject",
        "replyto": "reply_to",
        "botcheck": "trap",
        "from_name": "unused",
        "ccemail": "unused",
        ACCESS_KEY: "access_key",
    },
}


def roles_of(form: Form) -> Mapping[str, Role]:
    """Return the control fields of a form by name. What the form defines as a field is a field in any dialect."""
    roles = {**_OWN, **(_FURTHER[form.dialect] if form.dialect else {})}
    if form.honeypot:
        roles[form.honeypot] = "trap"
    if form.captcha:
        roles[_RECAPTCHA] = "unused"  # which the widgets of others fill in as well, for servers that know only that one
        roles[form.captcha.token_field] = "captcha"
    return {name: role for name, role in roles.items() if name not in (form.fields or {})}


def success_of(form: Form) -> HTTPStatus:
    """Return the status of an accepted submission: 202, or in a dialect 200, as the service itself answers.

    The services' own snippets compare with 200: Web3Forms' `response.status == 200`, Basin's `xhr.status === 200`, and
    the one that Formspree documented for years. It promises the same.
    """
    return HTTPStatus.OK if form.dialect else HTTPStatus.ACCEPTED
