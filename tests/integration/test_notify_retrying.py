"""What notify tells of deliveries that it tries again by itself, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert

from notify_service.channels.planned import NO_REQUEST
from notify_service.history.retrying import LIMIT_MOST, methods
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.database import iso
from support.confirmations import NOON
from support.migrating import migrate


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def put(engine: Engine, form: str, number: int = 0, **others: Any) -> str:
    row = {
        "id": uuid4(),
        "submission_id": uuid4(),
        "form": form,
        "channel": "confirmation",
        "destination_hash": uuid4().hex,
        "destination_shown": "a…@example.org",
        "request": NO_REQUEST,
        "state": "retrying",
        "attempts": 2,
        "last_error": "rcpt 451",
        "created_at": NOON,
        "changed_at": NOON + timedelta(seconds=number),
        "next_attempt_at": NOON + timedelta(hours=1),
    }
    with engine.begin() as connection:
        connection.execute(insert(deliveries), [row | others])
    return str(row["id"])


def ask(engine: Engine, **params: Any) -> dict[str, Any]:
    return dict(methods(engine)["retrying"]({"forms": None, "limit": 50, "after": None} | params))


def shown(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["deliveries"]]


def test_one_is_told_in_an_owners_words_and_without_its_address(engine: Engine) -> None:
    key = put(engine, "signup")
    put(engine, "signup", state="sent")
    put(engine, "signup", state="failed")
    answer = ask(engine)
    [one] = answer["deliveries"]
    assert (one["id"], one["form"], one["channel"], one["attempts"]) == (key, "signup", "email", 2)
    assert one["destination"] == "a…@example.org"
    assert one["reason"]
    assert one["next_attempt_at"] == iso(NOON + timedelta(hours=1))
    assert answer["next"] is None


def test_pages_follow_each_other_to_the_end(engine: Engine) -> None:
    keys = [put(engine, "signup", number // 2) for number in range(7)]
    seen: list[str] = []
    answer = ask(engine, limit=3)
    while True:
        seen += shown(answer)
        if answer["next"] is None:
            break
        answer = ask(engine, limit=3, after=answer["next"])
    assert sorted(seen) == sorted(keys)
    assert len(seen) == len(keys)


def test_of_some_forms_no_others_are_told(engine: Engine) -> None:
    key = put(engine, "signup")
    put(engine, "contact")
    assert shown(ask(engine, forms=["signup", "nothing"])) == [key]
    assert shown(ask(engine, forms=[])) == []


def test_a_page_has_an_end_whatever_is_asked(engine: Engine) -> None:
    for number in range(3):
        put(engine, "signup", number)
    assert len(shown(ask(engine, limit=10**9))) == 3 <= LIMIT_MOST
    assert len(shown(ask(engine, limit=-5))) == 1


@pytest.mark.parametrize("after", [["x", "y"], ["2026-11-22T12:00:00Z"], "x", ["2026-11-22T12:00:00Z", "no id"]])
def test_a_place_that_is_none_is_refused(engine: Engine, after: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says its own
        ask(engine, after=after)
