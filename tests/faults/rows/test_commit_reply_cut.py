"""Row 15: the reply to COMMIT is lost with its connection: storage and notify cannot know whether it holds."""

from __future__ import annotations

from support.faulty.of_the_network import cut_replies_to
from support.faulty.stage import StartStage, Tie
from support.polling import eventually

TIMES = 10


def test_row_15_replies_to_commit_are_cut(start_stage: StartStage) -> None:
    tie: Tie = "storage-database"
    stage = start_stage(through=[tie])
    load = stage.load()
    stage.await_more_acked(100)
    fault = cut_replies_to(stage.proxies[tie], b"COMMIT", times=TIMES)
    with stage.harmed(fault):
        eventually(lambda: fault.evidence()["replies cut"] >= TIMES, 60, "so many replies are cut")
    stage.await_more_acked(100)
    stage.end(load)
    stage.conclude()
    assert stage.scraped.total("submissions_repeated") > 0, "vacuous: no commit had taken place"


def test_row_15_replies_to_records_are_cut(start_stage: StartStage) -> None:
    """Notify commits by the statement: what claims a mail, and what records that it was sent."""
    tie: Tie = "notify-database"
    stage = start_stage(through=[tie])
    load = stage.load()
    for word in (b"INSERT INTO deliveries", b"UPDATE deliveries"):
        stage.await_more_acked(50)
        fault = cut_replies_to(stage.proxies[tie], word, times=TIMES)
        with stage.harmed(fault):
            stage.proxies[
                tie
            ].cut()  # a statement that psycopg has prepared goes by its name: only new connections say it
            eventually(lambda: fault.evidence()["replies cut"] >= TIMES, 60, "so many replies are cut")  # noqa: B023
    stage.await_more_acked(50)
    stage.end(load)
    stage.conclude()
