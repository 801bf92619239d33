"""The page of OpenAPI shows every form, also one that takes no JSON."""

from __future__ import annotations

from pathlib import Path

from shared.files import MemoryFiles
from support.gateway_app import a_gateway

FORMS = '[forms.apply]\nfields.cv = {type = "file", required = true}\nfields.name = {type = "text"}\n'


def test_a_form_that_needs_a_file_is_shown(tmp_path: Path) -> None:
    shown = a_gateway(tmp_path, definitions=FORMS, files=MemoryFiles()).client.get("/openapi")
    assert shown.status_code == 200
    assert "multipart/form-data" in shown.text
