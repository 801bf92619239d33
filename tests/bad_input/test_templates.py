"""`{{7*7}}`, `${x}` in a field: literal, on pages and in mails."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.composed import bodies, composed
from support.confirmations import a_form
from support.events import an_event
from support.gateway_app import a_gateway

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
TEMPLATES = [
    "{{7*7}}",
    "${7*7}",
    "${x}",
    "{7*7}",
    "{% raw %}",
    "{# a #}",
    "{0.__class__}",
    "{name}",
    "%s %(name)s",
    "#{7*7}",
    "*{7*7}",
    "@(7*7)",
]


@pytest.mark.parametrize("typed", TEMPLATES)
def test_on_a_page(tmp_path: Path, typed: str) -> None:
    gateway = a_gateway(tmp_path)
    page = gateway.client.post("/f/signup", data={"name": typed}, headers=PAGE)
    assert page.status_code == 422
    assert f'value="{typed}"' in page.text
    assert "49" not in page.text.split("<main", 1)[1].split("_idempotency_key", 1)[0]


@pytest.mark.parametrize("typed", TEMPLATES)
def test_in_a_mail(typed: str) -> None:
    mail = composed(an_event(name=typed), a_form(subject="For {name}", text="Dear {name}"))
    shown = typed.replace(".", ". ").replace("@", "@ ")  # as is done to whatever could be a link
    assert mail["Subject"] == f"For {shown}"
    for body in bodies(mail):
        assert f"Dear {shown}" in body
