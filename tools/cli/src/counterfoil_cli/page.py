"""Lays out one submission for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from counterfoil_cli.harmless import block, line
from counterfoil_cli.moments import when
from counterfoil_cli.submissions import Submission, state, text

_INDENT = "    "


def lines_of(submission: Submission, now: datetime, *, exact: bool = False) -> Iterator[Text]:
    """Return the lines of a page. A value stands below its name, indented: no value can look like a line of ours."""

    def moment(value: object) -> str:
        return when(value, now, exact=exact)

    yield Text(line(submission.get("id", "")), "bold")
    yield Text(f"{line(submission.get('form', ''))}, {moment(submission.get('accepted_at'))}: {state(submission)}")
    yield from _score(submission)
    if submission.get("opted_in_at"):
        yield Text(f"address confirmed {moment(submission['opted_in_at'])}")
    yield from _fields(submission)
    if unknown := submission.get("unknown"):
        yield from _titled(f"not known just now: {line(text(unknown))}")
    yield from _part("files", [_file(one) for one in _listed(submission, "files")])
    yield from _part("deliveries", [_delivery(one, moment) for one in _listed(submission, "deliveries")])
    for one in _listed(submission, "notes"):
        yield from _titled(f"note by {line(one.get('by', '?'))}, {moment(one.get('at'))}")
        yield from _indented(str(one.get("text", "")))
    yield from _part("what was done", [_step(one, moment) for one in _listed(submission, "trail")])


def _score(submission: Submission) -> Iterator[Text]:
    """Return how much it looks like spam, and why."""
    if isinstance(score := submission.get("score"), int):
        why = "; ".join(line(one.get("words") or one.get("code", "")) for one in _listed(submission, "reasons"))
        yield Text(f"looks like spam: {score} of 100{f' ({why})' if why else ''}")


def _fields(submission: Submission) -> Iterator[Text]:
    fields, labels = submission.get("fields"), submission.get("field_labels")
    for name, value in (fields if isinstance(fields, dict) else {}).items():
        label = labels.get(name) if isinstance(labels, dict) else None
        yield from _titled(line(name) if label in (None, name) else f"{line(label)} ({line(name)})")
        yield from _indented(text(value))
    for name in _names(submission, "sealed"):
        label = labels.get(name) if isinstance(labels, dict) else None
        yield from _titled(line(name) if label in (None, name) else f"{line(label)} ({line(name)})")
        yield Text(f"{_INDENT}sealed", "dim")


def _names(submission: Submission, name: str) -> list[str]:
    found = submission.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


def _file(one: Mapping[str, Any]) -> str:
    scan = one.get("scan")
    told = "" if scan in (None, "clean") else f"  {line(scan)}"
    return f"{line(one.get('number', '?'))}  {line(one.get('name', '?'))}  {line(one.get('size', '?'))} bytes{told}"


def _delivery(one: Mapping[str, Any], moment: Any) -> str:
    words = [line(one.get("channel", "?")), line(one.get("state", "?"))]
    words += [f"to {line(one['destination'])}"] if one.get("destination") else []
    words += [moment(one["changed_at"])] if one.get("changed_at") else []
    words += [f"({line(one['reason'])})"] if one.get("reason") else []
    return "  ".join(words)


def _step(one: Mapping[str, Any], moment: Any) -> str:
    changes = one.get("changes")
    told = ", ".join(f"{line(name)}: {_change(value)}" for name, value in changes.items()) if changes else ""
    return f"{moment(one.get('at'))}  {line(one.get('by', '?'))}  {told}"


def _change(value: object) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{line(text(value[0])) or 'none'} → {line(text(value[1])) or 'none'}"
    if isinstance(value, dict) and all(isinstance(one, list) for one in value.values()):
        return line("; ".join(f"{way} {text(some)}" for way, some in value.items() if some)) or "none"
    return line(text(value))


def _part(title: str, rows: Sequence[str]) -> Iterator[Text]:
    if rows:
        yield from _titled(title)
        yield from (Text(f"{_INDENT}{one}") for one in rows)


def _titled(title: str) -> Iterator[Text]:
    yield Text("")
    yield Text(title, "bold")


def _indented(value: str) -> Iterator[Text]:
    yield from (Text(f"{_INDENT}{one}") for one in block(value) or [""])


def _listed(submission: Submission, name: str) -> Sequence[Mapping[str, Any]]:
    found = submission.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
