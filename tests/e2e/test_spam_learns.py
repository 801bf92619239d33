"""Spam that learns: from labels in the console to what each gateway says of the next, and one that was held wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from secrets import token_hex

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.browsing import EMAIL
from support.installation import Installation
from support.junk import by_a_person, by_a_robot, texts
from support.labelled import BEFORE, FORMS, Labelled, labelled_before
from support.polling import eventually
from support.signed_in import SignedIn

GATEWAYS = (0, 1)


@pytest.fixture(scope="module")
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "spam-mail") as made:
        yield made


@pytest.fixture(scope="module")
def forms(server_directory: Path) -> Path:
    place = server_directory / "spam"
    place.mkdir()
    file = place / "forms.toml"
    file.write_text(FORMS.replace("MODE", "hold"))
    return file


@pytest.fixture(scope="module")
def world(forms: Path, rabbitmq: Broker, sink: MailSink) -> Iterator[Labelled]:
    installation = Installation(
        forms.parent / "installation",
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=sink.url,
        forms=forms,
        consoles=1,
        gateways=2,
    )
    labelled_before(installation)
    with installation:
        yield Labelled(installation, sink)


@pytest.fixture(scope="module")
def holding(world: Labelled) -> Labelled:
    """With a model that may hold, at both gateways."""
    world.learned_to_hold()
    return world


def test_labels_of_the_console_judge_the_next_at_every_gateway(world: Labelled) -> None:
    told = world.ask("GET", "spam").json()
    assert told["labels"] == {"good": len(BEFORE), "spam": 49}
    assert (told["model"], told["missing_to_train"]["spam"]) == (None, 1), "one is missing for any"
    ids = world.submitted(texts(range(5)))
    for number, key in enumerate(ids):
        world.label(key, is_spam=bool(number % 2))
    world.learned_to_hold()
    for gateway in GATEWAYS:
        robot, person = (world.judged(write(2_000 + gateway), gateway) for write in (by_a_robot, by_a_person))
        assert robot["score"] >= 80 > person["score"], (robot, person)
        assert (robot["spam"], person["spam"]) == ("score", None)
        assert 1 <= len(robot["reasons"]) <= 5
        assert all(one["code"] and one["words"] for one in robot["reasons"])
    page = shown_in_the_console(world, robot["id"])
    assert all(one["words"] in page for one in robot["reasons"]), "and shown"


def shown_in_the_console(world: Labelled, key: str) -> str:
    """Return the words of a submission's page."""
    owner = SignedIn(world.installation.gateway_url)
    email = f"{token_hex(4)}.{EMAIL}"
    owner.begin(world.installation.invite(email, "owner"), email)
    page = owner.get(f"/console/submissions/{key}").text
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_what_a_rule_holds_by_mistake_is_released_confirmed_and_delivered_once(world: Labelled) -> None:
    released_once(world, "This forbidden fruit is an apple, and I would like to sell it", "rule:words")


def test_what_a_score_holds_by_mistake_is_released_confirmed_and_delivered_once(holding: Labelled) -> None:
    released_once(holding, by_a_robot(20_001), "score")


def test_a_retry_that_is_good_elsewhere_is_delivered_once_without_anybody(holding: Labelled, forms: Path) -> None:
    key, email, message = token_hex(8), "grace@example.org", by_a_robot(20_002)
    first = holding.submit(message, 0, key=key, email=email).json()["id"]
    eventually(lambda: holding.is_stored(first), 30, "it is stored")
    assert holding.shown(first)["spam"] == "score"
    before, numbers = forms.read_text(), iter(range(30_000, 40_000))
    forms.write_text(FORMS.replace("MODE", "off"))
    try:
        good = lambda: holding.judged(by_a_robot(next(numbers)), 1)["score"] is None  # noqa: E731
        eventually(good, 30, "the second gateway has read that nothing is judged")
        assert holding.submit(message, 1, key=key, email=email).json()["id"] == first
        eventually(lambda: holding.mails(email) == 1, 30, "it is confirmed")
    finally:
        forms.write_text(before)
    holds = lambda: holding.judged(by_a_robot(next(numbers)), 1)["spam"] == "score"  # noqa: E731
    eventually(holds, 30, "it judges again")
    assert holding.submit(message, 1, key=key, email=email).json()["id"] == first
    holding.is_done_with_all()
    found = holding.shown(first)
    assert (found["spam"], holding.mails(email)) == (None, 1)
    assert [step["by"] for step in found["trail"]] == ["rule: good wins"]


def released_once(world: Labelled, message: str, why: str) -> None:
    """Let somebody be held, look whether they can tell, release it, and post it once more."""
    key, email = token_hex(8), f"{token_hex(4)}@example.org"
    accepted = world.submit(message, 0, key=key, email=email)
    assert accepted.status_code == 202
    held, receipt = str(accepted.json()["id"]), accepted.json()["receipt_url"]
    eventually(lambda: world.is_stored(held), 30, "it is stored")
    assert world.shown(held)["spam"] == why
    said = world.installation.receipt(receipt)
    assert (said["state"], said["final"]) == ("stored", False)
    assert said["confirmations"] == [{"channel": "email", "state": "pending", "attempts": 0, "at": None}]
    assert world.ask("POST", f"submissions/{held}/deliveries", json={"channel": "confirmation"}).status_code == 409
    assert world.ask("POST", f"submissions/{held}/not-spam").json()["spam"] is None
    eventually(lambda: world.installation.receipt(receipt)["state"] == "confirmed", 30, "it is confirmed")
    assert world.submit(message, 1, key=key, email=email).json()["id"] == held, "a retry, held by the other gateway"
    world.is_done_with_all()
    found = world.shown(held)
    assert (found["spam"], world.mails(email)) == (None, 1)
    assert {f"{one['channel']} {one['state']}" for one in found["deliveries"]} == {"email sent", "owner sent"}
