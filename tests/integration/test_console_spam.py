"""`/v1/spam`: how far it is, its models, going back, and training; by keys of all forms and of some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from support.console_app import ConsoleApp, a_console
from support.events import an_event
from support.search_rows import scored
from support.spam_taught import CURVE, a_model, left_out, marked
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


def test_how_far_it_is(console: ConsoleApp, engine: Engine) -> None:
    marked(engine, "ada@example.org", good=2, spam=1)
    found = console.json("/v1/spam")
    assert found["labels"] == {"good": 2, "spam": 1}
    assert found["authors"] == [{"author": "ada@example.org", "good": 2, "spam": 1, "counts": True}]
    assert found["missing_to_train"]["good"] == 48
    assert found["model"] is None
    assert {one["form"]: one["does"] for one in found["forms"]} == dict.fromkeys(
        ("signup", "contact", "closed"), "learns"
    )
    version = a_model(engine)
    found = console.json("/v1/spam")
    assert found["model"]["version"] == version
    assert {one["does"] for one in found["forms"]} == {"shows"}
    some = console.json("/v1/spam", console.key("read", forms=["signup"]))
    assert [one["form"] for one in some["forms"]] == ["signup"]
    assert some["authors"] == []
    assert (found["model"]["made_by"] is None, some["model"]["made_by"]) == (False, None), "nobody's name of others"
    listed = console.json("/v1/spam/models", console.key("read", forms=["signup"]))["models"]
    assert [one["made_by"] for one in listed] == [None]


def test_models_are_listed_and_one_is_taken_up_again(console: ConsoleApp, engine: Engine) -> None:
    first, second = a_model(engine), a_model(engine)
    refused = a_model(engine, why="of 90 good ones it would have held 7")
    listed = console.json("/v1/spam/models")["models"]
    assert [(one["version"], one["state"]) for one in listed] == [
        (refused, "refused"),
        (second, "current"),
        (first, "former"),
    ]
    worth = listed[1]["evaluation"]
    assert (worth["catch"], worth["catch_least"], worth["loss"]) == (0.94, 0.897, 0.0)
    assert worth["curve"] == CURVE
    taken = console.json(f"/v1/spam/models/{first}/current", method="POST")
    assert (taken["version"], taken["state"]) == (first, "current")
    assert console.refusal("/v1/spam/models/none/current", method="POST")[:2] == (404, "NOT_FOUND")
    assert console.refusal(f"/v1/spam/models/{refused}/current", method="POST")[:2] == (409, "REFUSED")


def test_a_training_is_begun_with_whose_marks_count(console: ConsoleApp, engine: Engine) -> None:
    at = "/v1/spam/train"
    answer = console.ask(at, method="POST", json={})
    assert answer.status_code == 202
    assert not answer.get_json()["begun"]
    assert answer.get_json()["missing"]["spam"] == 50
    assert console.began.by == []
    marked(engine, "ada@example.org", good=120, spam=120)
    answer = console.ask(at, method="POST", json={"without": ["eve@example.org"]})
    assert (answer.status_code, answer.get_json()) == (202, {"begun": True, "missing": None})
    assert left_out(engine) == {"eve@example.org"}
    console.ask(at, method="POST", json={})
    assert left_out(engine) == {"eve@example.org"}
    console.began.busy = True
    assert console.ask(at, method="POST", json={"without": []}).get_json()["begun"] is False
    assert left_out(engine) == set()
    assert console.refusal(at, method="POST", json={"without": ["x"] * 101})[0] == 422
    assert console.refusal(at, method="POST", json={"without": [""]})[0] == 422


@pytest.mark.parametrize("path", ["/v1/spam/train", "/v1/spam/models/1-00000000/current"])
def test_a_key_of_some_forms_changes_no_model_of_all(console: ConsoleApp, path: str) -> None:
    key = console.key("admin", forms=["signup"])
    assert console.refusal(path, key, method="POST", json={})[:2] == (403, "FORMS")


def test_a_submission_has_its_score_and_why(console: ConsoleApp, engine: Engine) -> None:
    event = scored(an_event(), 97)
    store(engine, event, an_event())
    one = console.json(f"/v1/submissions/{event.id}")
    assert one["score"] == 97
    assert one["reasons"] == [{"code": "links:3:2", "words": "3 links to 2 hosts"}]
    (found,) = console.json("/v1/submissions?q=score:>96")["submissions"]
    assert (found["score"], found["reasons"]) == (97, one["reasons"])
    assert console.refusal("/v1/submissions?q=score:>x")[0] == 400
