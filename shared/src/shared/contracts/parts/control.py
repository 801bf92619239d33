"""What the control fields of a form asked for, and whose address a submission names as its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of

from shared.contracts.strict_json import JsonValue
from shared.mail_addresses import ADDRESS_MOST


@dataclass(frozen=True, slots=True)
class Control:
    """What the submitter's control fields asked for (`_subject`, `_replyto`).

    `captcha` is `unverified` where nobody could be asked whether the form's captcha was solved.
    """

    subject: str | None = None
    reply_to: str | None = None
    captcha: str | None = None


CONTROL_MEMBERS = tuple(each.name for each in fields_of(Control))


def reply_address_of(control: Control, fields: Mapping[str, JsonValue]) -> str | None:
    """Return the submitter's own address: `_replyto`, else the field `email` or `Email`; None without one.

    What is longer than any address is none: whoever compares or checks it may take long over it.
    """
    for candidate in (control.reply_to, fields.get("email"), fields.get("Email")):
        if isinstance(candidate, str) and 0 < len(candidate) <= ADDRESS_MOST:
            return candidate
    return None
