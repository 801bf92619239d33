"""Has the words of the page, in the languages that the product's mails have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from gateway.pages.languages import Language, Words

Outcome: TypeAlias = Literal["asked", "done", "forged", "away"]


_ENGLISH: Mapping[Outcome, Words] = {
    "asked": Words(
        "No more of these mails?",
        ["Press the button, and mails like this one are no longer sent to this address."],
        "Unsubscribe",
    ),
    "done": Words(
        "You are unsubscribed",
        [
            "Mails like this one are no longer sent to this address. One that is on its way may still arrive.",
            "If this was a mistake, ask whoever runs this form to take it back.",
        ],
    ),
    "forged": Words(
        "This link is not complete",
        ["Please open the link in the mail again, or copy all of it: some mail programs cut long addresses in two."],
    ),
    "away": Words(
        "Not just now",
        ["We could not take your answer. Please press the button again in a minute."],
        "Try again",
    ),
}

_GERMAN: Mapping[Outcome, Words] = {
    "asked": Words(
        "Keine solchen Mails mehr?",
        ["Drücken Sie auf den Knopf, und Mails wie diese gehen nicht mehr an diese Adresse."],
        "Abbestellen",
    ),
    "done": Words(
        "Sie sind abgemeldet",
        [
            "Mails wie diese gehen nicht mehr an diese Adresse. Eine, die unterwegs ist, kann noch ankommen.",
            "Wenn das ein Versehen war, bitten Sie die Stelle, die das Formular betreibt, es zurückzunehmen.",
        ],
    ),
    "forged": Words(
        "Dieser Link ist nicht vollständig",
        ["Bitte öffnen Sie den Link in der Mail noch einmal, oder kopieren Sie ihn ganz: Manche Programme kürzen ihn."],
    ),
    "away": Words(
        "Das geht gerade nicht",
        ["Wir konnten Ihre Antwort nicht annehmen. Bitte drücken Sie in einer Minute noch einmal auf den Knopf."],
        "Noch einmal versuchen",
    ),
}

WORDS: Mapping[Language, Mapping[Outcome, Words]] = {"en": _ENGLISH, "de": _GERMAN}
