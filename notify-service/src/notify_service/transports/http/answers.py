"""What an endpoint's answer means. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from notify_service.transports.failures import Permanent, SendFailure, Transient

_GONE = 410
_OVERLOADED = frozenset({429, 502, 503, 504})


class Postponed(Transient):
    """The endpoint says when to come again: after `after_s` seconds."""

    def __init__(self, reason: str, *, after_s: float, tells_of_channel: bool) -> None:
        super().__init__(reason, tells_of_channel=tells_of_channel)
        self.after_s = after_s


def failure_of(
    status: int,
    retry_after: str | None,
    now: datetime,
    *,
    said: str = "",
    after_s: float | None = None,
    is_final: bool | None = None,
) -> SendFailure | None:
    """Return what a status means; None is success. After the specification of Standard Webhooks.

    | status                   | class                                                                            |
    | ------------------------ | -------------------------------------------------------------------------------- |
    | 2xx                      | success                                                                          |
    | 410                      | permanent: the receiver wants no more of it                                      |
    | 429, 502, 503, 504       | transient, and one of the failures in a row after which the endpoint is left alone |
    | any other, redirects too | transient: a wrong address or secret is mended within hours                      |

    `Retry-After` is honoured wherever it stands: seconds, or a date (RFC 9110, section 10.2.3). Who knows the service
    says more: `said` goes into the reason, in words of our own; `after_s` is what the body asks for instead of the
    header; `is_final` is whether another try is of no use, whatever the status.
    """
    if 200 <= status < 300:
        return None
    reason = f"status {status}: {said}" if said else f"status {status}"
    if is_final or (is_final is None and status == _GONE):
        return Permanent(reason)
    if after_s is None:
        after_s = _seconds_of(retry_after, now)
    if after_s is not None:
        return Postponed(reason, after_s=after_s, tells_of_channel=status in _OVERLOADED)
    return Transient(reason, tells_of_channel=status in _OVERLOADED)


def _seconds_of(retry_after: str | None, now: datetime) -> float | None:
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        named = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = named if named.tzinfo else named.replace(tzinfo=UTC)
    return max(0.0, (moment - now) / timedelta(seconds=1))
