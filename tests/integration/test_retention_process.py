"""A console that is killed in the midst of retention: the next one goes on, and the count is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, delete, func, insert, select, update

from bench.many_submissions import fill
from shared.database import reading
from storage_service.accounts.audit import Audit
from storage_service.tables import LEASES, RETENTION, submissions
from support.console_server import ConsoleServer
from support.polling import eventually
from support.service import run
from support.submission_databases import migrated

ROWS = 1000


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Lend a database in which a rule has counted for long, and much is due."""
    with migrated(database_url) as made:
        fill(made, ROWS)
        with made.begin() as connection:
            connection.execute(update(submissions).values(form="a", spam=None))
            known = {"form": "a", "what": "submissions", "days": 9, "action": "erase", "run_count": 0}
            connection.execute(insert(RETENTION.rules).values(known))
        yield made


def counts(engine: Engine) -> tuple[int, int]:
    """Return how many are erased, and how many the run says that it has erased."""
    erased = select(func.count()).select_from(submissions).where(submissions.c.erased_at.is_not(None))
    told = select(RETENTION.rules.c.run_count).where(RETENTION.rules.c.what == "submissions")
    with reading(engine).begin() as connection:
        return connection.scalar(erased) or 0, connection.scalar(told) or 0


def test_killed_in_the_midst_it_goes_on_and_the_count_is_right(
    engine: Engine, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    forms = tmp_path / "forms.toml"
    forms.write_text('[forms.a]\nretention = "9 days"\n')
    given = {"database_url": database_url, "broker_url": broker_url, "COUNTERFOIL_FORMS": str(forms)}
    with ConsoleServer(tmp_path, **given) as console:
        eventually(lambda: counts(engine)[0] > 0, 60, f"it has begun\n{console.tail()}")
        console.kill()
        erased, told = counts(engine)
        assert 0 < erased < ROWS, "vacuous: it was done before"
        assert told == erased
        with engine.begin() as connection:
            connection.execute(delete(LEASES))  # instead of a minute
        console.start()
        eventually(lambda: counts(engine)[0] == ROWS, 150, f"the next one finishes it\n{console.tail()}")
        eventually(lambda: bool(noted(engine)), 60, "the run has ended")
        assert noted(engine) == [("rule: retention", "a", ROWS)]
        figures = requests.get(f"{console.metrics_url}/metrics", timeout=5).text
        assert f'counterfoil_retention_taken_total{{action="erase"}} {ROWS - erased}.0' in figures
        assert "counterfoil_retention_behind_seconds 0.0" in figures
    shown = run("storage_service", "retention", "show", settings={"COUNTERFOIL_DATABASE_URL": database_url})
    assert shown.startswith("a\tsubmissions\terase after 9 days\t0 due\tnothing to come\tlast 1000 at ")


def noted(engine: Engine) -> list[tuple[str, str | None, int | None]]:
    return [(one.by, one.on, one.count) for one in Audit(engine).page(10, action="retention.erased")]
