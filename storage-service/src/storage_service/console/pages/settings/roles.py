"""Reads roles from a form, and shows them: one choice for all forms, and one for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.forms import Forms
from storage_service.accounts.roles import BadGrants, Grant, a_grant
from storage_service.console.granting import bad_roles

FOR_ALL = "role"
FOR_ONE = "role:"
"""How the fields are called; the name of a form follows."""

CHOICES = (
    ("", "No role"),
    ("viewer", "Viewer: reads"),
    ("editor", "Editor: works on submissions, exports"),
    ("owner", "Owner: as an editor, erases, sees sealed fields"),
)
OF_ALL = (*CHOICES[:-1], ("owner", "Owner: everything, users and keys too"))


@dataclass(frozen=True, slots=True)
class OneForm:
    """A form that a role may be given for. `is_gone` says that it is not in the forms file any more."""

    name: str
    title: str
    role: str
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Roles:
    """What the fields of roles show: the role for all forms, and the one for each."""

    all: str = ""
    forms: Sequence[OneForm] = field(default=())

    @property
    def has_some(self) -> bool:
        """Whether there is a role for a single form."""
        return any(one.role for one in self.forms)


def given(fields: Mapping[str, str]) -> list[Grant]:
    """Return the roles of a form that was sent; raises `Refused` (422) for what is none."""
    named = {None: fields.get(FOR_ALL, "")} | {
        name.removeprefix(FOR_ONE): role for name, role in fields.items() if name.startswith(FOR_ONE)
    }
    try:
        return [a_grant(role, form) for form, role in named.items() if role]
    except BadGrants as error:
        raise bad_roles(error) from error


def shown(grants: Iterable[Grant], forms: Forms) -> Roles:
    """Return what the fields show for these roles."""
    role = {one.form: one.role for one in grants}
    known = [OneForm(name, form.title, role.get(name, "")) for name, form in forms.items()]
    gone = [OneForm(name, name, role[name], is_gone=True) for name in role if name is not None and name not in forms]
    return Roles(role.get(None, ""), [*known, *gone])


def typed(fields: Mapping[str, str], forms: Forms) -> Roles:
    """Return what the fields show again that were sent, good or not."""
    known = [OneForm(name, form.title, fields.get(f"{FOR_ONE}{name}", "")) for name, form in forms.items()]
    return Roles(fields.get(FOR_ALL, ""), known)
