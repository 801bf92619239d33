"""Rows that travel as one JSON document in one parameter, which the database itself takes apart.

One statement of one text, however many rows there are, as in docs/decisions/0003-storage-writes.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Text, Uuid, bindparam, cast, column, func, select
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.sql.expression import FromClause


def documents(dialect: str, name: str, columns: Sequence[KeyedColumnElement[Any]]) -> FromClause:
    """Return the rows of a parameter that holds a JSON array, with these columns."""
    if dialect == "postgresql":
        typed = [column(one.name, one.type) for one in columns]
        rows = func.json_to_recordset(cast(bindparam(name, type_=Text), JSON)).table_valued(*typed, name=name)
        return rows.render_derived(with_types=True)
    documents = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    members = {one.name: func.json_extract(documents.c.value, f"$.{one.name}") for one in columns}
    for one in columns:
        if isinstance(one.type, Uuid):  # kept without its hyphens
            members[one.name] = func.replace(members[one.name], "-", "")
    return select(*(member.label(at) for at, member in members.items())).select_from(documents).subquery(name)
