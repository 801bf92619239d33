"""Compares a pipeline with a model of what must be true after any submissions, retries and kills."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import select

from counterfoil_ledger.load import Line
from shared import database
from shared.contracts import fingerprint
from storage_service.tables import conflicts, submissions
from support.ledger_sources import mail_counts
from support.ledger_trial import Trial
from support.polling import eventually

DRAIN_LIMIT_S = 180.0
"""A notify that is killed while it sends leaves a lease of a quarter of a minute; who finds it waits another half."""


@dataclass
class Sent:
    """One key: what was sent under it, by fingerprint, and what of that was acked; and the ids that 202s carried."""

    address: str
    bodies: set[str] = field(default_factory=set)
    acked: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


class Pipeline:
    """Submits to an installation and remembers what that promises; keys are never used again."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.sent: dict[str, Sent] = {}
        self.kills: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._numbers = count()

    def new_key(self) -> str:
        """Return a key that nothing was sent under."""
        return f"machine-{self.trial.seed}-{next(self._numbers)}"

    def submit(self, key: str, *, name: str = "Ada Lovelace") -> int:
        """Post a submission and return the status, 0 where no answer came; several threads may, each with its keys."""
        sent = self.sent.setdefault(key, Sent(f"ada+{key}@example.org"))
        fields = {"name": name, "email": sent.address}
        sent.bodies.add(fingerprint(fields))
        line = Line("http", self.trial.installation.gateway_url.removeprefix("http://"))
        status, submission_id = line.post("/f/signup", key, fields)
        line.close()
        self.statuses[status] += 1
        if submission_id is not None:
            sent.acked.add(fingerprint(fields))
            sent.ids.add(submission_id)
        return status

    def check(self) -> None:
        """Wait until everything that was acked is stored and mailed, and compare; everything must run."""
        eventually(self._is_kept, DRAIN_LIMIT_S, f"all that was acked is stored and mailed (seed {self.trial.seed})")
        mails = mail_counts(self.trial.sink.directory)
        assert mails.keys() <= {sent.address for sent in self.sent.values()}, "somebody else got a mail"
        doubles = sum(mails.values()) - len(mails)
        assert doubles <= self.kills["notify"], (
            f"{doubles} duplicate mails, notify was killed {self.kills['notify']} times"
        )

    def _is_kept(self) -> bool:
        rows, later = self._stored()
        mails = mail_counts(self.trial.sink.directory)
        for key, sent in self.sent.items():
            found = rows[sent.address]
            assert len(sent.ids) <= 1, f"{key}: two ids for one key"
            assert len(found) <= 1, f"{key}: two rows"
            assert found.keys() >= sent.ids, f"{key}: not stored"
            assert set(found.values()) <= sent.bodies, f"{key}: stored as nobody sent it"
            kept = set(found.values()).union(*(later[each] for each in found))
            assert kept >= sent.acked, f"{key}: what was acked later is no conflict either"
            assert mails[sent.address] or not sent.acked, f"{key}: no mail"
        return True

    def _stored(self) -> tuple[dict[str, dict[str, str]], dict[str, set[str]]]:
        """Return the rows of each address (id → fingerprint), and what came later under each id."""
        engine = database.create(self.trial.database_url)
        rows: dict[str, dict[str, str]] = defaultdict(dict)
        later: dict[str, set[str]] = defaultdict(set)
        with database.reading(engine).connect() as connection:
            for row in connection.execute(select(submissions.c.id, submissions.c.fields)):
                rows[row.fields["email"]][str(row.id)] = fingerprint(row.fields)
            for row in connection.execute(select(conflicts.c.id, conflicts.c.fields)):
                later[str(row.id)].add(fingerprint(row.fields))
        engine.dispose()
        return rows, later
