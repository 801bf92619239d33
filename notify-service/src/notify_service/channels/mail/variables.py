"""The variables that the templates of each mail may use, each with a value of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notify_service.channels.mail.fitting import Shown

EVERYWHERE = {"subject": "A subject", "language": "en"}
"""What every body has besides."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What a mail's templates may use. `full` has a value for each, `bare` nothing where there may be nothing.

    Both are tried on each template that is read, so that what it does wrong is found before a mail needs it.
    """

    full: Mapping[str, object]
    bare: Mapping[str, object]


CONFIRMATION = Variables(
    full={
        "form": "Sign up",
        "paragraphs": [["Dear Ada,"], ["we have it.", "See you soon."]],
        "left_out": True,
        "received": "22 November 2026, 17:03 UTC",
        "reference": "019aac3c-7a3b-7a52-8d1f-6f350a0e9e0a",
        "receipt_url": "https://forms.example.org/receipts/x",
        "sender": "Counterfoil",
    },
    bare={
        "form": "Sign up",
        "paragraphs": [],
        "left_out": False,
        "received": "22 November 2026, 17:03 UTC",
        "reference": "019aac3c-7a3b-7a52-8d1f-6f350a0e9e0a",
        "receipt_url": None,
        "sender": "Counterfoil",
    },
)

_REFERENCE, _RECEIVED = str(CONFIRMATION.full["reference"]), str(CONFIRMATION.full["received"])

OWNER = Variables(
    full={
        "form": "Contact",
        "who": "Ada Lovelace",
        "fields": [
            Shown("Name", "Ada Lovelace"),
            Shown("Message", "Two lines\nof it.", is_cut=True),
            Shown("News?", is_yes=True),
            Shown("Calls?", is_no=True),
        ],
        "left_out": 2,
        "answer_to": "Ada Lovelace, ada@example.org",
        "is_unverified": True,
        "received": _RECEIVED,
        "page": "https://www.example.org/contact",
        "visitor_language": "en",
        "reference": _REFERENCE,
        "submission_url": "https://forms.example.org/submissions/x",
        "sender": "Counterfoil",
    },
    bare={
        "form": "Contact",
        "who": "",
        "fields": [],
        "left_out": 0,
        "answer_to": "",
        "is_unverified": False,
        "received": _RECEIVED,
        "page": "",
        "visitor_language": "",
        "reference": _REFERENCE,
        "submission_url": None,
        "sender": "Counterfoil",
    },
)

LINK = Variables(
    full={
        "link": "https://forms.example.org/console/invitation/x",
        "site": "forms.example.org",
        "by": "ada@example.org",
        "good_until": _RECEIVED,
        "sender": "Counterfoil",
    },
    bare={
        "link": "https://forms.example.org/console/invitation/x",
        "site": "forms.example.org",
        "by": "",
        "good_until": _RECEIVED,
        "sender": "Counterfoil",
    },
)
"""Of the mails with a link into an account of the console. `by` is who invites, or helps to a new password."""

MAILS: dict[str, Variables] = {"confirmation": CONFIRMATION, "owner": OWNER, "invitation": LINK, "reset": LINK}
"""Each mail that has templates."""

OF_FORMS = ("confirmation", "owner")
"""Those that are sent because of a submission, in the language of its form."""
