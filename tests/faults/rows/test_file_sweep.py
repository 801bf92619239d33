"""Row 27: files are swept while an event that names one waits somewhere, and while storage or what sweeps is killed.

Every file of what was accepted is there afterwards, with its hash, and nothing of what was refused.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.seaweed import Seaweed
from shared.files import store_at
from shared.files.settings import FilesSettings
from shared.messaging.topology import STORAGE
from support.faulty.swept import Swept, unreadable
from support.faulty.table import Row
from support.polling import eventually

WATCHED_S = 40.0
"""How long nothing may be taken: two passes and two sweeps would be over."""


on_s3_too = pytest.mark.parametrize("swept", ["directory", "s3"], indirect=True)


@pytest.fixture
def swept(
    request: pytest.FixtureRequest, tmp_path: Path, mortal_broker: Broker, postgres_url: str, row: Row
) -> Iterator[Swept]:
    if getattr(request, "param", "directory") == "s3":
        seaweed: Seaweed = request.getfixturevalue("seaweed")
        prefix = f"sweep-{secrets.token_hex(6)}"
        chosen, variables = seaweed.settings(prefix), seaweed.environment(prefix)
    else:
        (tmp_path / "files").mkdir()
        chosen = FilesSettings((tmp_path / "files").as_uri())
        variables = {"COUNTERFOIL_FILES_URL": chosen.url}
    broker_url = mortal_broker.fresh_vhost()
    told = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_DATABASE_URL": postgres_url, **variables}
    world = Swept(store_at(chosen), told, tmp_path)
    try:
        world.begin()
        yield world
    finally:
        world.end()
        mortal_broker.retire(broker_url)


def watch(swept: Swept, refused: list[str]) -> None:
    """See that nothing is taken, for as long as it would take: what is published by now holds all passes up."""
    now, until_s = datetime.now(UTC), time.monotonic() + WATCHED_S
    while time.monotonic() < until_s:
        done = swept.passes()
        assert done is None or done < now, "a pass went by a message"
        time.sleep(0.5)
    assert swept.left(refused) == set(refused)


@on_s3_too
def test_row_27_the_queue_has_a_backlog(swept: Swept, row: Row) -> None:
    refused = swept.put(20)
    with swept.locked():
        swept.accept(200)
        watch(swept, refused)
        assert swept.stored() == 0, "vacuous: there was no backlog"
    row.note(swept.conclude(refused))


@on_s3_too
def test_row_27_a_second_replica_holds_an_event(swept: Swept, row: Row) -> None:
    refused, event = swept.put(3), swept.submitted()
    with swept.held(event):
        swept.publish(event)
        time.sleep(2)
        swept.accept(5)
        eventually(lambda: swept.stored() >= 1, 60, "the other replica goes on")
        watch(swept, refused)
    row.note(swept.conclude(refused))


@on_s3_too
def test_row_27_an_event_is_delayed(swept: Swept, row: Row) -> None:
    refused, event = swept.put(3), swept.submitted()
    swept.await_two_passes()
    late = swept.put(3)
    swept.publish(event, queue=STORAGE.level_queue("30s"))
    now, key = datetime.now(UTC), event.files[0].key
    while swept.stored() == 0:
        done = swept.passes()
        assert done is None or done < now, "a pass went by a message"
        assert swept.left([key]), "taken while it was delayed"
        time.sleep(0.2)
    assert datetime.now(UTC) - now > timedelta(seconds=20), "vacuous: it was not delayed"
    row.note(swept.conclude([*refused, *late]))


@on_s3_too
def test_row_27_an_event_is_parked(swept: Swept, row: Row) -> None:
    refused, event = swept.put(3), swept.submitted()
    swept.publish(event, body=unreadable(event))
    swept.accept(3)
    swept.await_two_passes()
    swept.await_two_passes()
    row.note(swept.conclude(refused, parked=[event.files[0].key]))


@on_s3_too
@pytest.mark.parametrize("moment", ["before-commit", "after-commit"])
def test_row_27_storage_is_killed_over_a_batch(swept: Swept, row: Row, moment: str) -> None:
    refused = swept.put(3)
    for storage in swept.storages:
        storage.kill()
    swept.accept(20)
    dying, other = swept.storages
    dying.start(COUNTERFOIL_FAILPOINT=moment)
    assert dying.has_ended(60), "vacuous: it was not killed"
    watch(swept, refused)
    for storage in (dying, other):
        storage.start()
    row.note(swept.conclude(refused))


@on_s3_too
def test_row_27_the_sweeper_is_killed_in_the_middle(swept: Swept, row: Row) -> None:
    refused = swept.put(350)
    swept.accept(10)
    swept.sweeper.kill()
    for _ in range(2):
        swept.sweeper.start(COUNTERFOIL_FAILPOINT="orphans-removed")
        assert swept.sweeper.has_ended(180), "vacuous: it was not killed"
    assert 0 < len(swept.left(refused)) < len(refused)
    swept.sweeper.start()
    row.note(swept.conclude(refused))
