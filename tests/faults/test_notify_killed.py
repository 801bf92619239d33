"""Row 18: notify dies after it has planned, published what is due, claimed, published a retry, sent, or recorded."""

from __future__ import annotations

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.ledger_trial import StartTrial
from support.ledger_verdict import Allowed

COUNT = 100
KILLED = 137
FAILPOINTS = ("after-plan", "after-plan-publish", "after-claim", "after-retry-publish", "after-send", "after-record")
"""In this order: what died claimed is leased, so the next to take it puts it off, and so reaches the retry."""


def test_every_submission_is_one_mail_but_for_the_one_whose_250_was_lost(
    start_trial: StartTrial, rabbitmq: Broker, mail_sink: MailSink
) -> None:
    trial = start_trial(rabbitmq, settings={"COUNTERFOIL_SMTP_CONNECTIONS": "1"})
    notify = trial.installation.notify[0]
    notify.stop()
    trial.load(COUNT).wait(timeout_s=60)
    for failpoint in FAILPOINTS:
        notify.start(COUNTERFOIL_FAILPOINT=failpoint)
        assert notify.wait(timeout_s=60) == KILLED, f"vacuous: it did not die {failpoint}"
    notify.start()
    verdict = trial.conclude(Allowed(duplicate_mails=1), timeout_s=120)
    assert verdict.counts["duplicate mails"] == 1, "the mail whose 250 was lost comes once more"
    ids = {mail["Message-ID"] for mail in mail_sink.messages()}
    assert len(ids) == COUNT, "both copies carry the same Message-ID"
