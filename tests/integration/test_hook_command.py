"""`python -m storage_service hook …`: the hooks in a terminal, ended, and told again."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete

from shared.contracts import HookChanged
from shared.database import Outbox
from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Keys
from storage_service.commands.hook import hook
from storage_service.commands.key import key
from storage_service.hooks import Hook, Hooks
from storage_service.tables import OUTBOX
from support.hooks import CATCH
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", database_url)
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def made(engine: Engine) -> Hook:
    keys = Keys(engine)
    asker = keys.asker(keys.add("zapier", ["export"], ["signup"], None))
    assert asker is not None
    found, _ = Hooks(engine).add(CATCH, [], None, asker)
    told(engine)
    return found


def told(engine: Engine) -> list[HookChanged]:
    with engine.begin() as connection:
        found = [HookChanged.decode(one.body) for one in Outbox(OUTBOX).first(connection).values()]
        connection.execute(delete(OUTBOX))
    return found


def test_it_lists_them_without_what_leads_to_them(made: Hook, capsys: pytest.CaptureFixture[str]) -> None:
    assert hook(["list"]) == 0
    line = capsys.readouterr().out
    assert line == f"{made.id}\tzapier\thooks.example.org\tsubmission.accepted\tforms signup\tcalled\n"


def test_it_ends_one(made: Hook, engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert hook(["end", str(made.id)]) == 0
    assert told(engine) == [HookChanged(made.id, 2, is_ended=True)]
    [noted] = Audit(engine).page(1)
    assert noted.by.startswith("command: ")
    assert hook(["list"]) == 0
    assert "ended 20" in capsys.readouterr().out
    assert hook(["end", str(uuid4())]) == 1
    assert "there is no hook" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        hook(["end", "x"])
    assert "expected the id of a hook" in capsys.readouterr().err


def test_it_tells_notify_of_all_again(made: Hook, engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert hook(["tell"]) == 0
    assert capsys.readouterr().out.startswith("1 hooks wait in the outbox")
    [again] = told(engine)
    assert (again.id, again.version, again.url) == (made.id, 1, CATCH)


def test_a_key_that_is_ended_in_a_terminal_takes_its_hooks_along(made: Hook, engine: Engine) -> None:
    assert key(["end", "zapier"]) == 0
    assert told(engine) == [HookChanged(made.id, 2, is_ended=True)]


def test_without_any_it_says_where_they_are_made(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert hook(["list"]) == 0
    assert "/v1/hooks" in capsys.readouterr().err
