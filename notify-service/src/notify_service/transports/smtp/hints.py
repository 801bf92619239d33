"""What a mail server's refusal means in an owner's words, and what to do about it.

The replies are those that the providers' own pages name; see docs/deliveries.md.
"""

from __future__ import annotations

import re

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
        r"\brelay(ing)?\b(?![.-])",
        "the server takes no mail from us for other domains: it wants a login, or has to know this machine's address",
    ),
    (
        r"^53[45]\b",
        "the mail server refused our user or password: in COUNTERFOIL_SMTP_URL @ is %40 and / is %2F (percent-encoded)",
    ),
    (
        r"sending .*paused|\byour account .*(suspended|disabled)",
        "the provider has stopped this account: ask its support",
    ),
)


_ADDRESS = re.compile(r"<[^>]*>|\S*@\S*")
_TEXT_MOST = 2000


def hint(reply: str) -> str | None:
    """Return what to do about a mail server's reply, such as `534 5.7.9 Application-specific password required`; None
    where nobody knows."""
    words = _ADDRESS.sub("", reply[:_TEXT_MOST])
    return next((mend for pattern, mend in _HINTS if re.search(pattern, words, re.IGNORECASE | re.MULTILINE)), None)
