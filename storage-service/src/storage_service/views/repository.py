"""Keeps saved views in a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Engine, Row, delete, func, insert, or_, select, update

from shared.database import classified, reading
from shared.messaging.failures import PermanentFailure
from storage_service.accounts.asker import Asker
from storage_service.tables import views
from storage_service.views.view import View, Written

VIEWS_MOST = 100
"""Views of one owner."""

_SHOWN_MOST = 1000
_V = views.c


class NoView(Exception):
    """There is none of this id, or none that the asker may see, or change."""


class NameTaken(Exception):
    """The owner has another view of this name."""


class TooManyViews(Exception):
    """The owner has as many as they may."""


class Views:
    """The saved views. Owners see and change their own, and see what others share; `admin` changes shared ones, too.

    A view of others that names a form which the asker may not see is as if it did not exist. All methods raise as
    `classified` does.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock

    def listed(self, by: Asker) -> list[View]:
        """Return those that the asker may see, by name."""
        found = select(views).where(_may_see(by)).order_by(_V.name, _V.id).limit(_SHOWN_MOST)
        with classified(), self._reading.connect() as connection:
            seen = [_view_of(row) for row in connection.execute(found)]
        return [one for one in seen if _is_seen(one, by)]

    def one(self, key: UUID, by: Asker) -> View:
        """Return one that the asker may see; raises `NoView`."""
        with classified(), self._reading.connect() as connection:
            row = connection.execute(select(views).where(_V.id == key, _may_see(by))).one_or_none()
        view = None if row is None else _view_of(row)
        if view is None or not _is_seen(view, by):
            raise NoView
        return view

    def save(self, written: Written, by: Asker) -> View:
        """Save a new one of the asker; raises `BadView`, `NameTaken` and `TooManyViews`."""
        written, now = written.checked(), self._clock()
        view = View(uuid4(), by.name, written, now, now)
        with _naming(), classified(), self._engine.begin() as connection:
            if (connection.scalar(select(func.count()).where(_V.owner == by.name)) or 0) >= VIEWS_MOST:
                raise TooManyViews
            values = {"id": view.id, "owner": by.name, "created_at": now, "changed_at": now}
            connection.execute(insert(views).values(**values, **_values(written)))
        return view

    def change(self, key: UUID, given: Mapping[str, Any], by: Asker) -> View:
        """Have some members of one be as given, and the others as they are in that moment: two may change it at once.

        Raises `BadView`, `NameTaken`, and `NoView`, also for one of others.
        """
        self.one(key, by)
        with _naming(), classified(), self._engine.begin() as connection:
            there = connection.execute(
                select(views).where(_V.id == key, _may_change(by)).with_for_update()
            ).one_or_none()
            if there is None:
                raise NoView
            written = replace(_view_of(there).written, **given).checked()
            changed = update(views).where(_V.id == key).values(changed_at=self._clock(), **_values(written))
            return _view_of(connection.execute(changed.returning(views)).one())

    def remove(self, key: UUID, by: Asker) -> None:
        """Remove one; raises `NoView`, as `change` does."""
        self.one(key, by)
        with classified(), self._engine.begin() as connection:
            if not connection.execute(delete(views).where(_V.id == key, _may_change(by))).rowcount:
                raise NoView


@contextmanager
def _naming() -> Iterator[None]:
    """Turn the refusal of a name that is there twice into `NameTaken`: nothing else of a view can be refused."""
    try:
        yield
    except PermanentFailure:
        raise NameTaken from None


def _may_see(by: Asker) -> ColumnElement[bool]:
    return or_(_V.owner == by.name, _V.shared)


def _may_change(by: Asker) -> ColumnElement[bool]:
    return _may_see(by) if by.is_admin else _V.owner == by.name


def _is_seen(view: View, by: Asker) -> bool:
    return view.owner == by.name or view.is_within(by.forms)


def _values(written: Written) -> dict[str, Any]:
    return {
        "name": written.name,
        "shared": written.shared,
        "query": written.query,
        "columns": list(written.columns),
        "zone": written.zone,
    }


def _view_of(row: Row[Any]) -> View:
    written = Written(row.name, row.query, row.columns, row.zone, row.shared)
    return View(row.id, row.owner, written, row.created_at, row.changed_at)
