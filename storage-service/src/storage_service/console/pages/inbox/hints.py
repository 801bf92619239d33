"""Completes a query with what there is: forms, labels, people and fields that the asker may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.forms.labels import label_of
from shared.query.completing import Completion, Known, KnownField, completed
from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts
from storage_service.console.people import people

PEOPLE_MOST = 200


def completion(parts: Parts, who: Asker, text: str, at: int) -> Completion:
    """Return what may stand at the cursor; raises as `Hints` does."""
    known = Known(
        forms=lambda: {form.name: form.title for form in parts.forms.values() if who.may_see(form.name)},
        labels=lambda: parts.hints.labels(who.forms),
        people=lambda: some_people(parts, who),
        fields=lambda named: _fields(parts, who, named),
    )
    return completed(text, at, known)


def some_people(parts: Parts, who: Asker) -> list[str]:
    """Return the addresses of those who may see submissions that the asker may see, `PEOPLE_MOST` at most."""
    return people(parts.accounts.users, who.forms)[:PEOPLE_MOST]


def shown(found: Completion) -> dict[str, Any]:
    """Return suggestions as JSON; places count code points."""
    suggestions = [{"text": one.text, "about": one.about, "whole": one.is_whole} for one in found.suggestions]
    return {"offset": found.place.offset, "length": found.place.length, "suggestions": suggestions}


def _fields(parts: Parts, who: Asker, named: frozenset[str]) -> Mapping[str, KnownField]:
    seen = frozenset(name for name in named if who.may_see(name))
    forms = [form for form in parts.forms.values() if who.may_see(form.name) and (not seen or form.name in seen)]
    found = {
        name: KnownField(label_of(field), ("yes", "no") if field.type == "boolean" else field.choices)
        for form in reversed(forms)
        for name, field in (form.fields or {}).items()
    }
    others = parts.hints.fields(seen or who.forms)
    return {**found, **{name: KnownField() for name in others if name not in found}}
