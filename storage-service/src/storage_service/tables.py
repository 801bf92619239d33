"""Defines the tables; migrations create them, and a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    and_,
    false,
    literal_column,
    null,
    true,
)
from sqlalchemy.sql import ColumnElement

from shared.database import Migrations, UtcTimestamp
from shared.database.leases import lease_columns
from shared.database.outbox import outbox_columns
from shared.parked.tables import ParkedTables
from storage_service.account_tables import AccountTables
from storage_service.delivery_tables import delivery_requests_table, delivery_states_table
from storage_service.file_tables import FileTables
from storage_service.job_tables import JobTables
from storage_service.owner_tables import api_keys_table, audit_table, hooks_table, views_table
from storage_service.retention_tables import RetentionTables
from storage_service.search_tables import SearchTables
from storage_service.spam_tables import SpamTables
from storage_service.sweep_tables import SweepTables

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)

_OURS = {"member": None}
"""Of a column that no event says: the database fills it in for a new row."""

submissions = Table(
    "submissions",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("form", Text, nullable=False),
    Column("accepted_at", UtcTimestamp, nullable=False),
    Column("stored_at", UtcTimestamp, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("source", JSON, nullable=False),
    Column("control", JSON, nullable=False),
    Column("spam", Text),
    Column("receipt_url", Text),
    Column("sealed", JSON(none_as_null=True)),
    Column("score", Integer, info={"member": "verdict.score"}),
    Column("score_model", Text, info={"member": "verdict.model", "is_told": False}),
    Column("score_reasons", JSON(none_as_null=True), info={"member": "verdict.reasons", "is_told": False}),
    Column("state", Text, nullable=False, server_default="new", info=_OURS),
    Column("starred", Boolean, nullable=False, server_default=false(), info=_OURS),
    Column("labels", JSON, nullable=False, server_default="[]", info=_OURS),
    Column("assignee", Text, info=_OURS),
    Column("replied_at", UtcTimestamp, info=_OURS),
    Column("version", Integer, nullable=False, server_default="1", info=_OURS),
    Column("imported_at", UtcTimestamp, info=_OURS),
    Column("file_count", Integer, nullable=False, server_default="0", info=_OURS),
    Column("erased_at", UtcTimestamp, info=_OURS),
    Column("anonymised_at", UtcTimestamp, info=_OURS),
    Column("opt_in", Boolean, info={"is_told": False}),
    Column("opted_in_at", UtcTimestamp, info=_OURS),
    Column("opt_in_proof", JSON(none_as_null=True), info=_OURS),
    PrimaryKeyConstraint("id"),
    CheckConstraint("length(form) BETWEEN 1 AND 64", name="form_length"),
    CheckConstraint("length(fingerprint) = 64", name="fingerprint_length"),
)
"""One row a submission. `fields`, `source` and `control` are JSON as text: what was sent is what is kept. `spam` says
why a submission is spam, and is null where it is not. `receipt_url` is null where the gateway did not know it.
`sealed` has the values of sealed fields by name, as `shared.sealing` writes them, and is null where there are none.
`score` is how much the gateway took it for spam, 0 to 100, by the model of the version `score_model`, and
`score_reasons` are the codes of what weighed most; all null where it had no model.

What follows it is what people do with a submission, see `work`: `version` grows with each change, of `spam` too.

`imported_at` is when it was taken over from elsewhere, see `importing`; null where it came by an event. Notify has
never heard of an imported one. `file_count` is how many files it has in `submission_files`, see `files`.

A row that was erased stays, without all that somebody sent: `erased_at` says when, and its key keeps copies that come
later from being stored, see `erasing`. Of one with `anonymised_at` there is left what says nothing of a person.

