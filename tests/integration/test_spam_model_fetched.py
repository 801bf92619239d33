"""From storage's table to a gateway's verdict: a gateway fetches the model that counts, and judges by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.spam.holder import ModelHolder
from shared.contracts import SubmissionAccepted
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import STORAGE_QUERIES
from shared.spam import Known
from storage_service.accounts.asker import Asker
from storage_service.spam.models import Models, refresh
from storage_service.spam.recent import Recent
from storage_service.spam.sending import ModelQueries
from support.gateway_app import GOOD, Gateway, a_gateway
from support.spam_learned import MADE_AT, made
from support.submission_databases import assert_read_back, migrated, store

FORMS = "[forms.signup]\n[forms.signup.spam]\nmode = 'hold'\n"
RULE = Asker("rule: spam", frozenset())
KEY = {"Idempotency-Key": "one and the same"}


class Fetching:
    """A gateway that follows storage when a test says so."""

    def __init__(self, place: Path, broker: MemoryBroker) -> None:
        place.mkdir()
        self.holder = ModelHolder(broker.rpc_client())
        self.gateway: Gateway = a_gateway(place, definitions=FORMS, models=self.holder)

    def judged(self) -> SubmissionAccepted:
        """Post the same as ever, and return its event."""
        self.gateway.submitted("signup", GOOD, KEY)
        [event] = self.gateway.take_published()
        return event


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as engine:
        yield engine


@pytest.fixture
def broker(engine: Engine) -> MemoryBroker:
    """Storage's queries behind a broker, and nothing else of it."""
    broker = MemoryBroker()
    broker.serve(STORAGE_QUERIES, ModelQueries(engine).methods())
    return broker


def test_each_gateway_judges_by_the_model_that_it_has_fetched(
    engine: Engine, broker: MemoryBroker, tmp_path: Path
) -> None:
    models = Models(engine, clock=lambda: MADE_AT)
    one, other = (Fetching(tmp_path / name, broker) for name in ("one", "other"))
    assert one.holder.look()
    assert one.judged().verdict is None
    mild, strict = made(1, bias=-9.0), made(2, bias=9.0)
    assert models.keep(mild, RULE)
    assert one.holder.look()
    assert other.holder.look()
    assert models.keep(strict, RULE)
    assert other.holder.look()
    first, second = one.judged(), other.judged()
    assert (first.id, first.fingerprint) == (second.id, second.fingerprint)
    assert (first.spam, second.spam) == (None, "score")
    assert first.verdict is not None
    assert second.verdict is not None
    assert (first.verdict.model, second.verdict.model) == (mild.stored.version, strict.stored.version)
    store(engine, first)
    assert_read_back(engine, first)
    models.make_current(mild.stored.version, RULE)
    assert other.holder.look()
    assert other.judged().spam is None


def test_what_came_lately_changes_the_bytes_and_not_the_name(
    engine: Engine, broker: MemoryBroker, tmp_path: Path
) -> None:
    assert Models(engine, clock=lambda: MADE_AT).keep(made(7), RULE)
    gateway = Fetching(tmp_path / "one", broker)
    names, digests = [], []
    for lately in (Recent(), Recent(texts=Known.of({1: 3})), Recent(networks=Known.of({2: 1}))):
        refresh(engine, lately, MADE_AT)
        assert gateway.holder.look()
        assert gateway.holder.held is not None
        names.append(gateway.holder.held.name)
        digests.append(gateway.holder.held.digest)
    assert (len(set(names)), len(set(digests))) == (1, 3)
