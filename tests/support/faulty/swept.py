"""An installation that is swept: two storages, what sweeps, a broker, a database, and a store of files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import Engine, select

from shared import database
from shared.contracts import SubmissionAccepted
from shared.database import reading
from shared.files import FileStore
from shared.messaging.message import Message, message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.routes import Destination
from shared.messaging.topology import STORAGE
from storage_service.sweeping import orphans, state
from storage_service.sweeping.checking import check, unneeded
from storage_service.tables import submissions
from support.events import a_file, an_event, with_files
from support.polling import eventually
from support.service import Service


@dataclass
class Swept:
    """What the tests do and look at. `folder` is for logs."""

    store: FileStore
    settings: Mapping[str, str]
    folder: Path
    accepted: list[SubmissionAccepted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine: Engine = database.create(self.settings["COUNTERFOIL_DATABASE_URL"])
        self.broker = RabbitMQ(self.settings["COUNTERFOIL_BROKER_URL"], name="test")
        self.publisher = self.broker.publisher()
        self.storages = [self._service(f"storage-{number}", "storage") for number in (1, 2)]
        self.sweeper = self._service("sweeper", "sweeper")

    @property
    def services(self) -> Sequence[Service]:
        return [*self.storages, self.sweeper]

    def put(self, count: int = 1) -> list[str]:
        """Put files of which no event will tell, as a gateway does that dies before it publishes."""
        keys = [a_file(number=number).key for number in range(1, count + 1)]
        for key in keys:
            self.store.put(key, [key.encode()])
        return keys

    def submitted(self) -> SubmissionAccepted:
        """Put a file, and return the event that tells of it."""
        content = uuid4().bytes * 100
        file = a_file(size=len(content), sha256=hashlib.sha256(content).hexdigest())
        self.store.put(file.key, [content])
        return with_files(an_event(), file)

    def publish(self, event: SubmissionAccepted, queue: str = STORAGE.name, body: bytes | None = None) -> None:
        """Publish it for storage alone, as it is or with another body."""
        message = message_of(event)
        told = Message(message.type, message.id, body if body is not None else message.body)
        self.publisher.publish(told, timeout_s=10, to=Destination((queue,)))
        if body is None:
            self.accepted.append(event)

    def accept(self, count: int = 1) -> None:
        """Put and publish."""
        for _ in range(count):
            self.publish(self.submitted())

    def passes(self) -> datetime | None:
        """Return up to when all is known to be settled."""
        with reading(self.engine).connect() as connection:
            swept = state.read(connection)
        return swept.settled_from if swept else None

    def left(self, keys: Sequence[str]) -> set[str]:
        """Return those that are in the store still."""
        return {one.key for one in self.store.keys()} & set(keys)  # noqa: SIM118 - no dictionary

    def noted(self) -> int:
        with reading(self.engine).connect() as connection:
            return orphans.total(connection)[0]

    def stored(self) -> int:
        with reading(self.engine).connect() as connection:
            return len(connection.execute(select(submissions.c.id)).all())

    def begin(self) -> None:
        for one in self.services:
            one.start()

    def await_two_passes(self) -> None:
        """Wait until two passes ended that began from now on."""
        for _ in range(2):
            now = datetime.now(UTC)
            eventually(lambda: (done := self.passes()) is not None and done > now, 120, "a pass over the queues")  # noqa: B023 - called at once

    def conclude(self, refused: Sequence[str], parked: Sequence[str] = ()) -> dict[str, int]:
        """Wait for all that was accepted, and for the sweep; check that each file is there, and nothing else."""
        eventually(lambda: self.stored() == len(self.accepted), 120, f"{len(self.accepted)} stored")
        eventually(lambda: not self.left(refused), 180, "what was refused is gone")
        checked = list(check(self.engine, self.store, by_hash=True))
        assert [one for one in checked if one.flaw] == []
        assert {one.key for one in checked} == {event.files[0].key for event in self.accepted}
        assert self.left(parked) == set(parked)
        assert list(unneeded(self.engine, self.store)) == []
        return {"files": len(checked), "orphans removed": len(refused)}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody write submissions."""
        with psycopg.connect(self.settings["COUNTERFOIL_DATABASE_URL"].replace("+psycopg", "")) as connection:
            connection.execute("LOCK TABLE submissions IN SHARE MODE")
            yield

    @contextmanager
    def held(self, event: SubmissionAccepted) -> Iterator[None]:
        """Let nobody write this one submission: whoever has it waits for who begins to write it, and gives up."""
        with psycopg.connect(self.settings["COUNTERFOIL_DATABASE_URL"].replace("+psycopg", "")) as connection:
            connection.execute(
                "INSERT INTO submissions (id, form, accepted_at, stored_at, fields, fingerprint, source, control)"
                " VALUES (%s, 'x', now(), now(), '{}', %s, '{}', '{}')",
                (event.id, "0" * 64),
            )
            yield
            connection.rollback()

    def end(self) -> None:
        for one in self.services:
            if one.is_running():
                one.kill()
        self.publisher.close()
        self.engine.dispose()

    def _service(self, name: str, what: str) -> Service:
        return Service(name, "tests.support.hasty_files", self.settings, self.folder / f"{name}.log", [what])


def unreadable(event: SubmissionAccepted) -> bytes:
    """Return the body of an event that storage parks, which names its file all the same."""
    document = json.loads(event.encode())
    del document["form"]
    return json.dumps(document).encode()
