"""Why a delivery is where it is, in words that an owner understands."""

from __future__ import annotations

from typing import get_args

import pytest

from notify_service.channels.owner import OwnerChannel
from notify_service.deliveries.caps import LIMITED, Limit
from notify_service.deliveries.retries import BUG, LOST, UNKNOWN
from notify_service.history.words import in_words
from notify_service.transports.smtp.answers import STAGES, failure


@pytest.mark.parametrize(
    ("reason", "said", "words"),
    [
        ("rcpt 550", "550 5.1.1 <a…@example.org>: unknown", "There is no such mailbox"),
        ("rcpt 550", "550-5.1.1 no", "There is no such mailbox"),
        ("rcpt 550", "550 no such user", "refuses this address"),
        ("rcpt 550", "550 5.7.26 unauthenticated", "SPF, DKIM"),
        ("data 554", "554 Message rejected: Email address is not verified. The", "Amazon SES knows neither"),
        ("rcpt 550", "550 5.2.1 The email account that you tried to reach is disabled.", "The mailbox is switched off"),
        ("data 550", "550 5.4.5 Daily user sending limit exceeded", "The provider's limit of a day"),
        ("rcpt 550", "550 5.1.1 <a…@relay.example.org> by relay.example.org: unknown", "There is no such mailbox"),
        ("rcpt 452", "452 4.2.2 over quota", "The mailbox is full"),
        ("rcpt 450", "450 4.2.0 greylisted", "come again (greylisting)"),
        ("data no answer", "", "may have the mail all the same"),
        ("mail without SMTPUTF8", "", "beyond ASCII"),
        ("login 535", "535", "user or password"),
        ("connect no answer", "", "was not reached"),
        ("status 404", "status 404", "nothing at this address"),
        ("status 302", "", "sends elsewhere"),
        ("status 599", "", "fault of its own"),
        ("status 418", "", "did not take it (HTTP 418)"),
        ("status 404: the channel is archived", "status 404", "The channel is archived (HTTP 404)."),
        ("no answer (TimeoutError)", "", "did not answer in time"),
        ("no answer (BadStatusLine)", "", "broke (BadStatusLine)"),
        ("no secret: the file is empty", "", "cannot be read: the file is empty. Mend that"),
        (UNKNOWN, "", "not in the forms file any more"),
        (LOST, "", "Send again"),
        (OwnerChannel.off, "", "has another address by now"),
        ("spam", "", "once the submission is released"),
        (f"{BUG}ZeroDivisionError", "", "A fault in Counterfoil (ZeroDivisionError)"),
        ("a reason of a later version", "", "A reason of a later version."),
    ],
)
def test_a_reason_is_told_in_words(reason: str, said: str, words: str) -> None:
    assert words in in_words("failed", reason, said)


@pytest.mark.parametrize("limit", get_args(Limit))
def test_a_cap_is_told_with_what_follows(limit: Limit) -> None:
    held, failed = (in_words(state, f"{LIMITED}{limit}") for state in ("held", "failed"))
    assert held.endswith("It is sent by itself once there is room; you can send it at once.")
    assert failed.endswith("for 72 hours. Send again if it is wanted.")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [None, 421, 450, 452, 500, 535, 550, 554, 999, -1])
def test_every_answer_of_a_mail_server_has_words_of_one_line(stage: str, code: int | None) -> None:
    reason = failure(stage, code).reason  # type: ignore[arg-type]
    words = in_words("failed", reason)
    assert words.startswith(("The ", "No "))
    assert "\n" not in words


def test_what_was_sent_needs_no_words_and_what_waits_has_some() -> None:
    assert in_words("sent", "rcpt 450") == ""
    assert in_words("pending", None).startswith("It waits")
    assert in_words("sending", None) == "It is being sent now."
