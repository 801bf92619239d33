"""Row 2: the gateway dies after its publish, and after the confirm: nobody was answered, and a retry is the same."""

from __future__ import annotations

import pytest

from support.faulty.stage import StartStage
from support.ledger_sources import stored_rows
from support.polling import eventually


@pytest.mark.parametrize("failpoint", ["after-publish", "after-confirm"])
def test_row_2_a_retry_gets_the_same_id(start_stage: StartStage, failpoint: str) -> None:
    stage = start_stage()
    gateway = stage.installation.gateway
    assert gateway.stop() == 0
    gateway.start(COUNTERFOIL_FAILPOINT=failpoint)
    load = stage.load(60)
    eventually(stage.trial.stored, 30, "vacuous: nothing was published before it died")
    gateway.restart()
    early = {row.id for row in stored_rows(stage.database_url)}
    load.wait(timeout_s=90)
    verdict = stage.conclude()
    acked = {submission_id for entry in stage.trial.ledger.snapshot() for submission_id in entry.ids}
    assert verdict.counts["acked"] == 60
    assert early <= acked, "a retry got another id than what its first attempt had published"
    assert verdict.counts["no answer"] > 0, "vacuous: it did not die"
    stage.row.note({"stored before their retry": len(early)})
