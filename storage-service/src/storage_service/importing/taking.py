"""Makes submissions of records, as the service that a file is from writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.contracts import Control, JsonValue, Source, SubmissionAccepted, fingerprint
from shared.forms import Form
from shared.mail_addresses import ADDRESS_MOST, is_address
from storage_service.importing.found import FIELDS_MOST, NAME_MOST, Found, NotTaken
from storage_service.importing.keys import Keys
from storage_service.importing.mapping import Columns, Target
from storage_service.importing.moments import BadMoment, Moments
from storage_service.importing.services import UNFINISHED, Role, Service
from storage_service.importing.taken import Refusal, Taken
from storage_service.importing.values import check_open, flag_of, short_of, value_of

HONEYPOT, IMPORTED = "honeypot", "imported"
"""Why what is imported is spam: its trap was filled in, or it was spam where it comes from."""


@dataclass(slots=True)
class _Sorted:
    """The values of a record: fields by their names, and what else is known, with its column."""

    fields: dict[str, JsonValue] = field(default_factory=dict)
    known: dict[Role, tuple[str, JsonValue]] = field(default_factory=dict)

    def text(self, role: Role) -> str | None:
        column, value = self.known.get(role, ("", None))
        try:
            return short_of(value)
        except Refusal as error:
            raise Refusal(f"{column}: {error}") from None


class Taking:
    """Takes records for one form. With `is_spam` all of them are spam."""

    def __init__(
        self, service: Service, columns: Columns, moments: Moments, keys: Keys, form: Form, *, is_spam: bool = False
    ) -> None:
        self._service = service
        self._columns = columns
        self._moments = moments
        self._keys = keys
        self._form = form.name
        self._sealed = frozenset(form.sensitive_fields)
        self._is_spam = is_spam

    def __call__(self, found: Found) -> Taken | NotTaken:
        """Return the submission that a record is, or why it is not taken."""
        try:
            return Taken(found.first, found.last, self._event(self._sorted(found)))
        except (Refusal, BadMoment) as error:
            return NotTaken(found.first, found.last, str(error))

    def _event(self, told: _Sorted) -> SubmissionAccepted:
        column, value = told.known.get("time", ("", None))
        if value is None:
            raise Refusal("nothing says when it was submitted")
        if not isinstance(value, str):
            raise Refusal(f"{column}: expected a text")
        try:
            accepted_at = self._moments.read(value)
        except BadMoment as error:
            raise Refusal(f"{column}: {error}") from None
        if told.known.get("unfinished", ("", None))[1] == UNFINISHED:
            raise Refusal("somebody began it, and never sent it")
        spam = self._spam(told)
        reply_to = self._reply_to(told)
        if not told.fields:
            raise Refusal("no field has a value")
        source = Source(told.text("ip"), told.text("user_agent"), told.text("referer"), told.text("language"))
        control = Control(told.text("subject"), reply_to)
        print_of = fingerprint(told.fields)
        key = self._keys.next(self._form, accepted_at, print_of)
        return SubmissionAccepted(key, self._form, accepted_at, told.fields, print_of, source, control, spam)

    def _spam(self, told: _Sorted) -> str | None:
        trap = value_of(told.known.get("trap", ("", None))[1])
        if trap is not None and trap is not False and trap != "false":
            return HONEYPOT
        column, value = told.known.get("spam", ("", None))
        try:
            return IMPORTED if self._is_spam or flag_of(value) else None
        except Refusal as error:
            raise Refusal(f"{column}: {error}") from None

    def _reply_to(self, told: _Sorted) -> str | None:
        """Return whom to answer. What is no address stays, as a field."""
        column, value = told.known.get("reply_to", ("", None))
        address = value.strip() if isinstance(value, str) else ""
        if len(address) <= ADDRESS_MOST and is_address(address):
            return address
        if (kept := value_of(value)) is not None:
            told.fields.setdefault(column, kept)
        return None

    def _sorted(self, found: Found) -> _Sorted:
        told = _Sorted()
        for name, target, raw in self._each(found):
            if target.field is None:
                if target.role != "nothing" and raw not in (None, ""):
                    told.known[target.role] = (name, raw)
                continue
            try:
                value = value_of(raw)
            except Refusal as error:
                raise Refusal(f"{name}: {error}") from None
            if value is None:
                continue
            if target.field in told.fields:
                raise Refusal(f"{name}: another column is {target} already")
            told.fields[target.field] = value
        if len(told.fields) > FIELDS_MOST:
            raise Refusal(f"{len(told.fields):,} fields, {FIELDS_MOST:,} at most")
        check_open(told.fields, self._sealed)
        return told

    def _each(self, found: Found) -> Iterator[tuple[str, Target, JsonValue]]:
        """Yield each column, what it is taken for, and its value. Where a record has its fields in a member, what
        stands beside that is no field."""
        inside = found.values.get(self._service.inside) if self._service.inside else None
        if not isinstance(inside, dict):
            yield from map(self._taken_for, found.values.items())
            return
        beside = ((name, value) for name, value in found.values.items() if name not in inside)
        yield from (one for one in map(self._taken_for, beside) if one[1].field is None)
        yield from map(self._taken_for, inside.items())

    def _taken_for(self, named: tuple[str, JsonValue]) -> tuple[str, Target, JsonValue]:
        name, value = named
        if len(name) > NAME_MOST:
            raise Refusal(f"a field's name has {len(name):,} characters, {NAME_MOST} at most")
        return name, self._columns.of(name), value
