"""Hands gateways a spam model, as storage does, and nothing else: `python -m bench.limits.model_alone`.

BROKER_URL and DATABASE_URL say where; the database is an empty one. So no part that stores takes a share of the cores.
"""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime

from shared import database
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import STORAGE_QUERIES
from shared.spam import Model, SpamText, packed
from storage_service.spam.learning import Example, gathered, train
from storage_service.spam.recent import Recent
from storage_service.spam.sending import ModelQueries, send
from storage_service.tables import MIGRATIONS

_LABELS = 400
_GOOD, _SPAM = "May we meet on day {} about the garden?", "Cheap pills no {}, buy now at https://example.org/{}"


def main() -> None:
    """Answer until told to end."""
    engine = database.create(os.environ["DATABASE_URL"])
    MIGRATIONS.upgrade(engine)
    with engine.begin() as connection:
        send(connection, "1-bench", packed(_model()), Recent(), datetime.now(UTC))
    broker = RabbitMQ(os.environ["BROKER_URL"], name="model")
    answering = broker.serve(STORAGE_QUERIES, ModelQueries(engine).methods())
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    answering.close()


def _model() -> Model:
    kinds = [(number, bool(number % 2)) for number in range(_LABELS)]
    texts = [((_SPAM if is_spam else _GOOD).format(number, number), is_spam) for number, is_spam in kinds]
    examples = (Example(SpamText({"message": text}), is_spam, at) for at, (text, is_spam) in enumerate(texts))
    return train(gathered(examples), version=1)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # before any thread is there
    main()
