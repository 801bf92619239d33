"""Says which mailboxes a submission names: by these a person's data is found."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from sqlalchemy import Row

from shared.mailboxes import mailboxes_in


def mailboxes_of(row: Row[Any]) -> list[str]:
    """Return those in the `fields`, the `control` and the `source` of a row; in an address of a page, `%40` is an @."""
    source = {**row.source, "referer": unquote(row.source.get("referer") or "")}
    return mailboxes_in(row.fields, row.control, source)
