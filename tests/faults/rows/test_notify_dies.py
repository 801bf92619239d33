"""Row 18: notify dies after it has planned, published what is due, claimed, published a retry, sent, or recorded."""

from __future__ import annotations

from dev.mail_sink import MailSink
from support.faulty.stage import StartStage
from support.ledger_verdict import Allowed

KILLED = 137
FAILPOINTS = ("after-plan", "after-plan-publish", "after-claim", "after-retry-publish", "after-send", "after-record")
"""In this order: what died claimed is leased, so the next to take it puts it off, and so reaches the retry."""


def test_row_18_notify_dies_at_every_step(start_stage: StartStage, mail_sink: MailSink) -> None:
    stage = start_stage(special={"notify": {"COUNTERFOIL_SMTP_CONNECTIONS": "1"}})
    dying, other = stage.installation.notify
    assert [dying.stop(), other.stop()] == [0, 0]
    load = stage.load()
    stage.await_more_acked(100)
    for failpoint in FAILPOINTS:
        dying.start(COUNTERFOIL_FAILPOINT=failpoint)
        assert dying.wait(timeout_s=60) == KILLED, f"vacuous: it did not die {failpoint}"
    for service in (dying, other):
        service.start()
    stage.await_more_acked(50)
    stage.end(load)
    stage.row.note({"deaths": len(FAILPOINTS)})
    verdict = stage.conclude(Allowed(duplicate_mails=1), timeout_s=120)
    assert verdict.counts["duplicate mails"] == 1, "vacuous: the mail whose 250 was lost comes once more"
    ids = {mail["Message-ID"] for mail in mail_sink.messages()}
    assert len(ids) == verdict.counts["rows"], "both copies carry the same Message-ID"
