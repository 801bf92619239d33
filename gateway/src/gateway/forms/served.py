"""The doors of the forms: what a form needs to take submissions, built once for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.abuse.captchas import Captchas, Gate
from gateway.fields.schemas import FormSchema
from gateway.forms.control import Controls
from gateway.forms.origins import Origins
from gateway.http.errors import form_not_found
from shared.contracts import JsonValue
from shared.forms import Form, Forms
from shared.forms.definitions import ADDRESS_NAMES


@dataclass(frozen=True, slots=True)
class Door:
    """One form, ready to take submissions. `mail_field` is `Form.mail_field`."""

    form: Form
    schema: FormSchema
    origins: Origins
    controls: Controls
    gate: Gate | None
    mail_field: str | None

    def address_in(self, fields: Mapping[str, JsonValue]) -> str | None:
        """Return the address in the form's `mail_field`; None without one, or with one in a kept field named for it."""
        if self.mail_field is None or any(fields.get(name) for name in ADDRESS_NAMES):
            return None
        value = fields.get(self.mail_field)
        return value if isinstance(value, str) and value else None


class Doors:
    """The doors of all forms, by name. A definition that is replaced in `forms` gets a new door at the next call."""

    def __init__(self, forms: Forms, captchas: Captchas) -> None:
        self._forms = forms
        self._captchas = captchas
        self._doors = {name: self._door_of(form) for name, form in forms.items()}

    def at(self, name: str) -> Door:
        """Return the door of a form; raises `Refused` (404) where there is no such form."""
        form = self._forms.get(name)
        if form is None:
            raise form_not_found()
        door = self._doors.get(name)
        if door is None or door.form is not form:
            door = self._doors[name] = self._door_of(form)
        return door

    def _door_of(self, form: Form) -> Door:
        gate = self._captchas.gate_of(form)
        return Door(form, FormSchema(form), Origins(form), Controls(form), gate, form.mail_field)
