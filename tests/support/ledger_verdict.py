"""The verdict: a ledger compared with what the installation holds, every difference counted and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from support.ledger import Entry

ANSWER_LIMIT_S = 4.0
"""The gateway's deadline of three seconds, and one more."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of the storage service; `sha256` is computed from the stored fields, not copied from the row."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an installation holds once its queues are empty.

    `mailed` counts mails by address; None where nobody can look into the mailboxes: then `confirmed` (ids) counts.
    `failed` are the ids whose confirmation has visibly failed; `parked` the ids, or names, of what is parked.
    """

    stored: Sequence[StoredRow]
    mailed: Counter[str] | None
    confirmed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    parked: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may differ: duplicate mails where notify was killed in its window, and the poison put in by hand."""

    duplicate_mails: int = 0
    poison: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant and what contradicts it."""

    invariant: str
    culprits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts, and the findings that contradict the promise; `ok` is never true of a ledger without a 202."""

    counts: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether something was accepted and nothing contradicts the promise."""
        return self.counts["acked"] > 0 and not any(finding.culprits for finding in self.findings)

    def __str__(self) -> str:
        lines = [f"{name:<22}{count:>8}" for name, count in self.counts.items()]
        for finding in self.findings:
            some = ", ".join(finding.culprits[:5]) + (" …" if len(finding.culprits) > 5 else "")
            lines.append(f"{finding.invariant:<60}{len(finding.culprits) or 'holds':>8}  {some}".rstrip())
        lines.append("OK" if self.ok else "NOT OK" if self.counts["acked"] else "NOT OK: nothing was accepted")
        return "\n".join(lines)


def compare(
    entries: Iterable[Entry],
    holdings: Holdings,
    allowed: Allowed | None = None,
    *,
    answer_limit_s: float = ANSWER_LIMIT_S,
) -> Verdict:
    """Compare I1 to I7 of the proof's invariants; the queues must be empty by now."""
    entries = list(entries)
    allowed = allowed or Allowed()
    acked = [entry for entry in entries if entry.outcome == "acked"]
    rows = Counter(row.id for row in holdings.stored)
    findings = [
        *_rows(entries, acked, holdings, rows),
        *_confirmations(entries, acked, holdings, allowed),
        Finding("I6 parked is exactly the injected poison", _differences(holdings.parked, allowed.poison)),
        Finding(f"I7 every answer within {answer_limit_s:g} s", tuple(_late(entries, answer_limit_s))),
    ]
    return Verdict(_counts(entries, acked, holdings, rows), tuple(findings))


def _rows(entries: list[Entry], acked: list[Entry], holdings: Holdings, rows: Counter[str]) -> list[Finding]:
    sent = {submission_id: entry.sha256 for entry in entries for submission_id in entry.ids}
    known = {entry.sha256 for entry in entries}
    rejected = {entry.sha256 for entry in entries if entry.outcome == "rejected"}
    stored_hashes = Counter(row.sha256 for row in holdings.stored)
    return [
        Finding("I1 every 202 carried one id a key", tuple(e.key for e in acked if len(e.ids) != 1)),
        Finding("I1 every 202 is stored", tuple(e.key for e in acked if not e.ids <= rows.keys())),
        Finding("I1 one row an id", tuple(row for row, count in rows.items() if count != 1)),
        Finding("I1 one row a submission", tuple(text for text, count in stored_hashes.items() if count != 1)),
        Finding("I2 stored as sent", tuple(r.id for r in holdings.stored if sent.get(r.id, r.sha256) != r.sha256)),
        Finding("I2 nothing stored that was not sent", tuple(r.id for r in holdings.stored if r.sha256 not in known)),
        Finding("I3 nothing rejected is stored", tuple(r.id for r in holdings.stored if r.sha256 in rejected)),
    ]


def _confirmations(entries: list[Entry], acked: list[Entry], holdings: Holdings, allowed: Allowed) -> list[Finding]:
    if holdings.mailed is None:
        done = holdings.confirmed | holdings.failed
        return [
            Finding("I4 every 202 is confirmed or visibly failed", tuple(e.key for e in acked if not e.ids <= done))
        ]
    mailed = holdings.mailed
    lost = tuple(e.key for e in acked if not mailed[e.address] and not e.ids <= holdings.failed)
    twice = tuple(address for address, count in mailed.items() if count > 1)
    strangers = tuple(mailed.keys() - {entry.address for entry in entries})
    return [
        Finding("I4 every 202 is mailed or visibly failed", lost),
        Finding(f"I5 at most {allowed.duplicate_mails} mails more than one each", _excess(mailed, twice, allowed)),
        Finding("I5 no mail to anyone else", strangers),
    ]


def _excess(mailed: Counter[str], twice: tuple[str, ...], allowed: Allowed) -> tuple[str, ...]:
    return twice if sum(mailed[address] - 1 for address in twice) > allowed.duplicate_mails else ()


def _differences(found: Counter[str], expected: Counter[str]) -> tuple[str, ...]:
    missing = (f"missing {name}" for name in (expected - found).elements())
    return (*missing, *(f"unexpected {name}" for name in (found - expected).elements()))


def _late(entries: list[Entry], limit_s: float) -> list[str]:
    attempts = ((entry.key, attempt) for entry in entries for attempt in entry.attempts)
    return [f"{key} ({attempt.took_s:.1f} s)" for key, attempt in attempts if attempt.took_s > limit_s]


def _counts(entries: list[Entry], acked: list[Entry], holdings: Holdings, rows: Counter[str]) -> dict[str, int]:
    attempts = [attempt for entry in entries for attempt in entry.attempts]
    mailed = holdings.mailed
    return {
        "sent": len(entries),
        "requests": len(attempts),
        "acked": len(acked),
        "rejected": sum(entry.outcome == "rejected" for entry in entries),
        "unknown": sum(entry.outcome == "unknown" for entry in entries),
        "answers 503": sum(attempt.status == 503 for attempt in attempts),
        "no answer": sum(attempt.status == 0 for attempt in attempts),
        "rows": sum(rows.values()),
        "mails": len(holdings.confirmed) if mailed is None else sum(mailed.values()),
        "duplicate mails": 0 if mailed is None else sum(count - 1 for count in mailed.values()),
        "visibly failed": len(holdings.failed),
        "parked": sum(holdings.parked.values()),
    }
