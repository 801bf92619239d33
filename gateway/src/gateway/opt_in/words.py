"""Has the words of the button's page, in the languages that the product's mails have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from gateway.pages.languages import Language, Words

Outcome: TypeAlias = Literal["waiting", "unsure", "thanks", "used", "expired", "forged", "erased", "away", "often"]


RECEIPT: Mapping[Language, str] = {"en": "See your receipt", "de": "Eingangsbestätigung ansehen"}
_ENGLISH: Mapping[Outcome, Words] = {
    "waiting": Words(
        "Confirm your address",
        [
            "Your address was entered in this form. If you did that, press the button.",
            "If it was somebody else, close this page: without the button nothing comes of it.",
        ],
        "Confirm my address",
    ),
    "unsure": Words(
        "Confirm your address",
        [
            "Your address was entered in this form. If you did that, press the button.",
            "If it was somebody else, close this page: without the button nothing comes of it.",
            "We cannot look up just now whether it was confirmed before. The button works all the same.",
        ],
        "Confirm my address",
    ),
    "thanks": Words("Thank you", ["Your address is confirmed."]),
    "used": Words("Already confirmed", ["This address was confirmed before. There is nothing more to do."]),
    "expired": Words(
        "This link has expired",
        ["It was good for seven days, and your address was not confirmed.", "We can send you a new mail."],
        "Send a new mail",
    ),
    "forged": Words(
        "This link is not complete",
        ["Please open the link in the mail again, or copy all of it: some mail programs cut long addresses in two."],
    ),
    "erased": Words(
        "This is not kept any more",
        [
            "What was sent with the form has been erased, and nothing is left to confirm.",
            "If you still want it, please fill in the form again.",
        ],
    ),
    "away": Words(
        "Not just now",
        ["We could not take your answer. Please press the button again in a minute."],
        "Try again",
    ),
    "often": Words(
        "Not just now",
        ["Too many buttons were pressed over your connection, and nothing came of this one. Please wait a little."],
        "Try again",
    ),
}

_GERMAN: Mapping[Outcome, Words] = {
    "waiting": Words(
        "Bitte bestätigen Sie Ihre Adresse",
        [
            "Ihre Adresse wurde in dieses Formular eingetragen. Wenn Sie das waren, drücken Sie auf den Knopf.",
            "Wenn es jemand anders war, schließen Sie diese Seite: Ohne den Knopf geschieht nichts.",
        ],
        "Adresse bestätigen",
    ),
    "unsure": Words(
        "Bitte bestätigen Sie Ihre Adresse",
        [
            "Ihre Adresse wurde in dieses Formular eingetragen. Wenn Sie das waren, drücken Sie auf den Knopf.",
            "Wenn es jemand anders war, schließen Sie diese Seite: Ohne den Knopf geschieht nichts.",
            "Ob sie schon bestätigt wurde, können wir gerade nicht nachsehen. Der Knopf gilt trotzdem.",
        ],
        "Adresse bestätigen",
    ),
    "thanks": Words("Vielen Dank", ["Ihre Adresse ist bestätigt."]),
    "used": Words("Schon bestätigt", ["Diese Adresse wurde bereits bestätigt. Sie brauchen nichts mehr zu tun."]),
    "expired": Words(
        "Dieser Link ist abgelaufen",
        ["Er galt sieben Tage, und Ihre Adresse wurde nicht bestätigt.", "Wir können Ihnen eine neue Mail senden."],
        "Neue Mail senden",
    ),
    "forged": Words(
        "Dieser Link ist nicht vollständig",
        ["Bitte öffnen Sie den Link in der Mail noch einmal, oder kopieren Sie ihn ganz: Manche Programme kürzen ihn."],
    ),
    "erased": Words(
        "Das wird hier nicht mehr aufbewahrt",
        [
            "Was mit dem Formular gesendet wurde, ist gelöscht, und es gibt nichts mehr zu bestätigen.",
            "Wenn Sie es weiterhin möchten, füllen Sie das Formular bitte noch einmal aus.",
        ],
    ),
    "away": Words(
        "Das geht gerade nicht",
        ["Wir konnten Ihre Antwort nicht annehmen. Bitte drücken Sie in einer Minute noch einmal auf den Knopf."],
        "Noch einmal versuchen",
    ),
    "often": Words(
        "Das geht gerade nicht",
        ["Über Ihren Anschluss wurde zu oft auf Knöpfe gedrückt: Dieses Mal zählt nicht. Bitte warten Sie ein wenig."],
        "Noch einmal versuchen",
    ),
}

WORDS: Mapping[Language, Mapping[Outcome, Words]] = {"en": _ENGLISH, "de": _GERMAN}