`opt_in` says that it waits, or waited, until whoever has its address presses the button in the mail. `opted_in_at` is
when that was done, and `opt_in_proof` what is known of it, see `opt_in`; both null until then."""


def member_of(column: Column[Any]) -> str:
    """Return which member of the event a column is read from: `spam`, `source.ip`.

    It is the member of the column's own name, unless the column says another: `info={"member": "source.ip"}`.
    """
    member: str = column.info.get("member", column.name)
    return member


def of_the_event(table: Table) -> list[Column[Any]]:
    """Return the columns that are written when an event is stored; the database fills in the others."""
    return [one for one in table.c if one.info.get("member", one.name) is not None]


def told_of_the_event(table: Table) -> list[Column[Any]]:
    """Return those of these columns that are told as they are stored, under their names."""
    return [one for one in of_the_event(table) if one.info.get("is_told", True)]


IS_THERE = submissions.c.erased_at.is_(None)
IS_STARRED = submissions.c.starred.is_(true())
HAS_REPLY = submissions.c.replied_at.is_not(None)
IS_IMPORTED = submissions.c.imported_at.is_not(None)
HAS_FILES = submissions.c.file_count > literal_column("0")
HAS_SCORE = submissions.c.score.is_not(None)
IS_UNCONFIRMED = and_(submissions.c.opt_in.is_(true()), submissions.c.opted_in_at.is_(None))
"""Conditions as indexes have them: a query that is to use one says the same. All have the first: what was erased is in
none, so that whoever reads a list does not pass it by."""


_ALL = true()


def _index(name: str, *columns: ColumnElement[Any], condition: ColumnElement[bool] = _ALL) -> None:
    there = and_(condition, IS_THERE)
    Index(name, *columns, postgresql_where=there, sqlite_where=there)


def _index_newest_first(name: str, *columns: Column[Any], condition: ColumnElement[bool] = _ALL) -> None:
    _index(name, *columns, submissions.c.accepted_at.desc(), submissions.c.id.desc(), condition=condition)


_index(
    "submissions_by_form",
    submissions.c.form,
    submissions.c.accepted_at.desc(),
    submissions.c.id.desc(),
    submissions.c.state,
    submissions.c.spam,
)
_index_newest_first("submissions_spam_by_form", submissions.c.form, condition=submissions.c.spam.is_not(None))
_index_newest_first("submissions_by_acceptance")
_index_newest_first("submissions_by_state", submissions.c.state)
_index_newest_first("submissions_starred", condition=IS_STARRED)
_index_newest_first("submissions_by_assignee", submissions.c.assignee, condition=submissions.c.assignee.is_not(None))
_index_newest_first("submissions_replied", condition=HAS_REPLY)
_index_newest_first("submissions_imported", condition=IS_IMPORTED)
_index_newest_first("submissions_with_files", condition=HAS_FILES)
_index(
    "submissions_scored",
    submissions.c.accepted_at.desc(),
    submissions.c.id.desc(),
    submissions.c.score,
    condition=HAS_SCORE,
)
_index_newest_first("submissions_unconfirmed", condition=IS_UNCONFIRMED)
_index(
    "submissions_unconfirmed_by_form",
    submissions.c.form,
    submissions.c.accepted_at.desc(),
    submissions.c.id.desc(),
    submissions.c.state,
    submissions.c.spam,
    condition=IS_UNCONFIRMED,
)
_index("submissions_by_storing", submissions.c.stored_at, submissions.c.id)

HAS_SEALED = submissions.c.sealed.is_not(null())
Index("submissions_sealed", submissions.c.id, postgresql_where=HAS_SEALED, sqlite_where=HAS_SEALED)

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("accepted_at", UtcTimestamp, nullable=False),
    Column("received_at", UtcTimestamp, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("source", JSON, nullable=False),
    Column("control", JSON, nullable=False),
    Column("sealed", JSON(none_as_null=True)),
    PrimaryKeyConstraint("id", "fingerprint"),
    CheckConstraint("length(fingerprint) = 64", name="fingerprint_length"),
)
"""Later events with the id of a stored submission, but with other fields: they are kept beside it."""

submission_labels = Table(
    "submission_labels",
    metadata,
    Column("folded", Text, nullable=False),
    Column("submission_id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("folded", "submission_id"),
    Index("submission_labels_by_submission", "submission_id"),
)
"""By which label a submission is found: one row for each of `submissions.labels`, as labels are compared."""

submission_notes = Table(
    "submission_notes",
    metadata,
    Column("submission_id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("submission_id", "version"),
)
"""What people wrote about submissions; `version` is that of the submission which the note made."""

submission_trail = Table(
    "submission_trail",
    metadata,
    Column("submission_id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    Column("by", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("job", Uuid),
    PrimaryKeyConstraint("submission_id", "version"),
)
"""Who made each version of a submission from 2 on, when, and what was changed, as `work.trail` writes it; no field
values. `job` is the job that did it, where it was done to many."""

_HAS_JOB = submission_trail.c.job.is_not(None)
Index("submission_trail_by_job", submission_trail.c.job, postgresql_where=_HAS_JOB, sqlite_where=_HAS_JOB)

delivery_states = delivery_states_table(metadata)

delivery_requests = delivery_requests_table(metadata)

OUTBOX = Table(
    "storage_outbox",
    metadata,
    *outbox_columns("storage_outbox"),
    Column("about", Uuid),
    sqlite_autoincrement=True,
)
"""Of a message that carries what somebody submitted, `about` says which submission: it goes with it."""

_IS_ABOUT = OUTBOX.c.about.is_not(None)
Index("storage_outbox_about", OUTBOX.c.about, postgresql_where=_IS_ABOUT, sqlite_where=_IS_ABOUT)

LEASES = Table("storage_leases", metadata, *lease_columns("storage_leases"))

PARKED = ParkedTables("storage", metadata)

_SEARCH = SearchTables(metadata)
search_entries, search_fields, search_progress = _SEARCH.entries, _SEARCH.fields, _SEARCH.progress

JOBS = JobTables(metadata)

ACCOUNTS = AccountTables(metadata)

FILES = FileTables(metadata)

SWEEP = SweepTables(metadata)

SPAM = SpamTables(metadata)

RETENTION = RetentionTables(metadata)

api_keys = api_keys_table(metadata)

audit = audit_table(metadata)

views = views_table(metadata)

hooks = hooks_table(metadata)

MIGRATIONS = Migrations("storage_service:migrations", "storage_alembic_version", metadata)
