"""Builds for each form, once, what it needs to take submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.abuse.captchas import CaptchaCheck, Captchas
from gateway.fields.schemas import FormSchema
from gateway.forms.control import Controls
from gateway.forms.origins import Origins
from gateway.http.errors import form_not_found
from gateway.spam.judging import Judge, Judges
from shared.contracts import JsonValue
from shared.forms import Form, Forms
from shared.forms.definitions import ADDRESS_NAMES


@dataclass(frozen=True, slots=True)
class ServedForm:
    """One form, ready to take submissions. `mail_field` is `Form.mail_field`; nobody judges where `judge` is None."""

    form: Form
    schema: FormSchema
    origins: Origins
    controls: Controls
    captcha: CaptchaCheck | None
    mail_field: str | None
    judge: Judge | None

    def address_in(self, fields: Mapping[str, JsonValue]) -> str | None:
        """Return the address in the form's `mail_field`; None without one, or with one in a kept field named for it."""
        if self.mail_field is None or any(fields.get(name) for name in ADDRESS_NAMES):
            return None
        value = fields.get(self.mail_field)
        return value if isinstance(value, str) and value else None


class ServedForms:
    """All forms, by name. A definition that is replaced in `forms` is built anew at the next call."""

    def __init__(self, forms: Forms, captchas: Captchas, judges: Judges) -> None:
        self._forms = forms
        self._captchas = captchas
        self._judges = judges
        self._served = {name: self._serve(form) for name, form in forms.items()}

    def named(self, name: str) -> ServedForm:
        """Return a form; raises `Refused` (404) where there is no such form."""
        form = self._forms.get(name)
        if form is None:
            raise form_not_found()
        served = self._served.get(name)
        if served is None or served.form is not form:
            served = self._served[name] = self._serve(form)
        return served

    def _serve(self, form: Form) -> ServedForm:
        captcha, judge = self._captchas.check_of(form), self._judges.judge_of(form)
        return ServedForm(form, FormSchema(form), Origins(form), Controls(form), captcha, form.mail_field, judge)
