"""Reads and writes the rows of files, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Insert, Table, and_, bindparam, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.contracts import SubmissionAccepted
from shared.contracts.parts.submitted_file import MEMBERS
from storage_service.files.file import NAMES, StoredFile, file_of
from storage_service.previews.keys import preview_key
from storage_service.previews.previews import has_preview
from storage_service.tables import FILES, conflicts, submissions

_F, _R, _S, _C = FILES.files.c, FILES.removals.c, submissions.c, conflicts.c
_COLUMNS = [_F[name] for name in NAMES]
_GONE = (_F.key, _F.sha256, _F.type, _F.size)
_AT_ONCE = 500

_Key: TypeAlias = tuple[UUID, str]
"""A submission's id, and an event's fingerprint."""

T = TypeVar("T")


def files_of(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, Sequence[StoredFile]]:
    """Return each submission's own files, by their numbers; one without any is left out."""
    own = and_(_S.id == _F.submission_id, _S.fingerprint == _F.fingerprint)
    found = select(_F.submission_id, *_COLUMNS).join(submissions, own).order_by(_F.submission_id, _F.number)
    files: dict[UUID, list[StoredFile]] = {}
    for some in _in_parts(sorted(ids)):
        for row in connection.execute(found.where(_F.submission_id.in_(some))):
            files.setdefault(row.submission_id, []).append(file_of(row))
    return files


def files_of_conflicts(connection: Connection, key: UUID) -> Mapping[str, Sequence[StoredFile]]:
    """Return the files of what came later under a submission's id, by its fingerprints."""
    theirs = and_(_C.id == _F.submission_id, _C.fingerprint == _F.fingerprint)
    found = select(_F.fingerprint, *_COLUMNS).join(conflicts, theirs).where(_F.submission_id == key)
    files: dict[str, list[StoredFile]] = {}
    for row in connection.execute(found.order_by(_F.fingerprint, _F.number)):
        files.setdefault(row.fingerprint, []).append(file_of(row))
    return files


def write(connection: Connection, events: Sequence[SubmissionAccepted], at: datetime) -> None:
    """Write the files of events that are stored, or kept as conflicts; of an id and fingerprint the first event counts.

    What has been stored before stays as it is. Of what stands nowhere by now, another process has erased it, the files
    are given up.
    """
    first = {(one.id, one.fingerprint): one for one in reversed(events)}
    own, beside = _standing(connection, sorted({key for key, _ in first}))
    kept = [first[key] for key in sorted(first.keys() & (own | beside))]
    if kept:
        rows = [_row(one, number) for one in kept for number in range(1, len(one.files) + 1)]
        connection.execute(_insert(connection, FILES.files), rows)
    counts = [{"its_id": one.id, "count": len(one.files)} for one in kept if (one.id, one.fingerprint) in own]
    if counts:
        counted = update(submissions).where(_S.id == bindparam("its_id")).values(file_count=bindparam("count"))
        connection.execute(counted, counts)
    gone = [file.key for key in first.keys() - own - beside for file in first[key].files]
    give_up(connection, gone, at)


def give_up(connection: Connection, keys: Collection[str], at: datetime) -> None:
    """Have these keys removed from the store of files, once this is committed, but for those that are in a row."""
    for some in _in_parts(sorted(set(keys))):
        needed = set(connection.scalars(select(_F.key).where(_F.key.in_(some))))
        if gone := [{"key": key, "at": at} for key in some if key not in needed]:
            connection.execute(_insert(connection, FILES.removals), gone)


def remove(connection: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """Remove all files of submissions, of their conflicts too: the rows here, the bytes soon after the commit."""
    theirs = _F.submission_id.in_(ids)
    gone = connection.execute(select(*_GONE).where(theirs)).all()
    if gone:
        connection.execute(delete(FILES.files).where(theirs))
        _give_up_rows(connection, gone, at)


def remove_dangling(connection: Connection, at: datetime) -> int:
    """Remove the files of what stands nowhere, and return how many: a version that knows no files has erased it."""
    own = exists().where(_S.id == _F.submission_id, _S.fingerprint == _F.fingerprint)
    beside = exists().where(_C.id == _F.submission_id, _C.fingerprint == _F.fingerprint)
    dangling = delete(FILES.files).where(~own, ~beside)
    return _give_up_rows(connection, connection.execute(dangling.returning(*_GONE)).all(), at)


def _give_up_rows(connection: Connection, gone: Sequence[Any], at: datetime) -> int:
    drawn = [preview_key(row.sha256) for row in gone if has_preview(row.type, row.size)]
    give_up(connection, [*(row.key for row in gone), *drawn], at)
    return len(gone)


def _standing(connection: Connection, ids: Sequence[UUID]) -> tuple[set[_Key], set[_Key]]:
    """Keep the rows of submissions from being erased, and return what they are, and what is beside them."""
    stands = and_(_S.id.in_(ids), _S.erased_at.is_(None), _S.anonymised_at.is_(None))
    locked = select(_S.id, _S.fingerprint).where(stands).order_by(_S.id)
    found = connection.execute(locked.with_for_update(read=True, key_share=True))
    own = {(row.id, row.fingerprint) for row in found}
    beside = connection.execute(select(_C.id, _C.fingerprint).where(_C.id.in_([key for key, _ in own])))
    return own, {(row.id, row.fingerprint) for row in beside}


def _row(event: SubmissionAccepted, number: int) -> dict[str, Any]:
    file = event.files[number - 1]
    told = {name: getattr(file, name) for name in MEMBERS}
    return {"submission_id": event.id, "fingerprint": event.fingerprint, "number": number, **told}


def _insert(connection: Connection, table: Table) -> Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


def _in_parts(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(all_of_them), _AT_ONCE):
        yield all_of_them[start : start + _AT_ONCE]
