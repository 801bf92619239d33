"""`python -m storage_service resend`: its arguments, what it says, and its exit codes."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from shared import database
from storage_service.__main__ import main
from storage_service.tables import MIGRATIONS
from storage_service.work import Work
from support.events import an_event
from support.resending import a_state, outgoing, submissions_with, tell, unsettled
from support.submission_databases import store
from support.working import an_asker


@pytest.fixture(autouse=True)
def _handler_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/storage.db"
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", url)
    return url


@pytest.fixture
def engine(url: str) -> Engine:
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    return engine


def resend(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit code, what was said, and what was complained of."""
    capsys.readouterr()
    code = main(["resend", *arguments])
    told = capsys.readouterr()
    return code, told.out.strip(), told.err.strip()


def test_it_counts_first_and_then_does_it_once(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    submissions_with(engine, 20)
    submissions_with(engine, 17, channel="webhook")
    would = "would send 37 again: 20 owner, 17 webhook; --yes does it"
    assert resend(capsys, "--failed") == (0, would, "")
    assert outgoing(engine) == []
    code, said, progress = resend(capsys, "--failed", "--yes")
    assert (code, said) == (0, "37 will be sent again")
    assert progress.splitlines() == ["25 of 37 asked for", "37 of 37 asked for"]
    assert len(outgoing(engine)) == 37
    assert resend(capsys, "--failed", "--yes") == (0, "nothing to send again", "")
    assert len(outgoing(engine)) == 37


def test_who_asks_is_kept(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    submissions_with(engine, 1)
    assert resend(capsys, "--failed", "--yes", "--as", "Ada")[0] == 0
    assert outgoing(engine)[0].requested_by == "Ada"


def test_what_a_cap_holds_is_chosen_by_itself(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    submissions_with(engine, 1)
    submissions_with(engine, 2, "held", channel="confirmation")
    submissions_with(engine, 4, "held", reason="spam")
    assert resend(capsys, "--held")[1] == "would send 2 again: 2 confirmation; --yes does it"
    assert resend(capsys, "--held", "--channel", "email", "--since", "2h")[1].startswith("would send 2 again")
    assert resend(capsys, "--held", "--form", "other") == (0, "nothing to send again", "")


def test_one_submission_is_named_by_its_id(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    told = submissions_with(engine, 3)
    one, unknown = str(told[0].submission_id), str(uuid4())
    assert resend(capsys, one) == (0, "would send 1 again: 1 owner; --yes does it", "")
    code, said, complained = resend(capsys, one, unknown, "--yes")
    assert (code, said) == (1, "1 will be sent again")
    assert f"there is no submission {unknown} here" in complained
    assert resend(capsys, unknown)[0] == 1


def test_a_channel_of_one_is_sent_again_though_nothing_failed(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    event = an_event()
    store(engine, event)
    hint = "nothing to send again; to send what was sent before, name a channel: --channel"
    assert resend(capsys, str(event.id)) == (0, hint, "")
    asked = (str(event.id), "--channel", "email")
    assert resend(capsys, *asked)[1] == "would send 1 again: 1 confirmation; --yes does it"
    assert resend(capsys, *asked, "--yes")[1] == "1 will be sent again"
    assert resend(capsys, *asked, "--yes")[1].endswith("1 asked for already: nothing has come of that yet")
    assert len(outgoing(engine)) == len(unsettled(engine)) == 1


def test_what_is_not_stored_is_told(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    tell(engine, a_state(an_event()))
    code, said, complained = resend(capsys, "--failed", "--yes")
    assert (code, said) == (1, "nothing to send again")
    assert complained == "1 cannot be sent from here: their submissions are not in this database"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "expected ids of submissions, or --failed, or --held"),
        (["--failed", "--held"], "not allowed with"),
        (["x"], "'x' is no id of a submission"),
        (["--failed", "0192f0c1-2c5e-7c3e-9b57-3f6f6a1d9a77"], "expected ids of submissions, or"),
        (["0192f0c1-2c5e-7c3e-9b57-3f6f6a1d9a77", "--since", "2h"], "an id is one submission"),
        (["--failed", "--since", "2"], "expected an age such as 30m, 2h or 3d"),
        (["--failed", "--channel", "Owner Mail"], "expected a channel, such as"),
        (["--failed", "--as", "x" * 201], "expected 1 to 200 characters"),
        (["0192f0c1-2c5e-7c3e-9b57-3f6f6a1d9a77"] * 1001, "1001 ids, 1000 at most"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_opened(
    arguments: Sequence[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["resend", *arguments])
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_a_database_that_is_not_migrated_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, complained = resend(capsys, "--failed")
    assert code == 2
    assert "has not been migrated: run `python -m storage_service migrate` first" in complained
    assert "COUNTERFOIL_DATABASE_URL" in complained


def test_a_file_that_is_not_there_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    code, _, complained = resend(capsys, "--failed")
    assert code == 2
    assert f"{tmp_path}/elsewhere.db has not been migrated" in complained
    assert list(tmp_path.iterdir()) == []


def test_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = r"\n  resend +Send again what failed or is held; without --yes, count it\.\n"
    assert re.search(listed, capsys.readouterr().out)
    assert main(["resent"]) == 2
    assert "there is no command 'resent'" in capsys.readouterr().err


def test_what_a_person_called_spam_is_not_sent_and_that_is_said(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    spam, _ = submissions_with(engine, 2)
    Work(engine).spam(spam.submission_id, an_asker())
    code, said, complained = resend(capsys, "--failed")
    assert (code, said) == (0, "would send 1 again: 1 owner; --yes does it")
    assert complained == "1 are not sent: their submissions are held back as spam"
    for arguments in ([], ["--channel", "owner"]):
        code, said, complained = resend(capsys, str(spam.submission_id), *arguments, "--yes")
        assert (code, said) == (1, "")
        assert complained.endswith("is sent: it is held back as spam; say first that it is none")
