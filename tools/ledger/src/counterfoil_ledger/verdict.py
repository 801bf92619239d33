"""Compares a ledger with what the installation holds, and counts and names every difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from counterfoil_ledger.deliveries import totals, unended, unexpected
from counterfoil_ledger.holdings import Holdings
from counterfoil_ledger.records import Entry

ANSWER_LIMIT_S = 4.0
"""The gateway's deadline of three seconds, and one more."""

RETURN_LIMIT_S = 10.0
"""How long after a fault has been healed the first 202 may take."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may differ: duplicate mails where notify was killed in its window, and the poison put in by hand.

    `deliveries` says how many of each channel every submission must have; None where nobody says.
    """

    duplicate_mails: int = 0
    deliveries: Mapping[str, int] | None = None
    poison: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Observed:
    """What only somebody knows who watched the installation, or broke it; None where nobody did.

    `returns_s` are the seconds from a fault's healing to the first 202; `waiting` what the queues hold at the end, by
    name; `gone` the processes that ended and were not killed; `swollen` those whose memory was not bounded.
    """

    returns_s: Sequence[float] | None = None
    waiting: dict[str, int] | None = None
    gone: Sequence[str] | None = None
    swollen: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant and what contradicts it; where `not_asked` says why, nobody can know."""

    invariant: str
    culprits: tuple[str, ...] = ()
    not_asked: str | None = None

    @property
    def says(self) -> str:
        """One word for it: it holds, was not asked, or how many contradict it."""
        return str(len(self.culprits)) if self.culprits else "not asked" if self.not_asked else "holds"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts, and the findings that contradict the promise; `ok` is never true of a ledger without a 202."""

    counts: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether something was accepted and nothing contradicts the promise."""
        return self._has_any and not any(finding.culprits for finding in self.findings)

    @property
    def _has_any(self) -> bool:
        return self.counts["acked"] + self.counts["erased since"] > 0

    @property
    def conclusion(self) -> str:
        """The last word."""
        return "OK" if self.ok else "NOT OK" if self._has_any else "NOT OK: nothing was accepted"

    def __str__(self) -> str:
        lines = [f"{name:<22}{count:>8}" for name, count in self.counts.items()]
        for finding in self.findings:
            some = ", ".join(finding.culprits[:5]) + (" …" if len(finding.culprits) > 5 else "")
            lines.append(f"{finding.invariant:<60}{finding.says:>10}  {some or finding.not_asked or ''}".rstrip())
        return "\n".join([*lines, self.conclusion])


def compare(
    entries: Iterable[Entry],
    holdings: Holdings,
    allowed: Allowed | None = None,
    *,
    answer_limit_s: float = ANSWER_LIMIT_S,
    observed: Observed | None = None,
) -> Verdict:
    """Compare I1 to I10 of the proof's invariants; the queues must be empty by now."""
    entries = list(entries)
    allowed = allowed or Allowed()
    acked = [entry for entry in entries if entry.outcome == "acked" and not _is_erased(entry, holdings)]
    rows = Counter(row.id for row in holdings.stored)
    findings = [
        *_rows(entries, acked, holdings, rows),
        *_confirmations(entries, acked, holdings, allowed),
        _parked(holdings, allowed),
        Finding(f"I7 every answer within {answer_limit_s:g} s", tuple(_late(entries, answer_limit_s))),
        *_observations(observed or Observed(), alone=holdings.alone),
        *_deliveries(acked, holdings, allowed),
    ]
    return Verdict(_counts(entries, acked, holdings, rows), tuple(findings))


def _is_erased(entry: Entry, holdings: Holdings) -> bool:
    return bool(entry.ids) and entry.ids <= holdings.erased


def is_another_sink(entries: Iterable[Entry], holdings: Holdings) -> bool:
    """Return whether the installation confirmed some of these, and not one of their mails is where one looked.

    Losing every one looks the same from here. So it is no verdict, but a question for whoever named the place.
    """
    mailed = holdings.mailed
    return mailed is not None and bool(holdings.confirmed) and not any(mailed[entry.address] for entry in entries)


def _rows(entries: list[Entry], acked: list[Entry], holdings: Holdings, rows: Counter[str]) -> list[Finding]:
    sent = {submission_id: entry.sha256 for entry in entries for submission_id in entry.ids}
    rejected = {entry.sha256 for entry in entries if entry.outcome == "rejected"}
    return [
        Finding("I1 every 202 carried one id a key", tuple(entry.key for entry in acked if len(entry.ids) != 1)),
        Finding("I1 every 202 is stored", tuple(_name(entry) for entry in acked if not entry.ids <= rows.keys())),
        Finding("I1 nothing erased is stored", tuple(row for row in rows if row in holdings.erased)),
        Finding("I1 one row an id", tuple(row for row, count in rows.items() if count != 1)),
        Finding("I1 one row a submission", _doubles(holdings, sent)),
        Finding("I2 stored as sent", tuple(r.id for r in holdings.stored if sent.get(r.id, r.sha256) != r.sha256)),
        _strangers(entries, holdings),
        Finding("I3 nothing rejected is stored", tuple(r.id for r in holdings.stored if r.sha256 in rejected)),
    ]


def _doubles(holdings: Holdings, sent: dict[str, str]) -> tuple[str, ...]:
    """Return the rows whose content stands in another row too; but not the one that a 202 named, where it is there."""
    contents = Counter(row.sha256 for row in holdings.stored)
    doubles = [row.id for row in holdings.stored if contents[row.sha256] > 1]
    return tuple(row for row in doubles if row not in sent) or tuple(doubles)


