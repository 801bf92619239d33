"""Does what a person asks: finds, hands out and erases all that is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_urlsafe
from threading import BoundedSemaphore

from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.erasing import Erasing
from storage_service.jobs.asking import Jobs, Wanted
from storage_service.jobs.job import Job
from storage_service.jobs.refusals import Differs, Refusal
from storage_service.subjects.elsewhere import Elsewhere, ParkedCopy, mailed_to, parked_naming
from storage_service.subjects.finding import Finder
from storage_service.subjects.package.contents import Contents
from storage_service.subjects.package.package import OPERATE, Package
from storage_service.subjects.person import Person
from storage_service.subjects.report import Report

SOMEBODY = "a person"
"""What the audit calls whoever it was about: it is kept for longer than what was erased."""

_FORGOTTEN_AT_ONCE = 100


AT_ONCE_MOST = 2
"""How many persons are looked for at once by one process: each is some hundreds of questions to the database."""

WAITED_S = 5.0
"""How long one more waits for its turn."""


class Busy(Refusal):
    """As many persons are being looked for as may be."""

    def __init__(self) -> None:
        super().__init__("as many persons are being looked for as may be just now: ask again in a moment")


class Incomplete(Exception):
    """Not everything can be looked into just now: nothing was done. The text may be shown."""

    def __init__(self, report: Report) -> None:
        silent = " and ".join(report.silent)
        why = f"the {silent} service does not answer" if silent else "the search index is being filled"
        super().__init__(f"not everything can be looked into just now, for {why}: ask again in a moment")
        self.report = report


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of what `report` says: `job` does it to what is stored, `elsewhere` is of how many submissions
    that are not; `parked` of how many copies, by service, None where one did not answer any more."""

    report: Report
    job: Job
    elsewhere: int
    parked: Mapping[str, int | None]


class Subjects:
    """What is kept of persons. Safe to use from several threads. All methods raise as `Finder` and `Jobs` do.

    `by` sees the forms that they may; whoever sees all of them is also told of deliveries and parked copies, which may
    be of any form; and whoever may operate as well, of addresses that are sent no mail. The audit is told of
    everything, but not of whom.
    """

    def __init__(
        self,
        finder: Finder,
        elsewhere: Elsewhere,
        jobs: Jobs,
        erasing: Erasing,
        contents: Contents,
        audit: Audit,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._finder = finder
        self._elsewhere = elsewhere
        self._jobs = jobs
        self._erasing = erasing
        self._contents = contents
        self._audit = audit
        self._clock = clock
        self._turns = BoundedSemaphore(AT_ONCE_MOST)

    def find(self, person: Person, by: Asker) -> Report:
        """Return what is kept of a person, by place."""
        report = self._looked(person, by)
        self._audit.note(by, "subject.find", SOMEBODY, count=report.count)
        return report

    def export(self, person: Person, by: Asker) -> Iterator[bytes]:
        """Yield a ZIP of all of it, as it is read; raises `Incomplete` before."""
        report = self._looked(person, by)
        if not report.is_ready:
            raise Incomplete(report)
        self._audit.note(by, "subject.export", SOMEBODY, count=report.count)
        if any(report.parked.values()) and not by.may(OPERATE):
            report = replace(report, unfinished=[*report.unfinished, _NOT_OPERATING])
        return Package(report, self._contents, self._elsewhere, by, self._clock()).chunks()

    def erase(self, person: Person, by: Asker, confirmed: int, key: str | None = None) -> Erased:
        """Erase all of it, if that is no more than was confirmed; raises `Incomplete`, and what `Jobs.ask` raises.

        The same `key` is the same job, which erases nothing that came after it: that is `Differs`, and asks for
        another key. What breaks off is finished by asking once more.
        """
        report = self._looked(person, by)
        if not report.is_ready:
            raise Incomplete(report)
        if report.count > confirmed:
            raise Differs(report.count)
        # Neither key nor word is kept: nobody finds out by trying addresses whom it was about.
        request = {"person": person.mailboxes, "key": key or token_urlsafe(16)}
        wanted = Wanted("erase", {}, self._clock(), ids=report.stored, request=request)
        job, is_new = self._jobs.ask(wanted, by, confirmed, key)
        if not is_new and not job.is_open and report.count:
            raise Differs(report.count)  # this came since, or was left: nobody has erased it under this key
        self._audit.note(by, "subject.erase", f"job {job.id}", count=report.count)
        elsewhere = self._erasing.erase(report.elsewhere, by, unknown=True) if report.elsewhere else 0
        parked = {name: self._forget(name, copies or (), by) for name, copies in report.parked.items()}
        return Erased(report, job, elsewhere, parked)

    def _looked(self, person: Person, by: Asker) -> Report:
        if not self._turns.acquire(timeout=WAITED_S):
            raise Busy
        try:
            return self._report(person, by)
        finally:
            self._turns.release()

    def _report(self, person: Person, by: Asker) -> Report:
        sees_all = by.forms is None
        mailed, are_all = mailed_to(self._elsewhere, person) if sees_all else (None, True)
        told = set(mailed or ())
        parked, unfinished = self._parked(person) if sees_all else ({}, [])
        suppressed = self._elsewhere.suppressed(person.mailboxes) if sees_all and by.may(OPERATE) else ()
        told |= {one.submission for copies in parked.values() for one in copies or () if one.submission}
        found = self._finder.find(person, by.forms, told)
        stored = sorted(found.submissions)
        return Report(
            person=person,
            stored=stored,
            elsewhere=self._finder.without_row(told - found.submissions.keys()),
            spam=found.spam,
            forms=found.forms,
            conflicts=found.conflicts,
            files=found.files,
            notes=found.notes,
            labels=found.labels,
            mailed=mailed,
            parked=parked,
            suppressed=suppressed,
            written=self._finder.written(stored, person),
            silent=_silent(parked, mailed) if sees_all else (),
            unfinished=[*found.unfinished, *unfinished, *([] if are_all else [_MANY.format("mails")])],
            is_indexed=found.is_indexed,
        )

    def _parked(self, person: Person) -> tuple[dict[str, list[ParkedCopy] | None], list[str]]:
        asked = {name: parked_naming(self._elsewhere, name, person) for name in self._elsewhere.services}
        unfinished = [_MANY.format(f"parked messages at {name}") for name, (_, is_all) in asked.items() if not is_all]
        return {name: copies for name, (copies, _) in asked.items()}, unfinished

    def _forget(self, service: str, copies: Sequence[ParkedCopy], by: Asker) -> int | None:
        count = 0
        for start in range(0, len(copies), _FORGOTTEN_AT_ONCE):
            ids = [one.id for one in copies[start : start + _FORGOTTEN_AT_ONCE]]
            done = self._elsewhere.forget_parked(service, ids, by.name)
            if done is None:
                return None
            count += done
        return count


_NOT_OPERATING = "Whoever may operate is shown what parked messages say: it is not in this copy."
_MANY = "There are very many {}: not all were looked into."


def _silent(parked: Mapping[str, object], mailed: object) -> list[str]:
    """Return which services did not answer; notify is the one that knows of mails."""
    silent = {name for name, copies in parked.items() if copies is None}
    return sorted(silent | ({"notify"} if mailed is None else set()))
