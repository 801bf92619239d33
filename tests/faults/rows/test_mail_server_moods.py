"""Rows 19 and 20: the mail server refuses in every way, hangs, drops what it took; or is away, and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from notify_service.transports.breaker import FAILURES_TO_OPEN
from support.faulty.moody_smtp import Mood, MoodySink
from support.faulty.stage import Stage, StartStage
from support.ledger_verdict import Allowed
from support.polling import eventually

MOODS: tuple[Mood, ...] = ("421", "450", "535", "550", "tarpit", "drop after the dot")
SMTP_CONNECTIONS = 2
ATTEMPTS = "SELECT max(attempts) FROM deliveries WHERE submission_id = ANY(%s::uuid[])"


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MoodySink]:
    """A mail server in a good mood."""
    moody = MoodySink(tmp_path / "moody")
    with moody:
        yield moody


def attempts(stage: Stage, addresses: list[str]) -> int:
    """Return the most attempts that were charged to any confirmation to these addresses."""
    ids = [one for entry in stage.trial.ledger.snapshot() if entry.address in addresses for one in entry.ids]
    with psycopg.connect(stage.database_url) as connection:
        found = connection.execute(ATTEMPTS, [ids]).fetchone()
    return int(found[0]) if found and found[0] else 0


def test_row_19_every_answer(start_stage: StartStage, sink: MoodySink) -> None:
    stage = start_stage(mailbox=sink)
    moods: dict[str, Mood] = {}
    chance, turn = Random(stage.row.seed), itertools.cycle(MOODS)  # noqa: S311 - a seeded fault

    def mood(address: str) -> Mood:
        if address not in moods:
            moods[address] = next(turn) if chance.random() < 0.15 else ""
        return moods[address]

    sink.mood = mood
    load = stage.load(300)
    load.wait(timeout_s=90)
    stage.trial.settle(timeout_s=150)
    assert set(sink.said) >= set(MOODS), f"vacuous: not every answer was given: {sink.said}"
    dropped = sum(each == "drop after the dot" for each in moods.values())
    verdict = stage.conclude(Allowed(duplicate_mails=dropped))
    refused = {address for address, each in moods.items() if each == "550"}
    assert verdict.counts["visibly failed"] == len(refused), "refused for ever is failed, visibly, and nothing else is"
    assert attempts(stage, [address for address, each in moods.items() if each == "535"]) == 1, "535 charges nothing"
    assert attempts(stage, [address for address, each in moods.items() if each == "450"]) == 2, "450 is tried again"
    stage.row.note({str(name): count for name, count in sink.said.items()})


def test_row_20_the_mail_server_is_away(start_stage: StartStage, sink: MoodySink) -> None:
    stage = start_stage(mailbox=sink, special={"notify": {"COUNTERFOIL_SMTP_CONNECTIONS": str(SMTP_CONNECTIONS)}})
    load = stage.load()
    stage.await_more_acked(50)
    eventually(lambda: stage.trial.mailed() >= 50, 30, "mails come")
    sink.go_away()
    before = sink.connections
    stage.await_more_acked(400)
    stage.hold(40.0)  # longer than the breaker rests
    tries = sink.connections - before
    stage.end(load)
    assert tries > 0, "vacuous: nobody tried"
    assert tries <= 2 * (FAILURES_TO_OPEN + 2 * SMTP_CONNECTIONS + 3), "a storm while it was away"
    sink.come_back()
    stage.row.note({"tries while away": tries})
    stage.conclude(timeout_s=120)
    assert sink.most_at_once <= 2 * SMTP_CONNECTIONS, "a storm at its return"
    stage.row.note({"connections at once": sink.most_at_once})
