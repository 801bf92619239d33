"""What comes of presses of the button in a mail is measured, by the outcomes that are documented, from zero."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from shared.failpoints import ignore
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import message_of
from storage_service.opt_in.consumer import build
from support.brokers import running
from support.opt_ins import a_press, waiting
from support.polling import eventually
from support.submission_databases import migrated, store

OUTCOMES = ("confirmed", "repeated", "early", "gone", "another")


def test_each_press_is_counted_by_what_came_of_it(sqlite_url: str) -> None:
    registry, broker, event = CollectorRegistry(), MemoryBroker(), waiting()

    def counts() -> dict[str, float | None]:
        return {one: registry.get_sample_value("counterfoil_opt_ins_total", {"outcome": one}) for one in OUTCOMES}

    with migrated(sqlite_url) as engine:
        store(engine, event)
        consumer = build(broker, engine, announce=lambda _: None, registry=registry, reach=ignore, spans=None)
        assert counts() == dict.fromkeys(OUTCOMES, 0)
        presses = [a_press(event), a_press(event), a_press(event, address="grace@example.org"), a_press(waiting())]
        publisher = broker.publisher()
        for one in presses:
            publisher.publish(message_of(one), timeout_s=10)
        with running(consumer):
            expected = {"confirmed": 1, "repeated": 1, "another": 1, "early": 1, "gone": 0}
            eventually(lambda: counts() == expected, 30, "all are counted")
