"""Makes lines for people of submissions as the API shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from counterfoil_cli.harmless import line
from counterfoil_cli.moments import when
from counterfoil_cli.output import Column

Submission = Mapping[str, Any]

SHORT = 8
"""The last characters of an id tell recent submissions apart. Its first are the time (RFC 9562, 5.7)."""

COLUMNS = (Column("WHEN"), Column("ID"), Column("FORM"), Column("WHO AND WHAT", gives=True), Column("STATE"))

LIKE_SPAM = 80
"""From which score on, of 100, a list says it of what is no spam, too."""

_PREVIEW_MOST = 300
_NAMES = ("name", "full_name", "fullname", "first_name")


def row(submission: Submission, now: datetime, *, exact: bool = False, whole_ids: bool = False) -> Sequence[str]:
    """Return the cells of `COLUMNS`."""
    key = line(submission.get("id", ""))
    return (
        when(submission.get("accepted_at"), now, exact=exact),
        key if whole_ids else key[-SHORT:],
        line(submission.get("form", ""), 40),
        preview(submission),
        state(submission),
    )


def preview(submission: Submission) -> str:
    """Return who sent it, and the first words of what they wrote."""
    fields = _dict(submission.get("fields"))
    who = next((value for name in _NAMES if isinstance(value := fields.get(name), str)), None)
    address = _dict(submission.get("control")).get("reply_to") or fields.get("email")
    first = [one for one in (who, address) if isinstance(one, str) and one.strip()]
    others = [text(value) for value in fields.values() if value not in first and isinstance(value, str)]
    return line(" · ".join(line(one, _PREVIEW_MOST) for one in (*first, *others) if one.strip()), _PREVIEW_MOST)


def unsealed(submission: Submission, opened: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a submission that are others once its sealed fields are opened."""
    values = _dict(opened.get("fields"))
    closed = submission.get("sealed")
    left = [name for name in closed if name not in values] if isinstance(closed, list) else []
    return {"fields": {**_dict(submission.get("fields")), **values}, "sealed": left}


def locked(opened: Mapping[str, Any]) -> list[str]:
    """Return of each sealed field that could not be opened a line that says why, as `GET …/sealed` does."""
    said = opened.get("locked")
    fields = [_dict(one) for one in said] if isinstance(said, list) else []
    return [line(f"{one.get('name')} stays sealed: {one.get('reason')}", _PREVIEW_MOST) for one in fields]


def state(submission: Submission) -> str:
    """Return how far people have come with it, in a few words."""
    spam = submission.get("spam")
    words = [f"spam: {line(spam, 40)}" if spam else line(submission.get("status", ""), 40)]
    score = submission.get("score")
    if isinstance(score, int) and (spam or score >= LIKE_SPAM):
        words.append(str(score) if spam == "score" else f"score {score}")
    if submission.get("opt_in") == "waiting":
        words.append("unconfirmed")
    if submission.get("starred"):
        words.append("★")
    words += [f"#{line(one, 64)}" for one in _list(submission.get("labels"))]
    if assignee := submission.get("assignee"):
        words.append(f"→ {line(assignee, 100)}")
    return " ".join(words)


def text(value: object) -> str:
    """Return a field's value as people read it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(text, value))
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []
