"""Stand-ins for mail providers: how each greets, what it offers, and what it says, from its own public pages.

- Gmail: support.google.com/a/answer/3726730 (errors and codes), support.google.com/a/answer/176600 (ports, relay, EHLO)
- Exchange Online: learn.microsoft.com/exchange/troubleshoot/send-emails/smtp-submission-improvements (limits), and
  …/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission (SMTP AUTH)
- Amazon SES: docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html (response codes),
  …/manage-sending-quotas-errors.html (limits)
- Postmark: postmarkapp.com/developer/user-guide/send-email-with-smtp, …/developer/webhooks/smtp-api-error
- Mailgun: documentation.mailgun.com (SMTP relay), help.mailgun.com (Authorized Recipients)
"""

from __future__ import annotations

from typing import Any

from support.smtp import ScriptedSmtp

LOGIN = ("forms@example.org", "abcd efgh/ij+kl==")
"""A user and a password with what stands in passwords that providers make."""

METHODS = {
    "gmail": ("LOGIN", "PLAIN", "XOAUTH2", "PLAIN-CLIENTTOKEN", "OAUTHBEARER", "XOAUTH"),
    "exchange online": ("LOGIN", "XOAUTH2"),
    "exchange": ("NTLM", "LOGIN"),
    "ses": ("PLAIN", "LOGIN"),
    "postmark": ("CRAM-MD5", "DIGEST-MD5", "PLAIN", "LOGIN"),
    "mailgun": ("PLAIN", "LOGIN"),
}
"""What each offers for AUTH, in its order."""

PIPELINES = frozenset({"gmail", "exchange online", "exchange", "mailgun"})


def a_provider(name: str, **options: Any) -> ScriptedSmtp:
    """Return a server that does as this one does: at its port for STARTTLS, or for TLS at once with `implicit_tls`."""
    starttls = not options.get("implicit_tls")
    return ScriptedSmtp(starttls, login=LOGIN, methods=METHODS[name], pipelining=name in PIPELINES, **options)
