"""Durable accepts a second: a 202 after the confirm of quorum queues, at 64 connections, beside the peers."""

from __future__ import annotations

from pathlib import Path

from bench.contestants import Contestant, servers
from bench.queues import Queues
from bench.report import Figure, Series
from bench.wrk import BenchFailed, WrkRound, run_wrk
from shared.contracts import SubmissionAccepted
from shared.messaging.topology import WORK_QUEUES

CONNECTIONS = 64
WARM_UP_S = 3


def measure_accepts(directory: Path, broker_url: str, *, rounds: int, seconds: int, only: str) -> list[Series]:
    """Measure each server in turn, as often as `rounds` says; `only` picks those whose name contains it, and ours."""
    queues = Queues(broker_url)
    everyone = servers(broker_url)
    contestants = [everyone[0], *(each for each in everyone[1:] if only.lower() in each.name.lower())]
    series = {each.name: Series(each.name, "accepts/s") for each in contestants}
    for number in range(1, rounds + 1):
        for contestant in contestants:
            done = _measure(contestant, directory, queues, seconds)
            series[contestant.name].add(Figure(done.requests_per_s, p99_ms=done.p99_ms))
            print(
                f"  round {number}: {contestant.name:<34}{done.requests_per_s:>9.0f}/s  p99 {done.p99_ms:.0f} ms",
                flush=True,
            )
    return list(series.values())


def _measure(contestant: Contestant, directory: Path, queues: Queues, seconds: int) -> WrkRound:
    with contestant.running(directory, {}, listens=True) as port:
        url = f"http://127.0.0.1:{port}/f/signup"
        run_wrk(url, connections=CONNECTIONS, seconds=WARM_UP_S)
        queues.empty()
        done = run_wrk(url, connections=CONNECTIONS, seconds=seconds)
    if contestant.publishes:
        _prove_durable(contestant, queues, done)
    queues.empty()
    return done


def _prove_durable(contestant: Contestant, queues: Queues, done: WrkRound) -> None:
    """Raise `BenchFailed` unless every queue holds at least as many events as answers were counted.

    The form has no webhook, so that the queue of webhooks gets none of them.
    """
    for work in (work for work in WORK_QUEUES if work.routing_key == SubmissionAccepted.TYPE):
        if (held := queues.waiting(work.name)) < done.requests:
            raise BenchFailed(f"{contestant.name} answered {done.requests} but {work.name} holds {held}")
