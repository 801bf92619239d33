"""Lists the claims, their peers and their goals, and judges the figures of a run by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.figures import Figures, Summary, ratios, summary

OURS = "counterfoil"
TUTORIAL = "a connection per request"
BLOCKING = "BlockingConnection per thread"
FASTAPI = "FastAPI + aio-pika"
CELERY = "Flask + Celery delay"
NO_PUBLISH = "the view, publishing nothing"
LEAST = "the least that could be"
BROKER = "the broker alone, pipelined"
ONE_REPLICA = "one replica"
TWO_REPLICAS = "two replicas"
ONE_COMMIT = "one commit a message"
DRAINING = "draining, doing nothing"
PIKA_DRAINING = "draining by pika, doing nothing"
COPY = "PostgreSQL COPY"
SMTP_LOOP = "a bare smtplib loop"
SMTP_PIPELINED = "a bare smtplib loop, pipelined"
WITH_OWNER = "one replica, owners told too"
WATCHED = "with the streams open"
UNWATCHED = "without streams"
GATEWAY_EMPTY, GATEWAY_FULL = "gateway worker, no backlog", "gateway worker, backlog"
STORAGE_EMPTY, STORAGE_FULL = "storage replica, no backlog", "storage replica, backlog"

SEALED_FIELD, OPEN_FIELDS = "one field sealed", "no field sealed"

JUDGED, NOT_JUDGED, NO_MODEL = "judged by a model", "a model, and a form that is off", "no model"

UPLOADS, CAT = "64 uploads at once", "cat to the same disk, synced"

INDEXED, NOT_INDEXED = "the index filled behind it", "no index behind it"

CURSOR, COPY_OUT = "a bare cursor and csv.writer", "PostgreSQL COPY to stdout"

ACCEPTS, ACCEPT_P99, STORED, MAILS = "accepts/s", "p99 ms", "stored/s", "mails/s"
TO_ROW, TO_MAIL, MEMORY = "202 → row, p99 ms", "202 → mail, p99 ms", "MB"
EXPORTED = "exported rows/s"
UPLOADED, IDLE = "MB/s", "MB before"
HALF_LOAD_P99 = "p99 ms, half load"
HALF_LOAD_P95 = "202, p95 ms, half load"
ALONE, BESIDE_READERS = "accepts alone", "accepts beside readers"
ERASED = "erased/s"
PAGE_P95 = "p95 ms"
PAINTED_P95, WEIGHT = "key to painted, p95 ms", "kB"

SPAM_WAYS = {
    "ours": "the spam model",
    "naive-bayes": "naive Bayes on words",
    "hashed-sgd": "HashingVectorizer + SGDClassifier",
}
CATCH, LOSS, VERDICT, TRAINING = "catch %", "loss %", "verdict µs", "training s"

DATABASES = ("PostgreSQL", "SQLite")


def spam_by(way: str, labels: str) -> str:
    """Return the name of a way to learn what spam is, from so many labels."""
    return f"{SPAM_WAYS[way]}, {labels} labels"


def export_of(format_: str, database: str) -> str:
    """Return the name of an export in a format."""
    return f"export {format_}, {database}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the table: `ours` in `metric`, beside a peer or by itself.

    `least` and `most` bound the ratio, or the figure itself where there is no peer. A limit is a peer that does less
    than we have to: what is said of it is how far it is to the ceiling.
    """

    row: str
    metric: str
    ours: str
    peer: str | None = None
    least: float | None = None
    most: float | None = None
    is_limit: bool = False


def list_of(name: str, database: str) -> str:
    """Return the name of a list, or of a search."""
    return f"{name}, {database}"


def after_a_restart(name: str) -> str:
    """Return the name of a list, or of a search, that is the first after PostgreSQL was started again."""
    return list_of(f"{name}, after a restart", "PostgreSQL")


LISTS_MOST_MS = {
    "first page": 50,
    "a page in the middle": 50,
    "a form and a day": 50,
    "a rare word": 100,
    "a medium word": 100,
    "a word in all": 100,
    "a phrase": 100,
    "a prefix": 100,
    "a field": 100,
}
"""Each list that is measured, and how long it may take."""

