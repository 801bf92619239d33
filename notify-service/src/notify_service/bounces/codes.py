"""Says what a status means for the address: bad for good (hard), or for this mail, for now, or for us alone (soft).

Sources: RFC 3463 with IANA's registry of enhanced status codes, RFC 5321, and what Exchange Online documents of its
own. Whatever is in doubt is soft: an address that is given up in error is a person who hears nothing more.
"""

from __future__ import annotations

import re

from shared.contracts import BounceKind

ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")

_HARD = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.9", "1.10", "2.0", "2.1", "4.1", "4.4", "4.310"})
_SOFT = frozenset({"1.7", "1.8", "2.2", "2.3", "2.4"})
"""Of 5.x.x. 5.4.1 is what Exchange Online says of an address that is in no directory, 5.4.310 of a domain without DNS;
5.1.7 and 5.1.8 speak of the sender."""

_HARD_REPLIES = frozenset({"550", "551", "553", "556"})

_FULL = re.compile(
    r"\b(mail ?box|inbox|account|user|storage|disk|quota|postfach|bo[iî]te|casella|buz[oó]n)\b.{0,40}"
    r"\b(full|exceed\w*|over|voll|pleine|satur\w+|piena|llen[oa])\b|over ?quota|quota (is )?(exceeded|full|reached)"
    r"|容量|満杯|いっぱい",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"no such (user|mailbox|recipient|address|person|account)|no mailbox here"
    r"|unknown (user|recipient|address|mailbox|account)"
    r"|\b(user|recipient|mailbox|address|account)\b.{0,60}?"
    r"\b(unknown|not found|could(n.t| not) be found|does(n.t| not) exist|no longer|disabled|inactive)\b"
    r"|does(n.t| not) have an? .{0,40}account|not a valid (user|mailbox|recipient)|unrouteable|unroutable"
    r"|(host|domain)( name)? (unknown|not found|does not exist)"
    r"|n.existe pas|inconnue?\b|existiert nicht|unbekannt|nicht gefunden|no existe|desconocid|non esiste|sconosciut"
    r"|存在しま|存在しない|見つかりません|不明なユーザ",
    re.IGNORECASE,
)
_OF_THE_MAIL = re.compile(
    r"spam|blocked|block ?list|blacklist|\bpolicy\b|reputation|\bdmarc\b|\bspf\b|\bdkim\b|too (large|big)"
    r"|\bvirus|malware|infected|phish|\bjunk\b|unsolicited|suspicious|\bcontents?\b|\battachment",
    re.IGNORECASE,
)
_FOR_NOW = re.compile(r"grey ?list|\brate\b|too many|temporar|try again|timed? ?out|expired", re.IGNORECASE)


def code_in(text: str) -> str:
    """Return the first enhanced status in a text; empty where there is none."""
    found = ENHANCED.search(text)
    return found[1] if found else ""


def kind_of(code: str, text: str) -> BounceKind:
    """Return what a failure means; `text` is what the other side said, whatever its language."""
    text = " ".join(text.split())
    if code.startswith("4.") or _FULL.search(text):
        return "soft"
    status = code.partition(".")[2]
    if status in _HARD or status in _SOFT:
        return "hard" if status in _HARD else "soft"
    if _UNKNOWN.search(text):
        return "hard"
    if _OF_THE_MAIL.search(text) or _FOR_NOW.search(text) or status.partition(".")[0] in {"3", "4", "5", "6", "7"}:
        return "soft"
    reply = _REPLY.search(text)
    return "hard" if reply and reply[1] in _HARD_REPLIES else "soft"


def is_about_the_mail(code: str, text: str) -> bool:
    """Say whether a failure speaks of what a mail says, or of its sender: then it says nothing of the address."""
    status = code.partition(".")[2]
    if status in _HARD or _UNKNOWN.search(text):
        return False
    return status == "3.4" or status.partition(".")[0] in {"6", "7"} or bool(_OF_THE_MAIL.search(text))
