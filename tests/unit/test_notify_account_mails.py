"""A mail with a link into an account: sent once, tried while its link is good, then dropped and said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from shared.contracts import AccountMail, decoder
from shared.failpoints import ignore
from shared.messaging.batching import BatchLimits
from shared.messaging.failures import DependencyUnavailable, PermanentFailure, RetryLater
from shared.messaging.memory import MemoryBroker, MemorySource
from shared.messaging.message import Message, message_of
from shared.messaging.topology import NOTIFY_ACCOUNTS
from shared.messaging.worker import Worker
from support.account_mails import LINK, SECRET, AccountMails, an_account_mail, read
from support.brokers import running
from support.confirmations import NOON
from support.polling import eventually


@pytest.fixture
def mails() -> AccountMails:
    return AccountMails()


def test_an_invitation_says_who_invites_where_and_until_when(mails: AccountMails) -> None:
    asked = an_account_mail()
    mails.handle(asked)
    [mail] = mails.sender.sent
    found = read(mail)
    assert (mail.recipient, found["To"]) == ("grace@example.org", "grace@example.org")
    assert found["Subject"] == "You are invited to forms.example.org"
    assert found["Message-ID"] == f"<{asked.id}.invitation@example.org>"
    assert found["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        part = found.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert LINK in text
        assert "ada@example.org invites you" in text
        assert "25 November 2026, 12:00 UTC" in text
    assert mails.told == ["sent"]


def test_a_new_password_is_in_the_language_of_who_asked(mails: AccountMails) -> None:
    mails.handle(an_account_mail(purpose="reset", by=None, language="de-AT,en;q=0.5"))
    found = read(mails.sender.sent[0])
    assert found["Subject"] == "Neues Passwort für forms.example.org"
    assert found["Content-Language"] == "de"


def test_one_that_comes_twice_is_sent_once(mails: AccountMails) -> None:
    asked = an_account_mail()
    mails.handle(asked)
    mails.handle(asked)
    assert len(mails.sender.sent) == 1
    assert mails.told == ["sent"]


def test_one_that_another_is_sending_waits_for_that(mails: AccountMails) -> None:
    asked = an_account_mail()
    mails.claims.claim(asked.id, asked.expires_at, now=NOON, until=NOON + timedelta(seconds=75))
    with pytest.raises(RetryLater, match="another is sending it"):
        mails.handle(asked)
    assert mails.sender.sent == []
    mails.clock.forward(seconds=75)
    mails.handle(asked)
    assert len(mails.sender.sent) == 1, "whoever had it has died"


def test_what_was_sent_while_the_database_went_away_is_not_sent_again(mails: AccountMails) -> None:
    asked = an_account_mail()
    mails.sender.before = lambda: setattr(mails.claims, "away", True)
    with pytest.raises(DependencyUnavailable):
        mails.handle(asked)
    mails.claims.away = False
    mails.handle(asked)
    assert len(mails.sender.sent) == 1
    assert mails.told == ["sent"]


def test_it_is_tried_again_while_its_link_is_good_and_then_given_up(mails: AccountMails) -> None:
    asked = an_account_mail(purpose="reset", expires_at=NOON + timedelta(minutes=30))
    mails.sender.answers["rcpt"] = 450
    pauses = list[float]()
    with capture_logs() as logs:
        for attempt in range(10):
            try:
                mails.handle(asked, attempt)
            except RetryLater as error:
                pauses.append(error.after_s)
                mails.clock.forward(seconds=error.after_s)
            else:
                break
    assert pauses == [30, 120, 600], "the next try would come after its end"
    assert mails.told == ["expired"]
    assert [one["event"] for one in logs] == ["account mail not sent"]
    assert mails.sender.sent == []


def test_one_that_comes_too_late_is_dropped_and_said(mails: AccountMails) -> None:
    mails.clock.forward(hours=72)
    with capture_logs() as logs:
        mails.handle(an_account_mail())
    assert mails.sender.sent == []
    assert mails.told == ["expired"]
    [said] = logs
    assert (said["event"], said["outcome"], said["reason"]) == (
        "account mail not sent",
        "expired",
        "its link has expired",
    )


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_one_that_the_server_refuses_is_not_tried_again(mails: AccountMails, stage: str) -> None:
    mails.sender.answers[stage] = 550  # type: ignore[index]
    mails.handle(an_account_mail())
    assert mails.told == ["refused"]


def test_an_address_that_no_mail_can_go_to_is_refused(mails: AccountMails) -> None:
    mails.handle(an_account_mail(to="nobody"))
    assert mails.told == ["refused"]


def test_a_server_that_rests_charges_nothing(mails: AccountMails) -> None:
    asked = an_account_mail()
    mails.sender.resting = True
    with pytest.raises(DependencyUnavailable):
        mails.handle(asked)
    mails.sender.resting = False
    mails.handle(asked)
    assert len(mails.sender.sent) == 1, "its claim was given back"


def test_a_mail_of_a_later_version_waits_for_it_as_long_as_its_link_is_good(mails: AccountMails) -> None:
    asked = an_account_mail(purpose="address-change")
    with pytest.raises(RetryLater, match="not known here"):
        mails.handle(asked)
    mails.clock.forward(hours=71, minutes=50)
    mails.handle(asked, 9)
    assert mails.told == ["expired"]


def test_nothing_that_is_logged_has_an_address_or_a_link(mails: AccountMails) -> None:
    asked = an_account_mail()
    with capture_logs() as logs:
        mails.handle(asked)
        mails.sender.answers["rcpt"] = 550
        mails.handle(an_account_mail())
        mails.clock.forward(hours=73)
        mails.handle(an_account_mail())
    assert len(logs) == 3
    assert SECRET not in str(logs)
    assert "@" not in str(logs)


@pytest.mark.parametrize("failure", ["invalid", "refused"])
def test_what_another_queue_would_park_is_dropped_with_its_secret(failure: str) -> None:
    broker = MemoryBroker()
    asked = an_account_mail()

    def handle(_: object) -> None:
        raise PermanentFailure("no")

    message = message_of(asked)
    body = b"{" + SECRET.encode() if failure == "invalid" else message.body
    broker.publisher().publish(Message(message.type, message.id, body), timeout_s=1)
    worker = Worker(
        NOTIFY_ACCOUNTS,
        handle,
        BatchLimits(size=1),
        decoder(AccountMail),
        source=MemorySource(broker, NOTIFY_ACCOUNTS.name, 1),
        publisher=broker.publisher(),
        reach=ignore,
    )
    with capture_logs() as logs, running(worker):
        eventually(lambda: [one for one in logs if one["event"] == "dropped"], 5, "it is dropped")
        eventually(lambda: not broker.queued(NOTIFY_ACCOUNTS.name), 5, "it is acked")
    assert broker.queued(NOTIFY_ACCOUNTS.parked) == []
    assert SECRET not in str(logs)
