"""Reads what an operator says about parked messages."""

from __future__ import annotations

from typing import Any, get_args

from flask import Request
from marshmallow import INCLUDE, Schema

from shared.parked.limits import REPLAY_MOST
from shared.parked.states import State
from shared.web.refusals import refused
from storage_service.console.parameters import body_of

STATES = (*get_args(State), "all")
REASON_CHARACTERS = 500

_ANYTHING = Schema.from_dict({}, name="Anything")(unknown=INCLUDE)
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def values_of(asked: Request) -> dict[str, Any]:
    """Return the members of a JSON object, or the fields of a form: one that is said more than once, or whose name
    ends in `[]`, is a list. Raises `Refused`."""
    if asked.mimetype not in _FORMS:
        return body_of(asked, _ANYTHING)
    if asked.content_length is None:
        raise refused(413, "LENGTH_REQUIRED", "Send the body's length (Content-Length), not chunks.")
    values: dict[str, Any] = {}
    for name, found in asked.form.lists():
        is_list = len(found) > 1 or name.endswith("[]")
        values[name.removesuffix("[]")] = found if is_list else found[0]
    return values


def which_of(asked: dict[str, Any]) -> dict[str, Any]:
    """Return which messages are to be replayed, as the services take it; raises `Refused` (422)."""
    match [(name, asked[name]) for name in ("ids", "reason", "all") if asked.get(name) is not None]:
        case [("ids", [_, *_] as ids)] if len(ids) <= REPLAY_MOST and all(isinstance(one, str) for one in ids):
            return {"ids": ids}
        case [("reason", str(reason))] if reason:
            return {"reason": reason, "limit": REPLAY_MOST}
        case [("all", True | "true")]:
            return {"reason": None, "limit": REPLAY_MOST}
    raise refused(
        422, "WHICH", f"Say which, in one way: ids (a list of 1 to {REPLAY_MOST}), reason (a text), or all (true)."
    )


def text_of(asked: dict[str, Any], name: str, most: int) -> str:
    """Return a text without the spaces around it; raises `Refused` (422)."""
    text = asked.get(name)
    if not isinstance(text, str) or not 0 < len(text.strip()) <= most:
        raise refused(422, name.upper(), f"Say why: {name}, a text of at most {most} characters.", field=name)
    return text.strip()