LIKE, FOUND = "the ids by LIKE", "the ids of a rare word"
"""What is read of those that have a word, the same by the index and without it: a page has all of each beside that."""


def without_retention(database: str) -> str:
    """Return the name of accepts and a list while nothing is erased."""
    return f"retention paused, {database}"


def beside_retention(database: str) -> str:
    """Return the name of the same while all that is stored is due."""
    return f"beside retention, {database}"


INBOX, INBOX_FOUND, INBOX_OPENED = "the inbox", "the inbox, searched", "a submission, opened from the inbox"


def _lists(database: str) -> tuple[Claim, ...]:
    bounded = [Claim("lists", PAGE_P95, list_of(name, database), most=most) for name, most in LISTS_MOST_MS.items()]
    return (*bounded, Claim("lists", PAGE_P95, list_of(FOUND, database), list_of(LIKE, database), most=1 / 50))


def _exports(database: str) -> tuple[Claim, ...]:
    names, workbook = [export_of(one, database) for one in ("csv", "ndjson", "json")], export_of("xlsx", database)
    peer = f"{CURSOR}, {database}"
    limits = names if database == "PostgreSQL" else []
    return (
        *(Claim("exports", EXPORTED, name, peer, least=0.5) for name in names),
        *(Claim("exports", EXPORTED, name, COPY_OUT, least=0.1, is_limit=True) for name in limits),
        Claim("exports", EXPORTED, workbook, peer),
        *(Claim("exports", MEMORY, name, most=100) for name in (*names, workbook)),
    )


_ROWS = {"PostgreSQL": "retention", "SQLite": "retention-sqlite"}


def _retention(database: str) -> tuple[Claim, ...]:
    ours, alone = beside_retention(database), without_retention(database)
    return (
        *(Claim(_ROWS[database], metric, ours, alone, most=1.5) for metric in (HALF_LOAD_P95, PAGE_P95)),
        Claim(_ROWS[database], ERASED, ours),
    )


def _spam(labels: str) -> tuple[Claim, ...]:
    ours, *peers = (spam_by(way, labels) for way in SPAM_WAYS)
    return (
        Claim("spam", CATCH, ours, least=90),
        *(Claim("spam", CATCH, ours, peer) for peer in peers),
        Claim("spam", LOSS, ours, most=0.5),
        *(Claim("spam", LOSS, peer) for peer in peers),
        Claim("spam", VERDICT, ours, most=200),
        *(Claim("spam", name, one) for one in (ours, *peers) for name in (TRAINING, MEMORY)),
    )


