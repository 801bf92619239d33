"""A submission of which storage keeps something in every place, and a look into all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, inspect, text

from shared.contracts import SubmissionAccepted, fingerprint
from shared.database import reading
from shared.messaging.incoming import Incoming
from shared.messaging.message import message_of
from shared.messaging.topology import STORAGE
from shared.parked.collector import keeper
from shared.parked.parsing import ParkedMessage
from shared.parked.repository import ParkedRepository
from storage_service.accounts.asker import Asker
from storage_service.deliveries.resending import Resending
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import PARKED
from storage_service.work import Change, Work
from support.events import an_event
from support.resending import a_state, tell
from support.search_rows import indexed
from support.submission_databases import NOW, store
from support.working import an_asker

CANARY = "canaryzz"
"""What somebody wrote, and what people wrote about them; a word of its own for the index."""

ERASER = Asker("dpo@example.org", frozenset({"read", "erase"}))


def kept_everywhere(engine: Engine, word: str = CANARY, form: str = "contact", **others: Any) -> SubmissionAccepted:
    """Store a submission, and have something of it, with the word in it, in each place of storage's database."""
    event = an_event(form=form, name=word, email=f"{word}@example.org", text=f"I am {word}.", **others)
    store(engine, event)
    other = {**event.fields, "text": f"{word} once more"}
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([replace(event, fields=other, fingerprint=fingerprint(other))], received_at=NOW)
    work = Work(engine)
    work.change(event.id, Change(labels=(word,), starred=True, spam=True), an_asker())
    work.change(event.id, Change(spam=False), an_asker())
    work.note(event.id, f"{word} called.", an_asker())
    tell(engine, a_state(event, words=f"{word}: no such user"))
    Resending(engine, "ada").request_channel(event.id, "webhook")
    park(engine, event)
    indexed(engine)
    return event


def _nothing(_parking: ParkedMessage) -> bool:
    return False


def park(engine: Engine, event: SubmissionAccepted, refuse: Callable[[ParkedMessage], bool] = _nothing) -> None:
    """Have storage keep a parked copy of an event, unless it refuses it."""
    message = message_of(event)
    headers = {"x-reason": "refused", "x-parking": str(event.id)}
    incoming = Incoming(message.body, message.type, message.id, headers, tag=1, generation=1)
    keeper(ParkedRepository(engine, PARKED), [STORAGE], lambda _name: None, refuse)(incoming)


def places_of(engine: Engine, needle: str) -> set[str]:
    """Return the tables in which a text stands, in whatever column."""
    with reading(engine).connect() as connection:
        tables = [name for name in inspect(connection).get_table_names() if "search_words_" not in name]
        found = {name: connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in tables}  # noqa: S608
    return {name for name, rows in found.items() if any(_says(value, needle) for row in rows for value in row)}


def ids_in_index(engine: Engine) -> int:
    """Return how many entries the index has."""
    with reading(engine).connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM search_entries")) or 0


def _says(value: object, needle: str) -> bool:
    said = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
    return needle.replace("-", "") in said.replace("-", "")
