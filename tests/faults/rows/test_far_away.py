"""Row 9: the broker is 200 ms away, and one chunk in twenty is lost on its way and sent again."""

from __future__ import annotations

from support.faulty.of_the_network import far_away
from support.faulty.stage import StartStage, Tie

TIES: tuple[Tie, ...] = ("gateway-broker", "storage-broker", "notify-broker")


def test_row_9_far_away_and_lossy(start_stage: StartStage) -> None:
    """200 ms there and back."""
    stage = start_stage(through=TIES)
    seeds = range(stage.row.seed, stage.row.seed + len(TIES))
    faults = [
        far_away(stage.proxies[tie], delay_s=0.1, loss=0.05, seed=seed) for tie, seed in zip(TIES, seeds, strict=True)
    ]
    load = stage.load()
    stage.await_more_acked(50)
    with stage.harmed(*faults):
        stage.await_more_acked(300, timeout_s=120)
    stage.await_more_acked(50)
    stage.end(load)
    stage.conclude(timeout_s=120)
