"""Writes the page that the owner of a form copies: a whole one, with all of its fields, that posts to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.forms import FIELD_TYPES, Field, Files, Form
from shared.forms.examples import fields_to_offer
from shared.forms.labels import label_of
from shared.forms.lines import is_single_line
from shared.forms.uploads.kinds import accept_of
from shared.forms.uploads.words import limits_of

Kind: TypeAlias = Literal["input", "textarea", "select", "checkbox", "checkboxes", "lines", "file"]


@dataclass(frozen=True, slots=True)
class _Element:
    """A field as the page has it: `type` is that of its HTML input.

    `accept` says for the browser what may be chosen in one of files, `limits` for people.
    """

    field: Field
    label: str
    kind: Kind
    type: str
    accept: str = ""
    limits: str = ""


class Snippets:
    """Writes such pages. `base_url` is where the gateway is reached, without a slash at its end."""

    def __init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("shared.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("snippet.html")

    def page(self, form: Form, base_url: str) -> str:
        """Return the page of a form."""
        elements = [_element(one, form) for one in fields_to_offer(form)]
        return self._template.render(form=form, url=f"{base_url}/f/{form.name}", base_url=base_url, elements=elements)


def kind_of(field: Field, form: Form) -> Kind:
    """Return by what element a page asks for a field."""
    if field.type == "list":
        return "checkboxes" if field.choices else "lines"
    others: dict[str, Kind] = {"boolean": "checkbox", "choice": "select", "file": "file"}
    return others.get(field.type) or ("input" if is_single_line(field, form) else "textarea")


def _element(field: Field, form: Form) -> _Element:
    made = _Element(field, label_of(field), kind_of(field, form), FIELD_TYPES[field.type].input)
    if field.file is None:
        return made
    limits = limits_of(field.file, form.files or Files()).removesuffix(".")
    return replace(made, accept=accept_of(field.file.types), limits=limits)