CLAIMS = (
    Claim("accepts", ACCEPTS, OURS, TUTORIAL, least=10),
    Claim("accepts", ACCEPTS, OURS, BLOCKING, least=2),
    Claim("accepts", ACCEPTS, OURS, FASTAPI, least=1.7),
    Claim("accepts", ACCEPTS, OURS, CELERY, least=3),
    Claim("accepts", ACCEPTS, OURS, NO_PUBLISH, is_limit=True),
    Claim("accepts", ACCEPTS, OURS, LEAST, least=0.75, is_limit=True),
    Claim("accepts", ACCEPTS, OURS, BROKER, is_limit=True),
    Claim("accepts", ACCEPT_P99, OURS, FASTAPI, most=0.55),
    Claim("sealed", ACCEPTS, SEALED_FIELD, OPEN_FIELDS, least=0.8),
    Claim("judged", ACCEPTS, JUDGED, NO_MODEL, least=0.9),
    Claim("judged", ACCEPTS, NOT_JUDGED, NO_MODEL, least=0.99),
    Claim("stored", STORED, ONE_REPLICA, ONE_COMMIT, least=30),
    Claim("stored", STORED, ONE_REPLICA, DRAINING, least=0.5, is_limit=True),
    Claim("stored", STORED, ONE_REPLICA, PIKA_DRAINING, is_limit=True),
    Claim("stored", STORED, ONE_REPLICA, COPY, is_limit=True),
    Claim("stored", STORED, TWO_REPLICAS, ONE_REPLICA),
    Claim("indexed", STORED, INDEXED, NOT_INDEXED, least=0.9),
    Claim("mails", MAILS, ONE_REPLICA, SMTP_LOOP, least=0.7, is_limit=True),
    Claim("mails", MAILS, ONE_REPLICA, SMTP_PIPELINED, is_limit=True),
    Claim("mails", MAILS, WITH_OWNER, SMTP_LOOP, is_limit=True),
    Claim("latency", TO_ROW, OURS, most=100),
    Claim("latency", TO_MAIL, OURS, most=250),
    Claim("memory", MEMORY, GATEWAY_FULL, most=90),
    Claim("memory", MEMORY, GATEWAY_FULL, GATEWAY_EMPTY, most=1.1),
    Claim("memory", MEMORY, STORAGE_FULL, most=90),
    Claim("memory", MEMORY, STORAGE_FULL, STORAGE_EMPTY, most=1.1),
    Claim("uploads", UPLOADED, UPLOADS, CAT, least=0.5),
    Claim("uploads", MEMORY, UPLOADS, most=150),
    Claim("streams", ACCEPTS, WATCHED, UNWATCHED, least=0.9),
    *(claim for database in DATABASES for claim in _exports(database)),
    *(claim for database in DATABASES for claim in _lists(database)),
    *(Claim("lists", PAGE_P95, after_a_restart(name), most=most) for name, most in LISTS_MOST_MS.items()),
    *(Claim("inbox", PAGE_P95, name, most=100) for name in (INBOX, INBOX_FOUND)),
    *(Claim("inbox", PAINTED_P95, name, most=300) for name in (INBOX_FOUND, INBOX_OPENED)),
    Claim("inbox", WEIGHT, INBOX, most=100),
    *(claim for database in DATABASES for claim in _retention(database)),
    *(claim for labels in ("500", "all") for claim in _spam(labels)),
    Claim("readers", HALF_LOAD_P99, BESIDE_READERS, ALONE, most=2),
)
"""The table of the design. Memory is flat where a backlog adds no more than a tenth."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says of a claim. `judged` is what the goal is held against; `holds` is None where there is no goal."""

    claim: Claim
    figure: Summary
    beside: Summary | None
    judged: Summary
    holds: bool | None

    def to_json(self) -> dict[str, Any]:
        """Return it as the results are kept."""
        claim, ratio = self.claim, self.judged if self.claim.peer else None
        return {
            "row": claim.row,
            "metric": claim.metric,
            "ours": claim.ours,
            "peer": claim.peer,
            "is_limit": claim.is_limit,
            "figure": self.figure.median,
            "beside": self.beside.median if self.beside else None,
            "ratio": [ratio.median, ratio.least, ratio.most] if ratio else None,
            "goal": goal_of(claim),
            "holds": self.holds,
        }


def judge(claim: Claim, figures: Figures) -> Verdict | None:
    """Hold a claim against the figures; None where they do not have what it takes."""
    ours = figures.values(claim.metric, claim.ours)
    if not ours:
        return None
    if claim.peer is None:
        return Verdict(claim, summary(ours), None, summary(ours), _holds(claim, summary(ours)))
    theirs = figures.values(claim.metric, claim.peer)
    side_by_side = ratios(ours, theirs)
    if not side_by_side:
        return None
    ratio = summary(side_by_side)
    return Verdict(claim, summary(ours), summary(theirs), ratio, _holds(claim, ratio))


def goal_of(claim: Claim) -> str:
    """Return the goal in signs; empty where there is none."""
    times = " x" if claim.peer else ""
    if claim.least is not None:
        return f"≥ {claim.least:g}{times}"
    return f"≤ {claim.most:g}{times}" if claim.most is not None else ""


def _holds(claim: Claim, judged: Summary) -> bool | None:
    if claim.least is not None:
        return judged.median >= claim.least
    return judged.median <= claim.most if claim.most is not None else None
