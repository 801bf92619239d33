"""Says in words what was found of a person, and what was erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage_service.subjects import Erased, Report

_PLACES: Mapping[str, str] = {
    "submissions": "Submissions",
    "spam": "Submissions marked as spam",
    "conflicts": "Later copies with other content",
    "files": "Files",
    "notes": "Notes that name them",
    "labels": "Labels that name them",
    "mailed": "Submissions that were confirmed to them by mail",
    "not_stored": "Submissions that are not stored here",
    "parked_storage": "Parked messages, at storage",
    "parked_notify": "Parked messages, at notify",
}


def rows(report: Report) -> Sequence[tuple[str, int | None]]:
    """Return the places in words, with how much is in each; None where it could not be asked.

    What may be of any form is left out for whoever sees some.
    """
    places = report.places()
    if not report.parked:
        places = {name: n for name, n in places.items() if name not in ("mailed", "not_stored")}
    return [(_PLACES.get(name, name), n) for name, n in places.items()]


def done_words(erased: Erased) -> str:
    """Return what was erased, or is being erased."""
    count = erased.report.count
    words = [f"{'1 submission' if count == 1 else f'{count:,} submissions'} of this person"]
    words.append("are being erased" if erased.job.is_open else "is erased" if count == 1 else "are erased")
    parked = sum(one or 0 for one in erased.parked.values())
    text = f"{' '.join(words)}{f', and {parked:,} parked messages' if parked else ''}."
    silent = [name for name, one in erased.parked.items() if one is None]
    return text + (f" The {silent[0]} service stopped answering: do it once more." if silent else "")
