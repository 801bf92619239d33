"""Reads failures that are told to people alone, in the words of many mail servers: by `flufl.bounce`, else by a status.

What answers by itself, and reports no failure, is nothing: somebody who is away, a program that wants to be convinced.
"""

from __future__ import annotations

import re
from email.message import Message

from flufl.bounce import all_failures

from notify_service.bounces.codes import code_in, kind_of
from notify_service.bounces.found import Judged
from notify_service.bounces.mime import header, text_of
from shared.said import said

_SAID_FROM = 4000
"""How many characters from the beginning say why: further down stands what we sent."""

_HEADERS = ("From", "Subject", "X-Failed-Recipients")
"""What `flufl.bounce` looks at besides the text."""

_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|postmaster|mail[-_. ]?delivery|\bmaild[ae]emon\b|mail delivery (sub)?system", re.IGNORECASE
)
_ANSWERS = re.compile(
    r"^\W*(auto(matic|mated|matische|matique)?[- ]?(reply|response|answer|antwort)|out of (the )?office|away from"
    r"|abwesen|automatische antwort|r[eé]ponse automatique|absence|respuesta autom"
    r"|risposta autom|自動(返信|応答)|不在)",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"not yet (been )?delivered|(has been|is) delayed|delivery .{0,40}delayed|will (be retried|keep trying|continue to)"
    r"|warning message only|do not need to resend|noch nicht zugestellt|verz[öo]ger|retard[ée]e?|遅延",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^[^\w\n]{0,20}(- ?(below this line|original message|this is a copy|the header|returned mail)"
    r"|included is a copy|urspr.ngliche)",
    re.IGNORECASE | re.MULTILINE,
)


def judged(message: Message) -> Judged | None:
    """Return what a mail says has become of another; None where it says nothing of that."""
    is_daemon = bool(_DAEMON.search(header(message, "From")))
    if not is_daemon and _answers_by_itself(message):
        return None
    text = text_of(message)
    reason = _ORIGINAL.split(text, maxsplit=1)[0][:_SAID_FROM]
    if _NOT_YET.search(reason) or _NOT_YET.search(header(message, "Subject")):
        return None
    code = code_in(reason)
    if not (_is_known(message, text) or (is_daemon and code and not code.startswith("2."))):
        return None
    return Judged(kind_of(code, reason), code, said(_line_of(reason, code)))


def _is_known(message: Message, text: str) -> bool:
    """Say whether some server's way of telling a failure is recognised in a mail's own words; a bug of the library's is
    its own."""
    alone = Message()
    for name in _HEADERS:
        if name in message:
            alone[name] = header(message, name)
    alone.set_payload(text)
    try:
        _, permanent = all_failures(alone)
    except Exception:  # noqa: BLE001 - it reads what strangers wrote
        return False
    return bool(permanent)


def _answers_by_itself(message: Message) -> bool:
    submitted = header(message, "Auto-Submitted").strip().lower()
    return (
        (submitted not in {"", "no"})
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
        or header(message, "Precedence").strip().lower() in {"auto_reply", "auto-reply", "bulk", "junk"}
        or bool(_ANSWERS.search(header(message, "Subject")))
    )


def _line_of(reason: str, code: str) -> str:
    """Return the line that says why: that of the status, else the last that says anything."""
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    if code:
        return next((line for line in lines if code in line), "")
    return lines[-1] if lines else ""
