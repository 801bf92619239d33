"""Keeps models: the current one, those before it, and those that were refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Engine, Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.spam.authors import left_out
from storage_service.spam.recent import Recent
from storage_service.spam.sending import lock, recent_sent, send
from storage_service.tables import SPAM

KEPT_MOST = 20
"""Models, the newest; the current one is kept however old it is."""

State: TypeAlias = Literal["current", "former", "refused"]

_M = SPAM.models.c


class NoSuchModel(Exception):
    """There is none of this version."""


class WasRefused(Exception):
    """A model that was refused is no model to go back to; the text says why it was."""


class OthersCount(Exception):
    """By now other people's labels count than those that a model was made of."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model without its bytes. `version` is `12-3fa94c01`; `why` it was refused, or not used yet, None where it was.

    It was made of `good` and `spam` ones, of labels given until `labelled_to`, without those of `without_authors`.
    `evaluation` is what it is worth, as `gate.Judged.to_json` writes it.
    """

    version: str
    number: int
    made_at: datetime
    made_by: str
    hash: str
    state: State
    why: str | None
    good: int
    spam: int
    labelled_to: datetime
    evaluation: Mapping[str, Any]
    without_authors: tuple[str, ...]

    @property
    def may_hold(self) -> bool:
        """Whether forms may hold by it."""
        return bool(self.evaluation.get("may_hold"))


@dataclass(frozen=True, slots=True)
class Made:
    """A model that was trained, with its bytes."""

    stored: StoredModel
    data: bytes


class Models:
    """The models of a database. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._audit = Audit(engine, clock=clock)
        self._clock = clock

    def current(self) -> StoredModel | None:
        """Return the one that gateways use; None without any."""
        return next((one for one in self.all() if one.state == "current"), None)

    def newest(self) -> StoredModel | None:
        """Return the one that was trained last, refused or not; None without any."""
        return next(iter(self.all()), None)

    def all(self) -> Sequence[StoredModel]:
        """Return them, newest first."""
        with classified(), reading(self._engine).connect() as connection:
            return [_stored(row) for row in connection.execute(_LISTED)]

    def data(self, version: str) -> bytes:
        """Return the bytes of one, as `shared.spam.packed` made them; raises `NoSuchModel`."""
        with classified(), reading(self._engine).connect() as connection:
            return _data(connection, version)

    def keep(self, made: Made, by: Asker) -> bool:
        """Keep a model that was trained, which is the current one from now on unless it says why it is not.

        Returns False where somebody else has trained one of this number meanwhile; raises `OthersCount` where that one,
        or this one, was made of other people's labels than count by now. Then nothing is kept.
        """
        with classified(), self._engine.begin() as connection:
            lock(connection)
            is_ours = _insert(connection, made)
            if _without(connection, made.stored.number) != left_out(connection):
                raise OthersCount
            if not is_ours:
                return False
            is_refused = made.stored.state == "refused"
            if made.stored.why is None:
                _make_current(connection, made.stored.version, self._clock())
            _forget_old(connection)
            action = "spam.refused" if is_refused else "spam.trained"
            self._audit.note(
                by, action, made.stored.version, count=made.stored.good + made.stored.spam, within=connection
            )
        return True

    def make_current(self, version: str, by: Asker) -> StoredModel:
        """Have gateways use this one from now on, and return it; raises `NoSuchModel` and `WasRefused`."""
        with classified(), self._engine.begin() as connection:
            lock(connection)
            row = connection.execute(_LISTED.where(_M.version == version)).one_or_none()
            if row is None:
                raise NoSuchModel(version)
            if row.state == "refused":
                raise WasRefused(row.why)
            if row.state != "current":
                _make_current(connection, version, self._clock())
                self._audit.note(by, "spam.model", version, within=connection)
            return _stored(connection.execute(_LISTED.where(_M.version == version)).one())


_LISTED = select(*(one for one in SPAM.models.c if one.name != "data")).order_by(_M.number.desc())


def current_version(connection: Connection) -> str | None:
    """Return which one gateways use; None without any."""
    return connection.scalar(select(_M.version).where(_M.state == "current"))


def refresh(engine: Engine, recent: Recent, now: datetime) -> None:
    """Have gateways fetch the current model, where there is one, with what came lately. Raises as `classified` does."""
    with classified(), engine.begin() as connection:
        lock(connection)
        version = current_version(connection)
        if version is not None:
            send(connection, version, _data(connection, version), recent, now)


def _make_current(connection: Connection, version: str, now: datetime) -> None:
    connection.execute(update(SPAM.models).where(_M.state == "current").values(state="former"))
    connection.execute(update(SPAM.models).where(_M.version == version).values(state="current"))
    send(connection, version, _data(connection, version), recent_sent(connection), now)


def _insert(connection: Connection, made: Made) -> bool:
    """Write the row, and say whether it is ours: of those who train the same number at once one has it."""
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(SPAM.models)
    one = made.stored
    values = {name: getattr(one, name) for name in StoredModel.__dataclass_fields__ if name != "state"}
    state = "refused" if one.state == "refused" else "former"
    values |= {"evaluation": dict(one.evaluation), "without_authors": list(one.without_authors)}
    written = insert.values(**values, state=state, data=made.data).on_conflict_do_nothing()
    return bool(connection.execute(written.returning(_M.version)).all())


def _without(connection: Connection, number: int) -> tuple[str, ...]:
    return tuple(connection.scalars(select(_M.without_authors).where(_M.number == number)).one())


def _forget_old(connection: Connection) -> None:
    newest = select(_M.number).order_by(_M.number.desc()).limit(KEPT_MOST).subquery()
    oldest = select(func.min(newest.c.number)).scalar_subquery()
    connection.execute(delete(SPAM.models).where(_M.number < oldest, _M.state != "current"))


def _data(connection: Connection, version: str) -> bytes:
    data = connection.scalar(select(_M.data).where(_M.version == version))
    if data is None:
        raise NoSuchModel(version)
    return bytes(data)


def _stored(row: Row[Any]) -> StoredModel:
    return StoredModel(**{**row._asdict(), "without_authors": tuple(row.without_authors)})
