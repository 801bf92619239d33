"""Says how a database reads what it is asked, and whether it reads the whole of a table for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, event

_TABLES = "submissions|submission_labels|search_entries|search_words|search_fields|delivery_states"
_SCANS = {
    "postgresql": re.compile(rf"Seq Scan on ({_TABLES})"),
    "sqlite": re.compile(rf"SCAN ({_TABLES})(?! (USING|VIRTUAL))"),
}


def scans_in(engine: Engine, plans: Sequence[str]) -> list[str]:
    """Return the lines of plans that read all of a table."""
    return [line for plan in plans for line in plan.splitlines() if _SCANS[engine.dialect.name].search(line)]


def plans_of(engine: Engine, ask: Callable[[], object]) -> list[str]:
    """Return the plan of each statement that is sent."""
    plans: list[str] = []
    prefix = "EXPLAIN " if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "

    def explain(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            driver = connection.connection.driver_connection
            assert driver is not None
            rows = driver.execute(prefix + statement, parameters).fetchall()
            plans.append("\n".join(str(row[-1]) for row in rows))

    event.listen(engine, "before_cursor_execute", explain)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    return plans
