"""Says what is kept of a person as JSON, and hands it out as a file: for the API and for the pages."""

from __future__ import annotations

from typing import Any

from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts
from storage_service.records.export import Export
from storage_service.subjects import Person, Report


def report_shown(report: Report) -> dict[str, Any]:
    """Return a report as it is shown."""
    return {
        "addresses": list(report.person.mailboxes),
        "count": report.count,
        "complete": report.is_complete,
        "places": dict(report.places()),
        "forms": dict(report.forms),
        "written": list(report.written),
        "suppressed": None if report.suppressed is None else [one.to_json() for one in report.suppressed],
        "silent": list(report.silent),
        "unfinished": [*report.unfinished, *([] if report.is_indexed else ["The search index is being filled."])],
    }


def exported(parts: Parts, person: Person, who: Asker) -> Export:
    """Begin the ZIP of a person; its name says nothing of whom. Raises as `Subjects.export`."""
    chunks = parts.subjects.export(person, who)
    return Export(f"person-{parts.clock():%Y-%m-%d}.zip", "application/zip", None, chunks)