def _strangers(entries: list[Entry], holdings: Holdings) -> Finding:
    invariant, known = "I2 nothing stored that was not sent", {entry.sha256 for entry in entries}
    if not holdings.alone:
        return Finding(invariant, not_asked="others submit too")
    return Finding(invariant, tuple(row.id for row in holdings.stored if row.sha256 not in known))


def _confirmations(entries: list[Entry], acked: list[Entry], holdings: Holdings, allowed: Allowed) -> list[Finding]:
    once = f"I5 at most {allowed.duplicate_mails} mails more than one each"
    nobody_else = "I5 no mail to anyone else"
    mailed = holdings.mailed
    if mailed is None:
        done = holdings.confirmed | holdings.failed | holdings.held | holdings.undue
        lost = tuple(_name(entry) for entry in acked if not entry.ids <= done)
        blind = "nobody looked"
        confirmed = Finding("I4 every 202 is confirmed, visibly failed or held", lost)
        return [confirmed, Finding(once, not_asked=blind), Finding(nobody_else, not_asked=blind)]
    done = holdings.failed | holdings.held | holdings.undue
    lost = tuple(_name(entry) for entry in acked if not mailed[entry.address] and not entry.ids <= done)
    twice = tuple(address for address, count in mailed.items() if count > 1)
    strangers = tuple(mailed.keys() - {entry.address for entry in entries})
    return [
        Finding("I4 every 202 is mailed, visibly failed or held", lost),
        Finding(once, _excess(mailed, twice, allowed)),
        Finding(nobody_else, strangers, None if holdings.alone else "others submit too"),
    ]


def _excess(mailed: Counter[str], twice: tuple[str, ...], allowed: Allowed) -> tuple[str, ...]:
    return twice if sum(mailed[address] - 1 for address in twice) > allowed.duplicate_mails else ()


def _parked(holdings: Holdings, allowed: Allowed) -> Finding:
    invariant = "I6 parked is exactly the injected poison"
    if holdings.parked is None:
        return Finding(invariant, not_asked="nobody looked")
    return Finding(invariant, _differences(holdings.parked, allowed.poison))


def _differences(found: Counter[str], expected: Counter[str]) -> tuple[str, ...]:
    missing = (f"missing {name}" for name in (expected - found).elements())
    return (*missing, *(f"unexpected {name}" for name in (found - expected).elements()))


def _late(entries: list[Entry], limit_s: float) -> list[str]:
    attempts = ((entry, attempt) for entry in entries for attempt in entry.attempts)
    return [f"{_name(entry)} ({attempt.took_s:.1f} s)" for entry, attempt in attempts if attempt.took_s > limit_s]


def _observations(observed: Observed, *, alone: bool) -> list[Finding]:
    late = (f"{taken_s:.1f} s" for taken_s in observed.returns_s or () if taken_s > RETURN_LIMIT_S)
    waiting = tuple(f"{name}: {count}" for name, count in (observed.waiting or {}).items() if count)
    backlog = Finding("I8 the backlog drains", waiting, _unless(observed.waiting, "nobody looked"))
    if waiting and not alone:  # what waits may be theirs: of ours, I1 and I4 say what is missing
        backlog = Finding(backlog.invariant, not_asked="others submit too")
    nobody = "unknown from here"
    return [
        Finding(f"I8 a 202 within {RETURN_LIMIT_S:g} s of healing", tuple(late), _unless(observed.returns_s, nobody)),
        backlog,
        Finding("I9 memory is bounded", tuple(observed.swollen or ()), _unless(observed.swollen, nobody)),
        Finding("I9 no process gone but those killed", tuple(observed.gone or ()), _unless(observed.gone, nobody)),
    ]


def _deliveries(acked: list[Entry], holdings: Holdings, allowed: Allowed) -> list[Finding]:
    ids = {submission_id for entry in acked for submission_id in entry.ids}
    found, blind = holdings.deliveries or {}, _unless(holdings.deliveries, "nobody looked")
    count = () if allowed.deliveries is None else unexpected(ids - holdings.undue, found, allowed.deliveries)
    unsaid = blind or _unless(allowed.deliveries, "nobody said how many")
    nobody = _unless(holdings.untold, "unknown from here")
    return [
        Finding("I10 every delivery is sent, or visibly failed or held", () if blind else unended(ids, found), blind),
        Finding("I10 every 202 has its deliveries, of each channel", () if unsaid else count, unsaid),
        Finding("I10 storage knows what failed or is held", tuple(sorted(holdings.untold or ())), nobody),
    ]


def _unless(known: object, why: str) -> str | None:
    return why if known is None else None


def _name(entry: Entry) -> str:
    """Return how a submission is called: by its id, or by its key where no answer brought one."""
    return ", ".join(sorted(entry.ids)) or f"key {entry.key}"


def _counts(entries: list[Entry], acked: list[Entry], holdings: Holdings, rows: Counter[str]) -> dict[str, int]:
    attempts = [attempt for entry in entries for attempt in entry.attempts]
    mailed = holdings.mailed
    return {
        "sent": len(entries),
        "requests": len(attempts),
        "acked": len(acked),
        "erased since": sum(_is_erased(entry, holdings) for entry in entries),
        "rejected": sum(entry.outcome == "rejected" for entry in entries),
        "unknown": sum(entry.outcome == "unknown" for entry in entries),
        "answers 503": sum(attempt.status == 503 for attempt in attempts),
        "no answer": sum(attempt.status == 0 for attempt in attempts),
        "rows": sum(rows.values()),
        "mails": len(holdings.confirmed) if mailed is None else sum(mailed.values()),
        "duplicate mails": 0 if mailed is None else sum(count - 1 for count in mailed.values()),
        "visibly failed": len(holdings.failed),
        "held": len(holdings.held),
        "parked": sum((holdings.parked or Counter()).values()),
        **totals(holdings.deliveries or {}),
    }
