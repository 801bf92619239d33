"""Defines a job: what is to be done to a fixed set of submissions, for whom, and how far it has come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID, uuid5

from sqlalchemy import Row

from storage_service.accounts.asker import Asker

Kind: TypeAlias = Literal["change", "resend", "undo", "erase"]
State: TypeAlias = Literal["waiting", "running", "done", "stopped", "failed"]

OPEN: frozenset[State] = frozenset({"waiting", "running"})

_NAMES = UUID("6f0c3c8e-5d0a-4f8e-9a53-0b6b1a3d9a51")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for. `action` is JSON, of which the job's `kind` knows the members.

    `query` is the text of the query, read at `moment` with the days of `zone`; None where ids were given. `request` is
    the digest of all that was asked: the same key with another request is a mistake.
    """

    id: UUID
    kind: Kind
    by: Asker
    action: Mapping[str, Any]
    moment: datetime
    query: str | None = None
    zone: str = "UTC"
    request: str = ""
    undo_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is by now. Of its `total`, `done` were looked at, `changed` were changed, and `failed` could not be.

    `holder` is who works on it, `deaths` how many ended while they did, since the last step. `error` says why the last
    of the failed did; it holds no value of a submission.
    """

    asked: Asked
    state: State
    total: int
    done: int
    changed: int
    failed: int
    error: str | None
    stopping: bool
    holder: UUID | None
    deaths: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.asked.id

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN


_PROGRESS = [name for name in Job.__dataclass_fields__ if name != "asked"]


def job_of(row: Row[Any]) -> Job:
    """Return the job of a row of `jobs`."""
    forms = None if row.forms is None else frozenset(row.forms)
    by = Asker(row.asker, frozenset(row.scopes), forms, row.source)
    kind = cast("Kind", row.kind)
    asked = Asked(row.id, kind, by, row.action, row.moment, row.query, row.zone, row.request, row.undo_of)
    return Job(asked, **{name: row._mapping[name] for name in _PROGRESS})  # noqa: SLF001 - public


def id_of(by: Asker, key: str) -> UUID:
    """Return the id of the job that somebody asks for under a key: the same key is the same job."""
    return uuid5(_NAMES, json.dumps([by.name, key]))


def undo_id_of(job: UUID, number: int = 1) -> UUID:
    """Return the id of the job that undoes one; with a number, of the one that does what the undos before it left."""
    return uuid5(_NAMES, f"undo {job}" if number == 1 else f"undo {job} {number}")


def digest(document: Mapping[str, Any]) -> str:
    """Return what is equal for equal requests alone."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
