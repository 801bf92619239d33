"""Makes submissions of the records of our own exports, CSV and JSON: they keep their ids, and what people did."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.contracts import Control, JsonValue, Source, SubmissionAccepted, fingerprint
from shared.contracts.strict_json import MAX_DEPTH, Unacceptable, check
from shared.forms import Form
from storage_service.importing.found import FIELDS_MOST, Found, NotTaken
from storage_service.importing.keys import Keys
from storage_service.importing.mapping import Columns
from storage_service.importing.moments import BadMoment, Moments
from storage_service.importing.taken import Refusal, Taken, Worked
from storage_service.importing.values import check_open, flag_of, short_of, value_of
from storage_service.records.export.columns import FIELD, OTHERS
from storage_service.records.export.formulas import unguarded
from storage_service.records.export.meta import METAS
from storage_service.work.change import STATES
from storage_service.work.values import BadValue, assignee_of, labels_of

_SOURCE = ("ip", "user_agent", "referer", "language")
_CONTROL = ("subject", "reply_to")
_SPAM_MOST = 64


class TakingOurs:
    """Takes the records of an export of ours: for one form, or each for the form that it is of, where there is one."""

    def __init__(
        self, columns: Columns, moments: Moments, keys: Keys, forms: Sequence[Form], *, is_spam: bool = False
    ) -> None:
        self._columns = columns
        self._moments = moments
        self._keys = keys
        self._sealed = {form.name: frozenset(form.sensitive_fields) for form in forms}
        self._is_spam = is_spam

    def __call__(self, found: Found) -> Taken | NotTaken | None:
        """Return the submission that a record is, or why it is not taken; None for the mark of an export's end."""
        if found.values.keys() == {"complete", "rows"}:
            return None
        try:
            values = found.values if isinstance(found.values.get("fields"), dict) else _of_cells(found.values)
            return Taken(found.first, found.last, self._event(values), _worked(values, self._moments))
        except (Refusal, BadMoment) as error:
            return NotTaken(found.first, found.last, str(error))

    def _event(self, values: Mapping[str, Any]) -> SubmissionAccepted:
        form = values.get("form")
        if not isinstance(form, str) or form not in self._sealed:
            shown = f" {form!r}" if isinstance(form, str) and len(form) <= 64 and form.isprintable() else ""
            raise Refusal(f"it is of the form{shown}, and not asked for, or not in the forms file")
        accepted_at = self._moments.read(_required(values, "accepted_at"))
        fields = self._fields(values["fields"])
        check_open(fields, self._sealed[form])
        source = Source(*(short_of(_member(values, "source", name)) for name in _SOURCE))
        control = Control(*(short_of(_member(values, "control", name)) for name in _CONTROL))
        spam = short_of(values.get("spam")) or ("imported" if self._is_spam else None)
        if spam is not None and len(spam) > _SPAM_MOST:
            raise Refusal(f"spam: {len(spam)} characters, {_SPAM_MOST} at most")
        print_of = fingerprint(fields)
        key = self._id(values, form, print_of, accepted_at)
        return SubmissionAccepted(key, form, accepted_at, fields, print_of, source, control, spam)

    def _fields(self, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        if len(values) > FIELDS_MOST:
            raise Refusal(f"{len(values):,} fields, {FIELDS_MOST:,} at most")
        named = {name: self._columns.of(name).field for name in values}
        fields = {field: values[name] for name, field in named.items() if field is not None}
        if not fields:
            raise Refusal("it has no fields")
        return fields

    def _id(self, values: Mapping[str, Any], form: str, print_of: str, accepted_at: Any) -> UUID:
        if not values.get("id"):
            return self._keys.next(form, accepted_at, print_of)
        try:
            return UUID(_required(values, "id"))
        except ValueError:
            raise Refusal("id: expected a UUID") from None


def _worked(values: Mapping[str, Any], moments: Moments) -> Worked:
    state = values.get("status") or "new"
    if state not in STATES:
        raise Refusal(f"status: expected one of {', '.join(STATES)}")
    labels = values.get("labels") or []
    if not (isinstance(labels, list) and all(isinstance(one, str) for one in labels)):
        raise Refusal("labels: expected a list of texts")
    replied = values.get("replied_at")
    try:
        assignee = assignee_of(short_of(values.get("assignee")) or "") or None
        return Worked(
            state,
            flag_of(values.get("starred")),
            labels_of("labels", labels),
            assignee,
            moments.read(_required(values, "replied_at")) if replied else None,
        )
    except BadValue as error:
        raise Refusal(str(error)) from None


def _required(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(f"{name}: expected a text")
    return value


def _member(values: Mapping[str, Any], group: str, name: str) -> JsonValue:
    """Return what JSON has in a group, and CSV in a column of its own."""
    inside = values.get(group)
    found: JsonValue = inside.get(name) if isinstance(inside, dict) else values.get(name)
    return found


def _of_cells(cells: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Return the columns of CSV as JSON has them. Apostrophes that kept cells from being formulas are gone."""
    values, fields = dict[str, Any](), dict[str, JsonValue]()
    for header, cell in cells.items():
        name, text = unguarded(header), unguarded(cell) if isinstance(cell, str) else cell
        if name == OTHERS:
            fields |= _json(name, text, dict) if text else {}
        elif name in METAS:
            values[name] = _json(name, text, list) if name == "labels" and text else text
        elif (value := value_of(text)) is not None:
            fields[name.removeprefix(FIELD)] = value
    return {**values, "fields": fields}


def _json(name: str, text: JsonValue, kind: type) -> Any:
    try:
        value = json.loads(str(text))
        check(value, most_depth=MAX_DEPTH)
    except (ValueError, RecursionError, Unacceptable):
        raise Refusal(f"{name}: cannot be read as JSON") from None
    if not isinstance(value, kind):
        raise Refusal(f"{name}: cannot be read as JSON")
    return value
