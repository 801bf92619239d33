"""Says why a delivery is where it is, in words that an owner understands, and what to do about it. Pure.

Reasons are classes of failure, as transports, caps and retries name them. One that is not known here is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from notify_service.channels.hook import OFF
from notify_service.deliveries.caps import LIMITED
from notify_service.deliveries.retries import BUG, LOST, UNKNOWN
from notify_service.deliveries.states import (
    BOUNCED,
    DIGEST,
    MANY,
    NO_LONGER_WANTED,
    NOT_ASKED_FOR,
    OPT_IN,
    SUPPRESSED,
    WITHHELD,
)
from notify_service.history.mail_words import MAIL_REASON, of_bounce, of_mail

_LIMITS: Mapping[str, str] = {
    "share": "Too many mails to this address were caused from one place",
    "source": "Too many mails were caused from one place (COUNTERFOIL_CONFIRMATIONS_PER_SOURCE)",
    "form": "This form has caused too many mails (COUNTERFOIL_CONFIRMATIONS_PER_FORM)",
    "recipient": "This address has had too many mails (COUNTERFOIL_CONFIRMATIONS_PER_RECIPIENT)",
}
_STATUSES: Mapping[str, str] = {
    "400": "The endpoint did not understand what it was sent: look into its log.",
    "401": "The endpoint asks for a login: mend the address or the headers of the form.",
    "403": "The endpoint let us in, but not do this: check its permissions and the secret.",
    "404": "There is nothing at this address: mend it in the forms file, or where the hook was asked for.",
    "405": "This address takes no POST: mend it in the forms file, or where the hook was asked for.",
    "410": "The endpoint says that it is gone for good: mend the address, or take the section out of the forms file.",
    "413": "The endpoint takes nothing of this size.",
    "429": "The endpoint says that it gets too much at once. It is tried again.",
}
_EXACT: Mapping[str, str] = {
    UNKNOWN: "Its form is not in the forms file any more. Put it back, and send again.",
    LOST: "Its message was lost, and did not come again. Send again: the submission is stored.",
    "spam": "The submission was taken for spam. It is sent once the submission is released.",
    OPT_IN: "It waits for the address to be confirmed: whoever submitted has a mail with a button.",
    DIGEST: "It is told of in the next digest, the one mail about all submissions since the last.",
    MANY: "More mails came than the owner is sent at once: it is told of in one mail with the others, within minutes.",
    "cancelled": "Somebody has cancelled it.",
    WITHHELD: "Somebody called the submission spam before this was sent. It is sent if the submission is released.",
    NO_LONGER_WANTED: "Its form has other recipients or endpoints by now, each with a delivery of its own.",
    NOT_ASKED_FOR: "Somebody asked to send it again, but its form has no such recipient or endpoint any more.",
    OFF: "Its hook has ended before this was sent: who asked for it wants no more, or its key has ended.",
    "held too long before sending": "There was no time left to send it. It is tried again by itself.",
    "the form confirms no more": "The form had its confirmations switched off before this one was sent.",
    "the form tells this address no more": (
        "The form's owner has another address by now, or mail to the owner was switched off before this was sent."
    ),
    "its address is not public": (
        "The address leads to no public server. If it is your own, allow it: COUNTERFOIL_WEBHOOK_ALLOW."
    ),
    "no valid address": "This is no valid mail address.",
}
_SUPPRESSIONS: Mapping[str, str] = {
    "bounced": "Mail to this address came back, so nothing is sent to it any more",
    "complained": "Whoever has this address called our mail spam, so nothing is sent to it any more",
    "unsubscribed": "Whoever has this address wants no such mail any more",
    "by-hand": "Somebody had nothing sent to this address any more",
}
_TAKE_BACK = "Take the address back on the page Suppression, then send again."
_NO_ANSWER = "no answer ("
_NO_SECRET = "no secret: "  # noqa: S105 - how a reason begins
_NO_ANSWERS: Mapping[str, str] = {
    "TimeoutError": "The endpoint did not answer in time. Is it slow, or behind a firewall?",
    "ConnectionRefusedError": "Nothing listens at the endpoint. Is it running?",
    "gaierror": "The endpoint's name was not found. Is the address written correctly?",
    "SSLCertVerificationError": "The endpoint's certificate is not valid: renew it.",
    "SSLError": "No encrypted connection to the endpoint could be made.",
}
_WAITING: Mapping[str, str] = {
    "pending": "It waits for its turn. If it waits for long: is the mail server or the endpoint reachable?",
    "sending": "It is being sent now.",
}


def in_words(state: str, reason: str | None, said: str = "") -> str:
    """Return why a delivery is in this state, as one line; empty for what was sent.

    `reason` is `last_error` of its row; `said` is what the other side said at the last try, which tells more.
    """
    if state == "sent":
        return ""
    if not reason:
        return _WAITING.get(state, "")
    if reason in _EXACT:
        return _EXACT[reason]
    for begins, words in _BEGINNINGS.items():
        if reason.startswith(begins):
            return words(reason.removeprefix(begins), state)
    if MAIL_REASON.match(reason):
        return of_mail(reason, said)
    return f"{reason[:1].upper()}{reason[1:]}."


def _limited(limit: str, state: str) -> str:
    why = _LIMITS.get(limit, f"The limit {limit!r} was reached")
    if state == "failed":
        return f"{why}, for 72 hours. Send again if it is wanted."
    return f"{why}. It is sent by itself once there is room; you can send it at once."


def _bug(name: str, _state: str) -> str:
    return f"A fault in Counterfoil ({name}): update it, or report the fault with the log of notify; then send again."


def _status(told: str, _state: str) -> str:
    status, _, words = told.partition(": ")
    if words:  # of somebody who knows the service
        return f"{words[:1].upper()}{words[1:]} (HTTP {status})."
    if status in _STATUSES:
        return f"{_STATUSES[status]} (HTTP {status})"
    if re.fullmatch(r"3\d\d", status):
        return f"The endpoint sends elsewhere (HTTP {status}): write the address it sends to into the forms file."
    if re.fullmatch(r"5\d\d", status):
        return f"The endpoint has a fault of its own (HTTP {status}): look into its log."
    return f"The endpoint did not take it (HTTP {status})."


def _unanswered(kind: str, _state: str) -> str:
    kind = kind.rstrip(")")
    return _NO_ANSWERS.get(kind, f"The connection to the endpoint broke ({kind}). Is it running?")


def _without_secret(why: str, _state: str) -> str:
    return f"Its secret cannot be read: {why}. Mend that; it is tried again by itself."


def _suppressed(why: str, _state: str) -> str:
    return f"{_SUPPRESSIONS.get(why, f'This address is sent no mail ({why})')}. {_TAKE_BACK}"


def _bounced(told: str, _state: str) -> str:
    kind, _, code = told.partition(" ")
    after = "Nothing is sent to it any more." if kind == "hard" else "After three of these in seven days, nothing is."
    return f"The mail came back. {of_bounce(code)} {after}"


_BEGINNINGS: Mapping[str, Callable[[str, str], str]] = {
    LIMITED: _limited,
    SUPPRESSED: _suppressed,
    BOUNCED: _bounced,
    BUG: _bug,
    "status ": _status,
    _NO_ANSWER: _unanswered,
    _NO_SECRET: _without_secret,
}
