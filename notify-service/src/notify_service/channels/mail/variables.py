"""The variables that the templates of each mail may use, each with a value of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notify_service.channels.mail.fitting import FileShown, LineShown, Shown

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

_BUTTON = {"good_until": "29 November 2026, 17:03 UTC", "confirm_url": "https://forms.example.org/opt-in/x"}


def _with_button(values: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in values.items() if name != "receipt_url"} | _BUTTON


OPT_IN = Variables(full=_with_button(CONFIRMATION.full), bare=_with_button(CONFIRMATION.bare))
"""Of the mail that asks to confirm an address; `good_until` is the end of its link, `confirm_url`."""

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
        "files": [
            FileShown("CV", "cv.pdf", "48 kB", is_attached=True),
            FileShown("Photo", "me.jpg", "2.5 MB", "https://forms.example.org/console/submissions/x/files/2"),
            FileShown("Photo", "b.zip", "1 MB", is_infected=True),
            FileShown("Photo", "c.zip", "1 MB", is_unscanned=True),
        ],
        "files_left_out": 2,
        "are_files_missing": True,
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
        "files": [],
        "files_left_out": 0,
        "are_files_missing": False,
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

DIGEST = Variables(
    full={
        "form": "Contact",
        "count": 315,
        "lines": [
            LineShown("Ada Lovelace", "The boiler is cold", _RECEIVED, "https://forms.example.org/submissions/x"),
            LineShown("", "", _RECEIVED),
        ],
        "more": 313,
        "is_many": True,
        "list_url": "https://forms.example.org/console/inbox?q=form%3Acontact",
        "unsubscribe_url": "https://forms.example.org/unsubscribe/x",
        "sender": "Counterfoil",
    },
    bare={
        "form": "Contact",
        "count": 1,
        "lines": [],
        "more": 1,
        "is_many": False,
        "list_url": None,
        "unsubscribe_url": None,
        "sender": "Counterfoil",
    },
)
"""`more` counts those without a line."""

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

MAILS: dict[str, Variables] = {
    "confirmation": CONFIRMATION,
    "opt_in": OPT_IN,
    "owner": OWNER,
    "digest": DIGEST,
    "invitation": LINK,
    "reset": LINK,
}
"""Each mail that has templates."""

OF_FORMS = ("confirmation", "opt_in", "owner")
"""Those that are sent because of a submission, in the language of its form; one of them by forms with opt-in alone."""
