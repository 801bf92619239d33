"""Labels are as they are written; of one made from a name only the first letter changes, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.openapi.requests import schema_of
from shared import forms
from shared.forms.labels import label_of
from support.gateway_app import a_gateway, document_of

LABELS = {
    'iban = {type = "integer", label = "IBAN"}': "IBAN",
    'vat = {type = "integer", label = "VAT number"}': "VAT number",
    'place = {type = "integer", label = "PLZ/Ort"}': "PLZ/Ort",
    'phone = {type = "integer", label = "iPhone"}': "iPhone",
    'iban_nr = {type = "integer"}': "Iban nr",
    'VAT_number = {type = "integer"}': "VAT number",
    '"PLZ Ort" = {type = "integer"}': "PLZ Ort",
    'last-name = {type = "integer"}': "Last-name",
    'éCOLE = {type = "integer"}': "ÉCOLE",
}


@pytest.mark.parametrize(("definition", "label"), LABELS.items())
def test_a_label(tmp_path: Path, definition: str, label: str) -> None:
    gateway = a_gateway(tmp_path, definitions=f"[forms.a.fields]\n{definition}\n".replace("éCOLE", '"éCOLE"'))
    form = gateway.forms["a"]
    (field,) = (form.fields or {}).values()
    assert label_of(field) == label
    assert f">{label}" in gateway.client.get("/f/a").text
    assert schema_of(field, form)["anyOf"][0]["title"] == label
    refused = gateway.client.post("/f/a", json={field.name: "x"})
    message = document_of(refused)["errors"][0]["message"]
    assert message == f"{field.label or field.name[:1].upper() + field.name[1:]} must be a number."


def test_a_title_made_from_a_name(tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text("[forms.VAT-form_EU]\n", encoding="utf-8")
    assert forms.load(path)["VAT-form_EU"].title == "VAT form EU"
