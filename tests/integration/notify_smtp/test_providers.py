"""Mail by the providers that people have, each as its stand-in answers."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.smtp.hints import hint
from support.confirmations import a_mail
from support.mail_providers import LOGIN, METHODS, a_provider
from support.senders import Connect

USER = ":".join(quote(part, safe="") for part in LOGIN)
STARTTLS = f"smtp://{USER}@localhost:{{port}}"
TLS = f"smtps://{USER}@localhost:{{port}}"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("implicit_tls", "url"), [(False, STARTTLS), (True, TLS)])
def test_mail_arrives_by_each_of_them_after_one_login(
    name: str, implicit_tls: bool, url: str, connect: Connect
) -> None:
    with a_provider(name, implicit_tls=implicit_tls) as server:
        sender = connect(server, url)
        for _ in range(3):
            sender.send(a_mail(), timeout_s=10)
        assert len(server.received) == server.secured == 3
        assert server.logins == ["PLAIN" if "PLAIN" in METHODS[name] else "LOGIN"], "once, whatever else is offered"


@pytest.mark.parametrize("name", METHODS)
def test_a_wrong_password_is_one_wrong_login(name: str, connect: Connect) -> None:
    with a_provider(name, locked=True) as server, pytest.raises(ChannelBroken, match="login 535"):
        connect(server, STARTTLS).send(a_mail(), timeout_s=10)
    assert len(server.logins) == 1, "each further one brings the account nearer to being locked"


def test_in_the_clear_the_password_itself_is_not_said_where_that_can_be(connect: Connect) -> None:
    server = a_provider("postmark")
    server.starttls = False
    with server:
        connect(server, f"{STARTTLS}?starttls=never").send(a_mail(), timeout_s=10)
        assert server.logins == ["CRAM-MD5"]


def test_a_method_that_is_offered_and_not_known_is_passed_over(connect: Connect) -> None:
    server = a_provider("ses")
    server.methods = ("PLAIN", "LOGIN")
    with server:
        server.methods = ("LOGIN",)
        connect(server, STARTTLS).send(a_mail(), timeout_s=10)
        assert server.logins == ["LOGIN"]


def test_what_takes_oauth_alone_is_told_as_such(connect: Connect) -> None:
    server = a_provider("exchange online")
    server.methods = ("XOAUTH2",)
    with server, pytest.raises(ChannelBroken, match="login by no method of ours"):
        connect(server, STARTTLS).send(a_mail(), timeout_s=10)
    assert server.logins == []


LOGIN_REFUSED = [
    ("gmail", "534 5.7.9 Application-specific password required. For more information", ChannelBroken, "app password"),
    ("gmail", "535 5.7.8 Username and Password not accepted.", ChannelBroken, "percent-encoded"),
    ("gmail", "454 4.7.0 Too many login attempts, please try again later.", Transient, "too fast"),
    (
        "exchange online",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        ChannelBroken,
        "SMTP AUTH is switched off",
    ),
    ("ses", "535 Authentication Credentials Invalid", ChannelBroken, "percent-encoded"),
]


@pytest.mark.parametrize(("name", "reply", "expected", "words"), LOGIN_REFUSED)
def test_a_login_that_is_refused_is_nobodys_failure_and_says_what_to_do(
    name: str, reply: str, expected: type[SendFailure], words: str, connect: Connect
) -> None:
    with a_provider(name, locked=True) as server:
        server.answering("login", reply)
        with pytest.raises(SendFailure) as raised:
            connect(server, STARTTLS).send(a_mail(), timeout_s=10)
    assert type(raised.value) is expected
    assert raised.value.tells_of_channel
    assert words in (hint(reply) or "")
    assert len(server.logins) == 1


REFUSED = [
    # name, where, what it says, what it means, a part of the hint
    ("gmail", "data", "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail", Transient, "a day"),
    ("gmail", "rcpt", "550 5.4.5 Daily SMTP relay sending limit exceeded for customer.", Transient, "a day"),
    ("gmail", "rcpt", "550 5.7.1 Invalid credentials for relay [192.0.2.1].", Transient, "wants a login"),
    ("gmail", "data", "421 4.7.0 Temporary System Problem.  Try again later", Transient, None),
    ("gmail", "rcpt", "450 4.2.1 The user you are trying to contact is receiving mail too quickly.", Transient, None),
    ("gmail", "rcpt", "550 5.1.1 The email account that you tried to reach does not exist.", Permanent, None),
    ("gmail", "rcpt", "550 5.2.1 The email account that you tried to reach is disabled.", Permanent, None),
    ("gmail", "mail", "530 5.7.0 Must issue a STARTTLS command first.", ChannelBroken, "starttls=required"),
    ("exchange online", "mail", "530 5.7.57 Client not authenticated to send mail.", ChannelBroken, "asks for a login"),
    (
        "exchange online",
        "data",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        Transient,
        "may not send as",
    ),
    (
        "exchange online",
        "data",
        "554 5.2.252 SendAsDenied; forms@example.org not allowed to send as other@example.org; STOREDRV.Submission",
        Transient,
        "may not send as",
    ),
    ("exchange online", "mail", "432 4.3.2 Concurrent connections limit exceeded. Visit", Transient, "CONNECTIONS"),
    (
        "exchange online",
        "data",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message",
        Transient,
        None,
    ),
    (
        "exchange",
        "rcpt",
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        Transient,
        "wants a login",
    ),
    (
        "exchange",
        "mail",
        "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
        Transient,
        None,
    ),
    (
        "exchange",
        "rcpt",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        Permanent,
        None,
    ),
    ("ses", "data", "454 Throttling failure: Maximum sending rate exceeded.", Transient, "too fast"),
    ("ses", "data", "454 Throttling failure: Daily message quota exceeded.", Transient, "a day"),
    (
        "ses",
        "data",
        "554 Message rejected: Email address is not verified. The following identities failed the check in region X: a",
        Transient,
        "verify one",
    ),
    (
        "ses",
        "data",
        "554 Message rejected: Sending paused for this account. For more information",
        Transient,
        "stopped",
    ),
    (
        "ses",
        "data",
        "554 Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail'",
        Transient,
        None,
    ),
    ("ses", "connect", "421 Too many concurrent SMTP connections", Transient, "CONNECTIONS"),
    ("ses", "data", "554 Transaction failed: Illegal address", Permanent, None),
    (
        "mailgun",
        "data",
        "421 Domain sandbox1.mailgun.org is not allowed to send: Sandbox subdomains are for test purposes only.",
        Transient,
        "authorized recipients",
    ),
    (
        "mailgun",
        "data",
        "550 5.7.1 Domain mg.example.org is not allowed to send: Free accounts are for test",
        Transient,
        "Mailgun",
    ),
    ("mailgun", "rcpt", "550 5.7.1 Relaying denied", Transient, "wants a login"),
]


@pytest.mark.parametrize(("name", "stage", "reply", "expected", "words"), REFUSED)
def test_what_each_of_them_says_is_taken_as_it_is_meant(
    name: str, stage: str, reply: str, expected: type[SendFailure], words: str | None, connect: Connect
) -> None:
    """What is about us, and not about this mail, can be mended: no mail is lost for it meanwhile."""
    with a_provider(name) as server:
        server.answering(stage, reply)
        with pytest.raises(SendFailure) as raised:
            connect(server, STARTTLS).send(a_mail(), timeout_s=10)
        assert type(raised.value) is expected
        assert words is None or words in (hint(reply) or "")
        server.answers.clear()
        assert server.received == []


def test_postmark_takes_mail_to_a_recipient_that_it_will_not_deliver_to(connect: Connect) -> None:
    """An inactive recipient (error 406 of its API) is told over SMTP to nobody: its page of activity shows it."""
    with a_provider("postmark") as server:
        server.answers_to["ada@example.org"] = "250 2.0.0 Ok"
        connect(server, STARTTLS).send(a_mail(), timeout_s=10)


def test_what_is_about_us_is_not_told_from_an_address_that_says_so(connect: Connect) -> None:
    with a_provider("ses") as server:
        server.answering("rcpt", "550 5.1.1 <relay@example.org> not-verified@example.org: no such user")
        with pytest.raises(Permanent):
            connect(server, STARTTLS).send(a_mail(), timeout_s=10)


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_after_an_answer_for_now_the_next_mail_goes_by_a_new_connection(stage: str, connect: Connect) -> None:
    """A server that has had enough of a connection says so at any stage, and to each further mail."""
    with a_provider("ses", implicit_tls=True) as server:
        sender = connect(server, TLS)
        sender.send(a_mail(), timeout_s=10)
        server.answering(stage, "451 4.7.1 too many messages on this connection")
        with pytest.raises(Transient):
            sender.send(a_mail(), timeout_s=10)
        server.answers.clear()
        sender.send(a_mail(), timeout_s=10)
        assert (server.connections, len(server.received)) == (2, 2)


def test_a_relay_that_wants_a_name_in_ehlo_gets_one(connect: Connect) -> None:
    with a_provider("gmail", wants_name=True) as server:
        with pytest.raises(Transient, match="ehlo 421"):
            connect(server, STARTTLS, hello="[127.0.0.1]").send(a_mail(), timeout_s=10)
        connect(server, STARTTLS, hello="forms.example.org").send(a_mail(), timeout_s=10)
        assert server.hellos[-1] == "forms.example.org"
        assert len(server.received) == 1


def test_a_connection_that_lay_idle_too_long_costs_the_mail_nothing(connect: Connect) -> None:
    with a_provider("exchange online", implicit_tls=True) as server:
        sender = connect(server, TLS)
        sender.send(a_mail(), timeout_s=10)
        server.answering("mail", "451 4.4.2 Timeout waiting for data from client.")
        with pytest.raises(Transient):
            sender.send(a_mail(), timeout_s=10)
        assert server.connections == 2, "it was tried again at once on a new one"
