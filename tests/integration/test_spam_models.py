"""Models, on both databases: one is current, gateways fetch it, and the last good one is one step away."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text, update

from shared.contracts import Source
from shared.database import reading
from shared.spam import Known, network_hash, text_hash, text_of, unpacked
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.spam.models import KEPT_MOST, Models, NoSuchModel, WasRefused, _make_current, refresh
from storage_service.spam.recent import Lately, Recent
from storage_service.spam.sending import ModelQueries, lock
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import SPAM, submissions
from support.events import an_event
from support.polling import eventually
from support.spam_learned import MADE_AT, labelled, made
from support.submission_databases import NOW, migrated, store
from support.working import an_asker

RULE, ADA = Asker("rule: spam", frozenset()), an_asker()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def models(engine: Engine) -> Models:
    return Models(engine, clock=lambda: MADE_AT)


def noted(engine: Engine) -> list[tuple[str, str, str | None]]:
    return [(one.by, one.action, one.on) for one in reversed(Audit(engine).page(100))]


def test_without_a_model_gateways_get_none(engine: Engine, models: Models) -> None:
    assert ModelQueries(engine).model({"have": None}) == {"hash": None}
    assert models.current() is models.newest() is None
    refresh(engine, Recent(), MADE_AT)
    assert ModelQueries(engine).model({"have": "0" * 64}) == {"hash": None}


def test_gateways_get_the_bytes_unless_they_have_them(engine: Engine, models: Models) -> None:
    one = made()
    assert models.keep(one, RULE)
    answer = ModelQueries(engine).model({"have": None})
    data = base64.b64decode(answer["data"])
    assert (answer["version"], answer["hash"]) == (one.stored.version, unpacked(data).digest)
    assert unpacked(data).may_hold
    assert ModelQueries(engine).model({"have": answer["hash"]}) == {"hash": answer["hash"]}
    assert ModelQueries(engine).model({}) == answer
    assert ModelQueries(engine).model({"have": ["x"]}) == answer


def test_one_that_waits_for_its_proof_is_kept_and_not_used_until_somebody_says_so(models: Models) -> None:
    first, second = made(1), made(2, why="it has not proved itself yet")
    models.keep(first, RULE)
    models.keep(second, RULE)
    current, newest = models.current(), models.newest()
    assert current is not None
    assert newest is not None
    assert (current.version, newest.state) == (first.stored.version, "former")
    assert models.make_current(second.stored.version, ADA).state == "current"


def test_each_is_the_current_one_until_the_next_and_a_former_one_can_be_again(engine: Engine, models: Models) -> None:
    first, second = made(1), made(2)
    models.keep(first, RULE)
    models.keep(second, RULE)
    assert [(one.version, one.state) for one in models.all()] == [
        (second.stored.version, "current"),
        (first.stored.version, "former"),
    ]
    assert models.make_current(first.stored.version, ADA).state == "current"
    assert ModelQueries(engine).model({})["version"] == first.stored.version
    models.make_current(first.stored.version, ADA)
    assert noted(engine) == [
        (RULE.name, "spam.trained", first.stored.version),
        (RULE.name, "spam.trained", second.stored.version),
        (ADA.name, "spam.model", first.stored.version),
    ]
    with pytest.raises(NoSuchModel):
        models.make_current("7-00000000", ADA)


def test_of_two_that_are_chosen_at_once_one_is_current(engine: Engine, models: Models) -> None:
    first, second, third = (made(number).stored.version for number in (1, 2, 3))
    for number in (1, 2, 3):
        models.keep(made(number), RULE)
    other = threading.Thread(target=models.make_current, args=(second, ADA))

    def has_come() -> bool:
        if engine.dialect.name == "sqlite":
            return True  # it waits for the file
        with engine.connect() as connection:
            return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

    with engine.begin() as connection:
        lock(connection)
        _make_current(connection, first, MADE_AT)
        other.start()
        eventually(has_come, 20, "the other one waits")
    other.join(20)
    states = {one.version: one.state for one in models.all()}
    assert states == {first: "former", second: "current", third: "former"}
    assert ModelQueries(engine).model({})["version"] == second


def test_of_two_that_train_the_same_number_one_is_kept(engine: Engine, models: Models) -> None:
    one, other = made(1, bias=1.0), made(1, bias=2.0)
    assert models.keep(one, RULE)
    assert not models.keep(other, RULE)
    assert not models.keep(one, RULE)
    assert [stored.version for stored in models.all()] == [one.stored.version]
    assert len(noted(engine)) == 1


def test_a_refused_one_is_kept_apart_and_reaches_no_gateway(engine: Engine, models: Models) -> None:
    good, bad = made(1), made(2, "refused", "worse")
    models.keep(good, RULE)
    models.keep(bad, RULE)
    assert models.current() == models.all()[1]
    assert models.newest() == models.all()[0]
    assert (models.all()[0].state, models.all()[0].why) == ("refused", "worse")
    assert ModelQueries(engine).model({})["version"] == good.stored.version
    with pytest.raises(WasRefused, match="worse"):
        models.make_current(bad.stored.version, ADA)
    assert noted(engine)[-1] == (RULE.name, "spam.refused", bad.stored.version)


def test_the_last_ones_are_kept_and_the_current_one_however_old(engine: Engine, models: Models) -> None:
    models.keep(made(1), RULE)
    for number in range(2, KEPT_MOST + 4):
        models.keep(made(number, "refused", "worse"), RULE)
    numbers = [one.number for one in models.all()]
    assert numbers == [*range(KEPT_MOST + 3, 3, -1), 1]
    current = models.current()
    assert current is not None
    assert current.number == 1


def test_what_came_lately_is_sent_with_the_model_and_stays_when_another_one_is_used(
    engine: Engine, models: Models
) -> None:
    models.keep(made(1), RULE)
    before = ModelQueries(engine).model({})
    refresh(engine, Recent(Known.of({5: 14}), Known.of({7: 2})), MADE_AT + timedelta(minutes=3))
    after = ModelQueries(engine).model({"have": before["hash"]})
    assert (after["version"], after["hash"] != before["hash"]) == (before["version"], True)
    models.keep(made(2), RULE)
    model = unpacked(base64.b64decode(ModelQueries(engine).model({})["data"]))
    assert (model.version, model.texts.count(5), model.networks.count(7)) == (2, 14, 2)
    with reading(engine).connect() as connection:
        assert len(connection.execute(select(SPAM.sent.c.name)).all()) == 1


TEXT = "Buy cheap watches at our shop today, best price"
OTHER = "I would like to ask about your opening hours, please"


def test_copies_of_a_day_and_networks_of_spam_are_known(engine: Engine) -> None:
    store(engine, *(an_event(name=f"n{number}", message=TEXT) for number in range(3)), an_event(message=OTHER))
    labelled(engine, ["one spam of many words here", "two spam of many words here"], is_spam=True, ip="203.0.113.7")
    labelled(engine, ["a good one of many words here"], is_spam=False, ip="203.0.113.9")
    labelled(engine, ["a good one of many words there"], is_spam=False, ip="198.51.100.1")
    labelled(
        engine, ["a spam of many words over there"], is_spam=True, ip="198.51.100.2", at=MADE_AT - timedelta(days=8)
    )
    lately = Lately(engine)
    found = lately.look(NOW + timedelta(hours=1))
    copies, single = (text_hash(text_of({"m": one}, form="signup")) for one in (TEXT, OTHER))
    assert (found.texts.count(copies), found.texts.count(single)) == (3, 0)
    ours = network_hash("203.0.113.200")
    assert found.networks.count(ours) == 1, "two were spam, one was not"
    found = lately.look(MADE_AT + timedelta(hours=1))
    assert (found.texts.count(copies), found.networks.count(ours)) == (0, 1)
    assert found.networks.count(network_hash("198.51.100.1")) == 0


def test_what_comes_later_is_added_and_what_is_a_day_old_goes(engine: Engine) -> None:
    lately = Lately(engine)
    store(engine, an_event(message=TEXT, name="a"))
    assert not lately.look(NOW).texts.hashes
    with SubmissionRepository(engine).transaction() as rows:
        rows.insert([an_event(message=TEXT, name=name) for name in "bc"], stored_at=NOW + timedelta(seconds=1))
    assert list(lately.look(NOW + timedelta(seconds=1)).texts.counts) == [3]
    assert not lately.look(NOW + timedelta(days=1, seconds=2)).texts.hashes


def test_what_was_imported_is_passed_by_once_and_says_nothing(engine: Engine) -> None:
    events = [an_event(message=TEXT, name=name) for name in "abc"]
    store(engine, *events)
    with engine.begin() as connection:
        connection.execute(update(submissions).values(imported_at=NOW))
    lately = Lately(engine)
    assert not lately.look(NOW).texts.hashes
    assert lately._after == (NOW, max(one.id for one in events))
    with SubmissionRepository(engine).transaction() as rows:
        rows.insert([an_event(message=TEXT, name=name) for name in "de"], stored_at=NOW + timedelta(seconds=1))
    assert list(lately.look(NOW + timedelta(seconds=1)).texts.counts) == [2]


def test_a_day_of_very_many_is_looked_at_from_its_end(engine: Engine) -> None:
    events = [an_event(message=f"{TEXT} {number // 2}", name=str(number)) for number in range(40)]
    for one in events:
        store(engine, one)
    assert len(Lately(engine, most=10).look(NOW).texts.hashes) <= 5


def test_what_has_no_address_has_no_network(engine: Engine) -> None:
    labelled(engine, ["one spam of many words here"], is_spam=True)
    assert Source().ip is None
    assert not Lately(engine).look(MADE_AT).networks.hashes
