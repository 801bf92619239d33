"""The meaning of an SMTP server's answers."""

from __future__ import annotations

from typing import Literal, TypeAlias

from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient

Stage: TypeAlias = Literal["connect", "ehlo", "starttls", "login", "mail", "rcpt", "data"]

_BEFORE_THE_MAIL: frozenset[Stage] = frozenset({"connect", "ehlo", "starttls", "login"})
_CHANNEL_CODES = frozenset({530, 534, 535, 538})
_SERVICE_NOT_AVAILABLE = 421


def failure(stage: Stage, code: int | None) -> SendFailure:
    """Return what an SMTP answer at a stage means; `code` is None where there was none (refused, lost, no TLS).

    | answer                                                     | class     |
    | ---------------------------------------------------------- | --------- |
    | 4xx, connection lost                                       | transient |
    | 5xx at RCPT or DATA                                        | permanent |
    | 530, 534, 535, 538, 5xx at EHLO or MAIL, refused, TLS      | broken    |

    A connection lost before the session stood is as good as refused. Whatever is no SMTP is transient once a
    mail is under way, and broken before.
    """
    reason = f"{stage} {'no answer' if code is None else code}"
    refused = code is not None and 500 <= code < 600
    passing = code is not None and 400 <= code < 500
    if code in _CHANNEL_CODES or (stage in _BEFORE_THE_MAIL and not passing) or (stage == "mail" and refused):
        return ChannelBroken(reason)
    if refused:
        return Permanent(reason)
    return Transient(reason, tells_of_channel=code in {None, _SERVICE_NOT_AVAILABLE} or stage in _BEFORE_THE_MAIL)
