"""Row 31: the disk of the broker fills faster than the broker looks, and has room again. RabbitMQ's quorum queues stay
dead until it is restarted: until then nobody is ready, says what to do, and is at rest; then all goes on by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from dev.broker import Broker
from dev.mail_sink import MailSink
from shared import database
from storage_service.tables import submissions
from support.faulty.table import Row
from support.gateway_server import GOOD
from support.installation import Installation
from support.polling import eventually
from support.registry import await_written_down
from support.small_disk import disk_at, filled

SIZE_MB = 700
"""Twice what the broker keeps free, and room for its log of messages."""

REFUSED_MOST_S = 4.0
SERVICES = {"gateway", "storage-0", "notify-0"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "disk").mkdir()
    with disk_at(tmp_path / "disk", SIZE_MB) as disk:
        yield disk


@pytest.fixture
def broker(disk: Path) -> Iterator[Broker]:
    with Broker(disk / "rabbitmq") as broker:
        yield broker
        broker.kill()


class World:
    """An installation, and what was accepted by it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.accepted = 0
        self.refused = 0

    def post(self) -> int:
        answer = requests.post(f"{self.installation.gateway_url}/f/signup", json=GOOD, timeout=10)
        assert answer.status_code in (202, 503)
        assert answer.elapsed.total_seconds() < REFUSED_MOST_S
        self.accepted += answer.status_code == 202
        self.refused += answer.status_code == 503
        return answer.status_code

    def unready(self) -> dict[str, list[str]]:
        """Return what each service misses."""
        urls = self.installation.metrics_urls
        told: dict[str, Any] = {name: requests.get(f"{urls[name]}/readyz", timeout=5).json() for name in SERVICES}
        return {name: one["missing"] for name, one in told.items() if one["missing"]}

    def saying(self, words: str) -> list[str]:
        """Return who says this."""
        return [name for name, missing in self.unready().items() if words in str(missing)]

    def posting(self, done: Callable[[], object]) -> object:
        """Post on and on, until something is so."""
        self.post()
        return done()

    def stored(self) -> int:
        """Return how many submissions are in the database."""
        engine = database.create(self.installation.database_urls["storage"])
        with engine.connect() as connection:
            count: int = connection.scalar(select(func.count()).select_from(submissions)) or 0
        engine.dispose()
        return count


def test_row_31_the_disk_of_the_broker_is_full(
    tmp_path: Path, broker: Broker, disk: Path, mail_sink: MailSink, row: Row
) -> None:
    with ExitStack() as running:
        place, url = tmp_path / "installation", broker.fresh_vhost()
        installation = running.enter_context(Installation(place, broker_url=url, smtp_url=mail_sink.url))
        await_written_down(broker, url)
        world = World(installation)
        eventually(lambda: world.posting(lambda: world.accepted > 20), 30, "posts are accepted")
        with filled(disk, but=0):
            eventually(lambda: world.post() == 503, 30, "vacuous: it does not notice")
        eventually(lambda: "alarm" not in str(world.unready()), 60, "the alarm is over")
        eventually(lambda: world.posting(lambda: world.unready().keys() == SERVICES), 120, "nobody is ready")
        eventually(lambda: len(world.saying("has to be restarted")) == len(SERVICES), 20, "all say what to do")
        assert world.post() == 503, "vacuous: it came back by itself"
        broker.kill()
        broker.start()
        eventually(lambda: not world.unready(), 60, "all are ready again, without a post")
        assert world.post() == 202
        eventually(lambda: world.stored() >= world.accepted, 30, "all of it is stored")
        row.note({"accepted": world.accepted, "refused": world.refused})
