"""A text of every kind at the gateway: what can be stored is taken, and a line is a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.gateway_app import Gateway, a_gateway, errors_of
from support.texts import TEXTS

FORMS = """
[forms.a]
fields.name = {type = "text", max_length = 200}
fields.story = {type = "text"}
[forms.b]
confirmation.subject = "About {topic}"
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_is_stored_as_it_came(gateway: Gateway, kind: str) -> None:
    case = TEXTS[kind]
    for form in ("a", "b"):
        answer = gateway.client.post(f"/f/{form}", json={"story": case.text})
        assert answer.status_code == (202 if case.is_stored else 422)
    assert [event.fields for event in gateway.published()] == [{"story": case.text}] * (2 if case.is_stored else 0)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(("form", "name"), [("a", "name"), ("a", "_subject"), ("b", "name"), ("b", "topic")])
def test_a_line_is_cleaned_or_refused(gateway: Gateway, form: str, name: str, kind: str) -> None:
    case = TEXTS[kind]
    answer = gateway.client.post(f"/f/{form}", json={"story": "x", name: case.text})
    if case.line is None:
        assert answer.status_code == 422
        assert not case.is_stored or errors_of(answer) == [("LINE_BREAK", name)]
    else:
        (event,) = gateway.published()
        assert (event.control.subject if name == "_subject" else event.fields[name]) == case.line
