"""docs/architecture.md explains every room of the three services."""

from __future__ import annotations

import re

import pytest

from support.service import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
SERVICES = ["gateway/src/gateway", "storage-service/src/storage_service", "notify-service/src/notify_service"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_room_has_a_row_or_is_named_before_the_table(service: str) -> None:
    section = re.search(rf"^### [^\n]+`{service}/`\n(.*?)(?=^###? )", PAGE, re.MULTILINE | re.DOTALL)
    assert section
    named = set(re.findall(r"`(\w+)/", section.group(1)))
    rooms = {path.parent.name for path in (ROOT / service).glob("*/__init__.py")}
    assert len(rooms) > 10
    assert rooms - named == set()
