"""Defines the tables of spam that is learned: what people said, the models made of it, and what gateways get."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from shared.database import UtcTimestamp


class SpamTables:
    """The tables, in the metadata of a service; docs/decisions/0079-training.md says what they are for.

    `spam_labels` has what a person said of a submission last, one row at most: `how` they said it is `mark`, `reply`,
    `done` or `import`, and `author` is the name of their account or key.

    `spam_models` has the last models. `number` counts them, `version` is the number and the beginning of `hash`, the
    SHA-256 of `data`, as `shared.spam.codec` packs it. `state` is `current`, `former` or `refused`; `why` says why it
    was refused, or is not used yet. It was made of so many `good` and `spam` ones, of labels given until `labelled_to`,
    without those of `without_authors`; `evaluation` is what it is worth.

    `spam_left_out` has the authors whose labels do not count. `spam_sent` has one row once there is a model: what
    gateways fetch, which is the current model and what came lately. `spam_trainings` has one row once a training has
    ended: what came of the last one, an `outcome.Outcome`.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.labels = Table(
            "spam_labels",
            metadata,
            Column("submission_id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
            Column("form", Text, nullable=False),
            Column("is_spam", Boolean, nullable=False),
            Column("author", Text, nullable=False),
            Column("how", Text, nullable=False),
            Column("labelled_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("submission_id"),
            Index("spam_labels_by_time", "labelled_at", "submission_id"),
        )
        self.models = Table(
            "spam_models",
            metadata,
            Column("version", Text, nullable=False),
            Column("number", Integer, nullable=False),
            Column("made_at", UtcTimestamp, nullable=False),
            Column("made_by", Text, nullable=False),
            Column("data", LargeBinary, nullable=False),
            Column("hash", Text, nullable=False),
            Column("state", Text, nullable=False),
            Column("why", Text),
            Column("good", Integer, nullable=False),
            Column("spam", Integer, nullable=False),
            Column("labelled_to", UtcTimestamp, nullable=False),
            Column("evaluation", JSON, nullable=False),
            Column("without_authors", JSON, nullable=False),
            PrimaryKeyConstraint("version"),
            Index("spam_models_by_number", "number", unique=True),
        )
        self.left_out = Table(
            "spam_left_out",
            metadata,
            Column("author", Text, nullable=False),
            Column("at", UtcTimestamp, nullable=False),
            Column("by", Text, nullable=False),
            PrimaryKeyConstraint("author"),
        )
        self.sent = Table(
            "spam_sent",
            metadata,
            Column("name", Text, nullable=False),
            Column("version", Text, nullable=False),
            Column("hash", Text, nullable=False),
            Column("data", LargeBinary, nullable=False),
            Column("made_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("name"),
        )
        self.trainings = Table(
            "spam_trainings",
            metadata,
            Column("name", Text, nullable=False),
            Column("kind", Text, nullable=False),
            Column("words", Text, nullable=False),
            Column("ended_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("name"),
        )
