"""Says in words what a job does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage_service.jobs.job import Job

PERCENT = 100

_STATES: Mapping[str, str] = {
    "waiting": "waits for its turn",
    "running": "goes on",
    "done": "done",
    "stopped": "stopped",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A job in words. `badge` is the kind of its badge; `percent` is how much of it was looked at."""

    job: Job
    what: str
    state: str
    badge: str
    percent: int

    @property
    def unchanged(self) -> int:
        """How many were looked at and are as they were."""
        return self.job.done - self.job.changed - self.job.failed

    @property
    def can_be_undone(self) -> bool:
        """Whether an undo of it would do something."""
        return not self.job.is_open and self.job.asked.kind in ("change", "undo") and self.job.changed > 0


def told(job: Job) -> Told:
    """Return a job in words."""
    state = "stops after this step" if job.stopping and job.is_open else _STATES[job.state]
    badge = {"done": "good", "failed": "wrong", "stopped": "warn"}.get(job.state, "new")
    percent = PERCENT * job.done // job.total if job.total else PERCENT
    return Told(job, what(job), state, badge, percent)


def what(job: Job) -> str:
    """Return what a job does, with labels and people as they were asked for."""
    kind, action = job.asked.kind, job.asked.action
    if kind == "undo":
        return "Undo"
    if kind == "erase":
        return "Erase"
    if kind == "resend":
        return f"Send again what {' or '.join(_SENT[one] for one in action.get('states', _SENT) if one in _SENT)}"
    return ", ".join(_parts(action.get("change", {}))) or "Change"


_SENT = {"failed": "failed", "held": "is held"}


def _parts(change: Mapping[str, Any]) -> list[str]:
    parts = list[str]()
    if "state" in change:
        parts.append(f"Mark as {change['state']}")
    if "starred" in change:
        parts.append("Star" if change["starred"] else "Take the star off")
    if "spam" in change:
        parts.append("Mark as spam" if change["spam"] else "Mark as no spam")
    if "assignee" in change:
        parts.append(f"Assign to {change['assignee'] or 'nobody'}")
    for member, words in (("labels", "Labels:"), ("add_labels", "Add label"), ("remove_labels", "Remove label")):
        if member in change:
            parts.append(f"{words} {', '.join(change[member])}")
    return parts
