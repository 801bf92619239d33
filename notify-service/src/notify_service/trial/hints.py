"""What a mail server's refusal means in an owner's words, and what to do about it.

The replies are those that the providers' own pages name; see docs/deliveries.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"5\.7\.9\b|application-specific password",
        (
            "Google takes no account password here: switch on 2-step verification, make an app password"
            " (myaccount.google.com/apppasswords), and put that into COUNTERFOIL_SMTP_URL, without its spaces"
        ),
    ),
    (
        r"5\.7\.139|SmtpClientAuthentication is disabled|basic authentication is disabled",
        (
            "SMTP AUTH is switched off for this mailbox or tenant: an administrator of Exchange switches it on"
            " (Set-CASMailbox -SmtpClientAuthenticationDisabled $false), or a connector takes mail from your address"
        ),
    ),
    (r"5\.7\.57", "Exchange asks for a login: put user and password into COUNTERFOIL_SMTP_URL"),
    (
        r"5\.7\.60|send as this sender|SendAsDenied",
        (
            "this account may not send as COUNTERFOIL_MAIL_FROM: use the account's own address there, or have an"
            " administrator grant it Send As for that one"
        ),
    ),
    (
        r"address is not verified",
        (
            "Amazon SES knows neither the sender's domain nor address in this region: verify one. In its sandbox every"
            " recipient has to be verified, too: ask for production access"
        ),
    ),
    (
        r"sandbox|free accounts are|authorized recipients|activate your mailgun account",
        (
            "Mailgun's sandbox and free accounts send to authorized recipients only: use your own domain, or add the"
            " recipient in its control panel"
        ),
    ),
    (r"5\.4\.5|daily .*(limit|quota)", "the provider's limit of a day is used up: what waits goes by itself later"),
    (
        r"concurrent|too many .*connections|thread limit",
        "the provider takes fewer connections at a time: set COUNTERFOIL_SMTP_CONNECTIONS to 2",
    ),
    (r"throttl|rate exceeded|too many (messages|login attempts)", "too fast for the provider: what waits goes later"),
    (
        r"\(EHLO\)|(HELO|EHLO) .*(reject|invalid|denied)|invalid (HELO|EHLO)",
        "the server does not take the name that we say: set COUNTERFOIL_SMTP_HELLO to this machine's public name",
    ),
    (r"must issue a? ?STARTTLS|5\.7\.0 .*TLS", "the server wants TLS: add ?starttls=required to COUNTERFOIL_SMTP_URL"),
    (
        r"relay",
        "the server takes no mail from us for other domains: it wants a login, or has to know this machine's address",
    ),
    (
        r"^53[45]\b",
        "user or password is wrong: in COUNTERFOIL_SMTP_URL both are percent-encoded (@ is %40, / is %2F)",
    ),
    (r"sending .*paused|account .*(suspended|disabled)", "the provider has stopped this account: ask its support"),
)


_HTTP_HINTS: tuple[tuple[str, str], ...] = (
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


def hint(reply: str) -> str | None:
    """Return what to do about a mail server's reply, such as `534 5.7.9 Application-specific password required`; None
    where nobody knows."""
    return _first_of(_HINTS, reply)


def hint_http(reason: str) -> str | None:
    """Return what to do about why a request failed, such as `status 404`; None where nobody knows."""
    return _first_of(_HTTP_HINTS, reason)


def _first_of(hints: Sequence[tuple[str, str]], text: str) -> str | None:
    cut = text[:2000]
    return next((words for pattern, words in hints if re.search(pattern, cut, re.IGNORECASE | re.MULTILINE)), None)
