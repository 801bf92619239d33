"""Erases one submission, as whoever asks for it has seen it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Engine, select

from shared.database import classified
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.erasing.erasing import Erasing
from storage_service.erasing.rows import locked
from storage_service.records.record import columns, record_of
from storage_service.tables import submissions
from storage_service.work import NotFound, Outdated


class EraseOne:
    """Erases one at a time. Safe to use from several threads, and beside other processes."""

    def __init__(self, engine: Engine, erasing: Erasing, audit: Audit) -> None:
        self._engine = engine
        self._erasing = erasing
        self._audit = audit

    def __call__(self, key: UUID, by: Asker, version: int | None = None) -> None:
        """Erase it, at this version or, with None, at any; raises `NotFound` and `Outdated`, and as `classified`."""
        with classified(), self._engine.begin() as connection:
            found = locked(connection, [key], by.forms)
            if not found:
                raise NotFound
            if version is not None and found[0].version != version:
                whole = submissions.c.id == key
                raise Outdated(record_of(connection.execute(select(*columns()).where(whole)).one()))
            self._erasing.erase_within(connection, [key], by)
            self._audit.note(by, "submission.erase", key, within=connection)
