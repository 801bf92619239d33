"""`storage_service spam …` shows how far it is, and goes back to a former model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from shared.terminal import Refused
from storage_service.commands.spam import spam
from storage_service.spam import trainings
from storage_service.spam.models import Models
from storage_service.spam.outcome import Outcome
from storage_service.spam.worker import BY
from support.spam_learned import labelled, made
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", database_url)
    with migrated(database_url) as made:
        yield made


def test_it_says_who_said_what_and_what_is_missing(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    labelled(engine, ["one text"], is_spam=True)
    labelled(engine, ["two texts", "three texts"], is_spam=False, author="bob@example.org")
    assert spam(["standing"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "labels that count: 2 of no spam, 1 of spam; new since the last training: 3",
        "  bob@example.org\t2 no spam\t0 spam",
        "  ada@example.org\t0 no spam\t1 spam",
        "no model: missing for a model: 49 of spam and 48 of good ones and 100 more of either kind",
    ]
    assert spam(["train"]) == 1
    assert capsys.readouterr().out.startswith("missing: missing for a model: 49 of spam")
    assert spam(["without", "bob@example.org"]) == 1
    assert spam(["without", "bob@example.org"]) == 1
    assert "what bob@example.org says does not count already" in capsys.readouterr().err
    assert spam(["standing"]) == 0
    assert "  bob@example.org\t2 no spam\t0 spam\tleft out" in capsys.readouterr().out.splitlines()
    assert spam(["with", "bob@example.org"]) == 1
    with pytest.raises(Refused, match="nobody called 'eve'"):
        spam(["without", "eve"])
    trainings.keep(engine, Outcome("failed", "the database was away"), datetime.now(UTC))
    assert spam(["standing"]) == 0
    assert "the last training made no model: the database was away" in capsys.readouterr().out.splitlines()


def test_it_goes_back_to_a_former_model_and_to_no_other(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert spam(["models"]) == 0
    assert "there is no model yet" in capsys.readouterr().err
    models, first = Models(engine), made(1)
    models.keep(first, BY)
    models.keep(made(2), BY)
    models.keep(made(3, "refused", "it holds good ones"), BY)
    assert spam(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.rsplit("\t", 1)[1] for line in lines] == ["refused: it holds good ones", "current", "former"]
    assert "of 300 good ones it would have held 0, of 90 spam 80" in lines[0]
    assert spam(["use", first.stored.version]) == 0
    current = models.current()
    assert current is not None
    assert current.number == 1
    with pytest.raises(Refused, match="there is no model '9-00000000'"):
        spam(["use", "9-00000000"])
    with pytest.raises(Refused, match="was refused when it was trained: it holds good ones"):
        spam(["use", models.all()[0].version])
    capsys.readouterr()
    assert spam(["standing"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "forms may hold by it"
    assert told[-2].startswith("the last one was refused: 3-")
