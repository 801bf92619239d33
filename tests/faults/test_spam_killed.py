"""The console that learns is killed, and the gateway that judges: no label is lost, and all of them judge again.

Who was held by a score is released, confirmed and delivered once.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from secrets import token_hex

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.junk import by_a_robot, texts
from support.labelled import BEFORE, FORMS, LEARNED_WITHIN_S, ROBOTS_BEFORE, Labelled, labelled_before
from support.polling import eventually

LEASE_S = 60
"""Until another console goes on with what a killed one was learning."""


@pytest.fixture
def world(tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink, postgres_url: str) -> Iterator[Labelled]:
    forms = tmp_path / "forms.toml"
    forms.write_text(FORMS.replace("MODE", "hold"))
    installation = Installation(
        tmp_path / "installation",
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=mail_sink.url,
        database_url=postgres_url,
        forms=forms,
        consoles=2,
        gateways=2,
    )
    labelled_before(installation)
    with installation:
        yield Labelled(installation, mail_sink)


def label(world: Labelled, ids: list[str]) -> None:
    """Label each, however often the console breaks off: every second one is a robot's."""
    for number, key in enumerate(ids):
        is_labelled = partial(_is_labelled, world, key, is_spam=bool(number % 2))
        eventually(is_labelled, 60, "it is labelled")


def _is_labelled(world: Labelled, key: str, *, is_spam: bool) -> bool:
    try:
        world.label(key, is_spam=is_spam)
    except (AssertionError, requests.RequestException):
        return False
    return True


def test_labels_a_model_and_a_release_outlive_consoles_and_gateways(world: Labelled) -> None:
    installation, numbers = world.installation, count(1_000)
    world.mark_the_robots_before()
    ids = world.submitted(texts(range(25)))
    with ThreadPoolExecutor(1) as thread:
        labelling = thread.submit(label, world, ids)
        labelled = lambda: world.ask("GET", "spam").json()["labels"]["spam"] > ROBOTS_BEFORE  # noqa: E731
        eventually(labelled, 30, "it is labelling")
        installation.consoles[0].restart()
        labelling.result(120)
    installation.consoles[1].kill()  # one of the two is learning, or about to
    installation.consoles[0].kill()
    for console in installation.consoles:
        console.start()
    installation.await_ready()
    for gateway in (0, 1):
        judges = lambda: world.judged(by_a_robot(next(numbers)), gateway)["score"] is not None  # noqa: B023, E731
        eventually(judges, LEASE_S + LEARNED_WITHIN_S, f"gateway {gateway} judges")
    standing = world.ask("GET", "spam").json()
    expected = {"good": len(BEFORE) + 25, "spam": ROBOTS_BEFORE + 25}
    assert standing["labels"] == expected, "each once"
    world.learned_to_hold()
    installation.gateways[0].kill()
    installation.gateways[0].start()
    installation.await_ready()
    holds = lambda: world.judged(by_a_robot(next(numbers)), 0)["spam"] == "score"  # noqa: E731
    eventually(holds, 30, "who begins anew asks for the model")
    held_and_released(world, by_a_robot(next(numbers)))


def held_and_released(world: Labelled, message: str) -> None:
    installation, key, email = world.installation, token_hex(8), "grace@example.org"
    accepted = world.submit(message, 0, key=key, email=email)
    installation.gateways[0].kill()
    held = str(accepted.json()["id"])
    installation.gateways[0].start()
    installation.await_ready()
    eventually(lambda: world.is_stored(held), 30, "it is stored")
    assert world.shown(held)["spam"] == "score"
    assert world.ask("POST", f"submissions/{held}/not-spam").ok
    for console in installation.consoles:
        console.kill()
    eventually(lambda: world.mails(email) == 1, 60, "it is confirmed: storage tells notify")
    for console in installation.consoles:
        console.start()
    installation.await_ready()
    assert world.submit(message, 1, key=key, email=email).json()["id"] == held, "a retry, held by the other gateway"
    world.is_done_with_all()
    assert (world.shown(held)["spam"], world.mails(email)) == (None, 1)
