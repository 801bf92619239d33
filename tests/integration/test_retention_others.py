"""What else is too old goes too: lines of the audit, and what is left of sign-ins, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, insert, select

from shared.database import reading
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.retention.others import LINES_AT_ONCE, Others
from storage_service.tables import ACCOUNTS, audit
from support.submission_databases import migrated

NOW = datetime.now(UTC)
YEARS = timedelta(days=730)
ADA = Asker("ada@example.org", frozenset())


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def noted(engine: Engine, days: float, count: int = 1) -> None:
    line = {
        "at": NOW - timedelta(days=days),
        "who": "ada@example.org",
        "action": "submission.read",
        "target": str(days),
    }
    with engine.begin() as connection:
        connection.execute(insert(audit), [line] * count)


def test_lines_of_the_audit_go_after_their_time_with_a_line_that_says_so(engine: Engine) -> None:
    noted(engine, 731, LINES_AT_ONCE + 7)
    noted(engine, 729)
    noted(engine, 0)
    rests = list[float]()
    others = Others(engine, YEARS, clock=lambda: NOW, rest=rests.append)
    others()
    shown = Audit(engine).page(10)
    assert [(one.by, one.action, one.count) for one in shown if one.by != "ada@example.org"] == [
        ("rule: retention", "audit.erased", LINES_AT_ONCE + 7)
    ]
    assert [one.on for one in shown] == ["audit", "0", "729"]
    assert len(rests) == 1, "it rests between its steps"
    noted(engine, 800)
    others()
    assert "800" in [one.on for one in Audit(engine).page(10)], "it looks once an hour"


def test_for_ever_is_for_ever(engine: Engine) -> None:
    noted(engine, 9999)
    Others(engine, None, clock=lambda: NOW)()
    assert [one.on for one in Audit(engine).page(10)] == ["9999"]


def test_what_is_left_of_sign_ins_goes_though_nobody_signs_in(engine: Engine) -> None:
    moments = [NOW - timedelta(days=400)]
    accounts = accounts_of(engine, clock=lambda: moments[-1])
    user = accounts.users.add("ada@example.org", [Grant("owner")], ADA)
    accounts.signing_in.begin(user, "password", "192.0.2.7", None, "a browser")
    accounts.links.make("invitation", "grace@example.org", [Grant("viewer")], ADA)
    moments.append(NOW)
    other = accounts.users.add("bea@example.org", [Grant("owner")], ADA)
    tables = (ACCOUNTS.sessions, ACCOUNTS.devices, ACCOUNTS.links)

    def counts() -> list[int]:
        with reading(engine).connect() as connection:
            return [connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables]

    assert counts() == [1, 1, 1]
    Others(engine, YEARS, clock=lambda: NOW)()
    assert counts() == [0, 0, 0]
    accounts.signing_in.begin(other, "password", None, None, "a browser")
    Others(engine, YEARS, clock=lambda: NOW)()
    assert counts() == [1, 1, 0]
