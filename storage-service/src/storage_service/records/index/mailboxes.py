"""Says which mailboxes a submission names: by these a person's data is found."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from shared.mailboxes import mailboxes_in


def mailboxes_of(row: Row[Any]) -> list[str]:
    """Return those in the `fields`, the `control` and the `source` of a row."""
    return mailboxes_in(row.fields, row.control, row.source)
