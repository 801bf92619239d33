"""Row 22: everything is told to end, one after the other, under load: no 5xx but 503, and each ends with 0."""

from __future__ import annotations

from support.faulty.stage import StartStage


def test_row_22_rolling_sigterm(start_stage: StartStage) -> None:
    stage = start_stage()
    installation = stage.installation
    load = stage.load()
    stage.await_more_acked(75)
    codes: dict[str, int] = {}
    for service in (*installation.storage, *installation.notify, installation.gateway):
        stage.scraped.note()
        codes[service.name] = service.stop()
        service.start()
        installation.await_ready()
        stage.await_more_acked(50)
    for server in (stage.broker, stage.postgres):
        server.stop()
        server.start()
        stage.trial.await_return()
        stage.await_more_acked(50)
    stage.end(load)
    assert set(codes.values()) == {0}, f"ended otherwise: {codes}"
    stage.conclude(timeout_s=120)
    statuses = {attempt.status for attempt in stage.trial.ledger.attempts()}
    assert statuses <= {0, 202, 503}, f"other answers than promised: {statuses}"
    stage.row.note({"ended with 0": len(codes)})
