"""The meaning of an SMTP server's answers."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, get_args

from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from shared.said import said

Stage: TypeAlias = Literal["connect", "ehlo", "starttls", "login", "mail", "rcpt", "data"]

STAGES: tuple[Stage, ...] = get_args(Stage)

_BEFORE_THE_MAIL: frozenset[Stage] = frozenset({"connect", "ehlo", "starttls", "login"})
_CHANNEL_CODES = frozenset({530, 534, 535, 538})
_SERVICE_NOT_AVAILABLE = 421

_ABOUT_US = re.compile(
    r"\b5\.4\.5\b|\b5\.7\.(54|57|60|139)\b|\brelay(ing)?\b(?![.-])|send as this sender|SendAsDenied"
    r"|\b(address|domain|sender) (is )?not verified|\bis not allowed to send\b|\bnot authorized to perform\b"
    r"|\bsending (has been )?paused|\b(daily|sending|submission)\b.{0,60}(limit|quota)",
    re.IGNORECASE,
)
"""What providers say where they refuse us, and not this mail: a sender that they do not know, a limit that is used up,
an account that is not set up. tests/support/mail_providers.py names their pages."""

_ADDRESS = re.compile(r"<[^>]*>|\S*@\S*")
_TEXT_MOST = 2000


def failure(stage: Stage, code: int | None, text: bytes | str = b"") -> SendFailure:
    """Return what an SMTP answer at a stage means; `code` is None where there was none (refused, lost, no TLS).

    `text` is what came with the code. At LOGIN it is left out: it may repeat a user or a password.

    | answer                                                     | class     |
    | ---------------------------------------------------------- | --------- |
    | 4xx, connection lost                                       | transient |
    | 5xx at RCPT or DATA                                        | permanent |
    | 5xx at RCPT or DATA whose words are about us               | transient |
    | 530, 534, 535, 538, 5xx at EHLO or MAIL, refused, TLS      | broken    |

    A connection lost before the session stood is as good as refused. Whatever is no SMTP is transient once a
    mail is under way, and broken before.
    """
    reason = f"{stage} {'no answer' if code is None else code}"
    heard = reply(code, b"" if stage == "login" else text)
    refused = code is not None and 500 <= code < 600
    passing = code is not None and 400 <= code < 500
    if code in _CHANNEL_CODES or (stage in _BEFORE_THE_MAIL and not passing) or (stage == "mail" and refused):
        return ChannelBroken(reason, said=heard)
    if refused and not _is_about_us(text):
        return Permanent(reason, said=heard)
    tells_of_channel = code in {None, _SERVICE_NOT_AVAILABLE} or stage in _BEFORE_THE_MAIL
    return Transient(reason, tells_of_channel=tells_of_channel, said=heard)


def _is_about_us(text: bytes | str) -> bool:
    """Say whether a refusal is about how we are set up with the server: that can be mended, and the mail waits."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return bool(_ABOUT_US.search(_ADDRESS.sub("", words[:_TEXT_MOST])))


def reply(code: int | None, text: bytes | str) -> str:
    """Return a server's reply as it may be kept; empty where there was none."""
    if code is None:
        return ""
    return said(f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")
