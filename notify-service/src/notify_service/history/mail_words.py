"""Says in an owner's words what a mail server's answer means. Pure.

Sources: RFC 5321, section 4.2.3, and RFC 3463 with IANA's registry of enhanced status codes, which say more; and what
the providers' own pages say (`transports.smtp.hints`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from notify_service.transports.smtp.hints import hint

MAIL_REASON = re.compile(r"(connect|ehlo|starttls|login|mail|rcpt|data) ")
"""How the reason of a mail begins: the step at which it failed (`transports.smtp.answers.Stage`)."""

_ENHANCED = re.compile(r"[245]\d\d[ -](?:#)?([245]\.\d{1,3}\.\d{1,3})\b")
_BY_ENHANCED: Mapping[str, str] = {
    "1.1": "There is no such mailbox: the address is mistyped, or was closed.",
    "1.2": "There is no such mail domain: the address is mistyped.",
    "1.3": "The mail server takes the address for none: it is mistyped.",
    "1.6": "The mailbox has moved, and left no address.",
    "1.8": "The mail server takes no mail from our sender address: check COUNTERFOIL_MAIL_FROM and its domain.",
    "1.10": "The domain takes no mail at all.",
    "2.1": "The mailbox is switched off.",
    "2.2": "The mailbox is full.",
    "2.3": "The mail is larger than the mailbox takes.",
    "3.4": "The mail is larger than the mail server takes.",
    "4.4": "The domain of the address has no mail server: it is mistyped, or no longer in use.",
    "7.0": "The mail server refuses it by a rule of its own; what it said tells more.",
    "7.1": "The mail server refuses it by a rule of its own; what it said tells more.",
    "7.8": "The mail server refused our user or password: check COUNTERFOIL_SMTP_URL.",
    "7.20": "The mail has no valid DKIM signature: `doctor mail` says what to mend.",
    "7.23": "The sender's domain does not let our server send (SPF): `doctor mail` says what to mend.",
    "7.26": "The mail could not be shown to be ours (SPF, DKIM): `doctor mail` says what to mend.",
    "7.27": "The sender's domain takes no mail, so its mail is refused: check COUNTERFOIL_MAIL_FROM.",
    "7.28": "The mail server gets too many mails from us.",
}
_BY_CODE: Mapping[str, str] = {
    "421": "The mail server closes for the moment.",
    "450": "The mailbox is busy, or the mail server asks us to come again (greylisting).",
    "451": "The mail server has a fault of its own at the moment, or asks us to come again (greylisting).",
    "452": "The mail server has no room at the moment, or the mailbox is full.",
    "550": "The mail server refuses this address: mostly there is no such mailbox.",
    "551": "The mail server does not take mail for this address.",
    "552": "The mailbox is full, or the mail too large.",
    "553": "The mail server takes the address for none: it is mistyped.",
    "554": "The mail server refuses the mail by a rule of its own; what it said tells more.",
    "556": "The domain takes no mail at all.",
}
_BY_STAGE: Mapping[str, str] = {
    "connect": "The mail server was not reached: check COUNTERFOIL_SMTP_URL, and whether it runs.",
    "ehlo": "The mail server does not talk to us: check COUNTERFOIL_SMTP_URL.",
    "starttls": "No encrypted connection to the mail server could be made: check its certificate.",
    "login": "The mail server refused our user or password: check COUNTERFOIL_SMTP_URL.",
    "mail": "The mail server takes no mail from our sender address: check COUNTERFOIL_MAIL_FROM.",
    "rcpt": "The mail server refuses this address.",
    "data": "The mail server refuses this mail.",
}
_UNDER_WAY = frozenset({"mail", "rcpt", "data"})
_WITHOUT_UTF8 = "The mail server takes no addresses with letters beyond ASCII."


def of_bounce(code: str) -> str:
    """Return what an enhanced status means of a mail that came back, such as `5.1.1`; it may be empty."""
    words = _BY_ENHANCED.get(code.partition(".")[2])
    if words is None:
        words = "What came with it tells more." if code else "It does not say why in a way that programs read."
    return f"{words} ({code})" if code else words


def of_mail(reason: str, said: str) -> str:
    """Return what a reason such as `rcpt 550` means; `said` is the server's reply, whose enhanced code says more."""
    stage, _, what = reason.partition(" ")
    if "SMTPUTF8" in what:
        return _WITHOUT_UTF8
    if what == "no answer" and stage in _UNDER_WAY:
        return f"The mail server broke off, or did not answer in time ({stage}). It may have the mail all the same."
    if what == "not in ASCII":
        return f"{_WITHOUT_UTF8} ({stage})"
    code = what[:3] if what[:3].isdecimal() else ""
    if mend := hint(said):
        return f"{mend[:1].upper()}{mend[1:]} ({code or stage})."
    found = _ENHANCED.match(said)
    enhanced = found[1].partition(".")[2] if found else ""
    words = _BY_ENHANCED.get(enhanced) or _BY_CODE.get(code) or _BY_STAGE[stage]
    return f"{words} ({code})" if code else words
