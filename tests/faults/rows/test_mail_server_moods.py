"""Rows 19 and 20: the mail server refuses in every way, hangs, drops what it took; or is away, and back."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from notify_service.transports.breaker import FAILURES_TO_OPEN
from support.chats.slack import SlackStandIn
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


@pytest.fixture
def room() -> Iterator[SlackStandIn]:
    """A chat, which is well."""
    with SlackStandIn() as running:
        yield running


def test_row_20_the_mail_server_is_away(
    start_stage: StartStage, sink: MoodySink, room: SlackStandIn, tmp_path: Path
) -> None:
    forms, secrets = tmp_path / "forms.toml", tmp_path / "secrets"
    forms.write_text('[forms.signup]\nslack.url_file = "room"\n')
    secrets.mkdir()
    (secrets / "room").write_text(room.url)
    settings = {
        "COUNTERFOIL_SMTP_CONNECTIONS": str(SMTP_CONNECTIONS),
        "COUNTERFOIL_FORM_SECRETS": str(secrets),
        "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1",
    }
    stage = start_stage(mailbox=sink, forms=forms, special={"notify": settings})
    load = stage.load()
    stage.await_more_acked(50)
    eventually(lambda: stage.trial.mailed() >= 50, 30, "mails come")
    sink.go_away()
    before, told_before = sink.connections, len(room.said)
    stage.await_more_acked(400)
    stage.hold(40.0)  # longer than the breaker rests
    tries = sink.connections - before
    told = len(room.said) - told_before
    stage.end(load)
    assert told >= 400, "the chat goes on meanwhile"
    assert tries > 0, "vacuous: nobody tried"
    assert tries <= 2 * (FAILURES_TO_OPEN + 2 * SMTP_CONNECTIONS + 3), "a storm while it was away"
    sink.come_back()
    stage.row.note({"tries while away": tries, "told in the chat while away": told})
    stage.conclude(timeout_s=120)
    ids = [one for entry in stage.trial.ledger.snapshot() for one in entry.ids]
    eventually(lambda: len(room.said) >= len(ids), 30, "each submission is told there")
    assert Counter(text.rpartition("Reference ")[2] for text in room.said) == Counter(ids), "once"
    assert sink.most_at_once <= 2 * SMTP_CONNECTIONS, "a storm at its return"
    stage.row.note({"connections at once": sink.most_at_once})
