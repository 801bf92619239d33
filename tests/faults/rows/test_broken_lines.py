"""Row 8: the ways between services and broker are reset, swallow everything, close by half, break inside a frame."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.faulty.fault import Fault
from support.faulty.of_the_network import Cut, blackhole, bytewise, cut_inside_frames, stall
from support.faulty.proxy import Proxy
from support.faulty.stage import StartStage, Tie

TIES: tuple[Tie, ...] = ("gateway-broker", "storage-broker", "notify-broker")

AT_ONCE: dict[str, Callable[[Proxy], Fault]] = {
    "reset": lambda proxy: Cut(proxy, "resets"),
    "half-close": lambda proxy: Cut(proxy, "half-closes"),
}
FOR_A_WHILE: dict[str, Callable[[Proxy], Fault]] = {
    "blackhole": lambda proxy: blackhole(proxy, "to client", "to server"),
    "stall": stall,
    "cut in a publish": lambda proxy: cut_inside_frames(proxy, "to server"),
    "cut in a delivery": lambda proxy: cut_inside_frames(proxy, "to client"),
}


@pytest.mark.parametrize("how", AT_ONCE)
def test_row_8_connections_are_cut(start_stage: StartStage, how: str) -> None:
    stage = start_stage(through=TIES)
    load = stage.load()
    for _ in range(3):
        stage.await_more_acked(75)
        with stage.harmed(*(AT_ONCE[how](stage.proxies[tie]) for tie in TIES)):
            pass
        stage.trial.await_return()
    stage.await_more_acked(75)
    stage.end(load)
    stage.conclude()
    assert stage.scraped.total("broker_reconnects") > 0, "vacuous: nobody came back"


@pytest.mark.parametrize("how", FOR_A_WHILE)
def test_row_8_nothing_arrives_whole(start_stage: StartStage, how: str) -> None:
    stage = start_stage(through=TIES)
    load = stage.load()
    stage.await_more_acked(100)
    with stage.harmed(*(FOR_A_WHILE[how](stage.proxies[tie]) for tie in TIES)):
        stage.await_refused(50)
    stage.trial.await_return()
    stage.await_more_acked(100)
    stage.end(load)
    stage.conclude()


def test_row_8_every_byte_comes_alone(start_stage: StartStage) -> None:
    stage = start_stage(through=["gateway-broker"])
    with stage.harmed(bytewise(stage.proxies["gateway-broker"])):
        load = stage.load(45, rate_per_s=3)
        load.wait(timeout_s=90)
    assert stage.conclude().counts["acked"] == 45
