"""What the failure of a request means in an owner's words, and what to do about it."""

from __future__ import annotations

import re

_HINTS: tuple[tuple[str, str], ...] = (
    (r"status \d+: ", "docs/deliveries.md says under Chat how the address or the token is made"),
    (
        r"not public",
        "notify calls public addresses alone: COUNTERFOIL_WEBHOOK_ALLOW names networks that it may call, too",
    ),
    (
        r"without TLS",
        "use https://, or name the receiver's network in COUNTERFOIL_WEBHOOK_ALLOW: there it may be called without TLS",
    ),
    (r"CertVerification", "the receiver's certificate is not to be trusted: it has expired, or is for another name"),
    (r"gaierror", "the name in the address has no address: correct the url"),
    (r"ConnectionRefused", "nobody listens there: correct the url, or start the receiver"),
    (r"Timeout", "it took longer than COUNTERFOIL_WEBHOOK_TIMEOUT_S: a receiver answers first, and works after that"),
    (r"status 3\d\d", "notify follows no redirect: put the address that it leads to into the url"),
    (r"status 40[13]", "the receiver refuses us: does it have the same secret, and does it want a header of its own?"),
    (r"status (404|405|410)", "the receiver knows no such address, or takes no POST there: correct the url"),
    (r"status 429", "too many calls for the receiver: what waits is tried again later"),
    (r"status 5\d\d", "the receiver itself fails: its own log says why"),
    (r"no secret", "put the file there that the forms file names; docs/forms.md says where"),
)


def hint_http(reason: str) -> str | None:
    """Return what to do about why a request failed, such as `status 404`; None where nobody knows."""
    return next((words for pattern, words in _HINTS if re.search(pattern, reason[:2000])), None)
