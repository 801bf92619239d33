"""Prints what a user needs to know when `make run` is ready."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from dev import first_owner, run_settings
from dev.steps import ROOT

_FIRST = """
Counterfoil is ready. Open this link first, and make yourself the owner:

  {link}

It works once, for 24 hours; the next `make run` makes another.
"""
_HAS_OWNER = """
Counterfoil is ready:  {address}/console
"""
_READY = """
  Console   {address}/console  (what came in; locked out: docs/console.md)
  Forms     {address}/  (from {forms})
  API       {address}/v1  (described at {address}/v1/openapi.json; `make key` makes further keys)
  API key   {api_key}
  Operator  {operator_key}
  Mails     {mails}
  Data      {data}

Try it: open {address}/f/{form} in a browser{posts}
  curl -H "Authorization: Bearer {key}" {address}/v1/forms/{form}/submissions

What is killed comes back. Ctrl-C ends all of it; `make run` again goes on with the same data.
"""

_POSTS = """, or

  curl -d 'name=Ada Lovelace' -d 'email=ada@example.org' {address}/f/{form}
  curl --json '{{"name": "Ada Lovelace", "email": "ada@example.org"}}' {address}/f/{form}"""
_ASK_HOME = """.
For a terminal {address}/ has a line for each form. What came in is shown by
"""

_EXAMPLE = {"name", "email"}


def ready(directory: Path, port: int, setup_output: str, mail_page: str | None, link: str | None = None) -> str:
    """Return the first owner's link, where keys and mails are, and what to try.

    `setup_output` holds the new keys, or nothing; `link` is None where there is an owner.
    """
    key, operator_key = _shown_once(setup_output, "API key"), _shown_once(setup_output, "Operator key")
    address = first_owner.url_of(port)
    form, definition = _first_form()
    first = _FIRST.format(link=link) if link else _HAS_OWNER.format(address=address)
    return first + _READY.format(
        address=address,
        form=form,
        posts=(_POSTS if _takes_example(definition) else _ASK_HOME).format(address=address, form=form),
        api_key=_told(key, "api_key_hashes", "read"),
        operator_key=_told(operator_key, "operator_key_hashes", "operate"),
        key=key or "$API_KEY",
        mails=f"{mail_page}  (to whoever submits and to the owner; as files in {_shown(directory)}/mail)"
        if mail_page
        else "sent through COUNTERFOIL_SMTP_URL",
        forms=_shown(run_settings.forms()),
        data="the database of COUNTERFOIL_DATABASE_URL" if run_settings.is_given("DATABASE_URL") else _shown(directory),
    )


def _shown_once(setup_output: str, name: str) -> str:
    """Return the key that a line of the output names; empty where there is none."""
    lines = (line for line in setup_output.splitlines() if line.startswith(name))
    return next(lines, "").rpartition(" ")[2]


def _told(key: str, file: str, scope: str) -> str:
    if key:
        return f"{key}  (shown this once, keep it)"
    if run_settings.is_given(file.upper()):
        return f"one of those whose hashes are in COUNTERFOIL_{file.upper()}"
    return f"shown at the first start; `make key NAME=mine SCOPES={scope}` makes another"


def _first_form() -> tuple[str, dict[str, Any]]:
    forms = tomllib.loads(run_settings.forms().read_text("utf-8")).get("forms", {})
    return next(iter(forms.items()), ("signup", {}))


def _takes_example(definition: dict[str, Any]) -> bool:
    """Return whether a form takes a name and an email address and needs nothing else."""
    fields: dict[str, dict[str, Any]] | None = definition.get("fields")
    if fields is None:
        return True
    needed = {name for name, field in fields.items() if field.get("required")}
    return needed <= _EXAMPLE <= fields.keys()


def _shown(path: Path) -> str:
    return str(path).removeprefix(f"{ROOT}/")
