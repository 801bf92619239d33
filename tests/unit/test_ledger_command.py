"""What the ledger's command says of what it cannot do: clearly, and with the exit code of no verdict."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import requests

from counterfoil_ledger import __main__ as command
from counterfoil_ledger.__main__ import CANNOT, CONTRADICTED, HOLDS, main
from counterfoil_ledger.api import Standing
from counterfoil_ledger.holdings import StoredRow
from counterfoil_ledger.records import Attempt, Entry, Ledger, Run
from dev.processes import free_port

RUN = ("run", "http://127.0.0.1:1")
CHECK = ("check", "ledger.jsonl", "--api-key-file", "key")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BROKER_URL", "STORAGE_DATABASE_URL", "NOTIFY_DATABASE_URL", "API_KEY"):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)
    (tmp_path / "key").write_text("cf_key\n")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("run", "127.0.0.1:8080"), "http://"),
        ((*RUN, "--submissions", "0"), "--submissions"),
        ((*RUN, "--connections", "-1"), "--connections"),
        ((*RUN, "--rate", "0"), "--rate"),
        ((*RUN, "--rate", "fast"), "--rate"),
        ((*RUN, "--retries", "1.1"), "--retries"),
        ((*RUN, "--retries", "nan"), "--retries"),
        ((*RUN, "--field", "name"), "NAME=TEXT"),
        ((*RUN, "--field", "name={key}", "--field", "email=ada@example.org"), "{key}"),
        ((*RUN, "--field", "name=Ada"), "{key}"),
        (("check", "ledger.jsonl", "--api-key-file", "nowhere"), "nowhere"),
        ((*CHECK, "--broker-url", "http://127.0.0.1"), "amqp://"),
    ],
)
def test_a_wrong_argument_is_named(arguments: tuple[str, ...], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert ended.value.code == CANNOT
    assert word in capsys.readouterr().err.splitlines()[-1]


def test_a_balance_names_every_place_that_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["balance", "--storage-database", "sqlite:///storage.db"])
    assert ended.value.code == CANNOT
    said = capsys.readouterr().err.splitlines()[-1]
    assert "COUNTERFOIL_BROKER_URL" in said
    assert "--notify-database, or COUNTERFOIL_NOTIFY_DATABASE_URL" in said
    assert "STORAGE" not in said


def test_a_place_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As a container is given its secrets."""
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL_FILE", "nowhere")
    with pytest.raises(SystemExit) as ended:
        main(["balance"])
    assert ended.value.code == CANNOT
    assert "COUNTERFOIL_BROKER_URL_FILE" in capsys.readouterr().err.splitlines()[-1]
    Path("broker").write_text("http://127.0.0.1\n")
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL_FILE", "broker")
    with pytest.raises(SystemExit):
        main([*CHECK])
    assert "amqp://" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("line", ["rubbish", "[]", '{"key": "never sent", "attempt": {}}', '{"run": {"url": ""}}'])
def test_a_file_that_is_no_ledger_is_named_with_its_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("ledger.jsonl").write_text(f"{line}\n")
    assert main([*CHECK]) == CANNOT
    assert "ledger.jsonl, line 1," in capsys.readouterr().out


def test_a_place_where_no_ledger_can_be_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", ".", "--api-key-file", "key"]) == CANNOT
    assert "Is a directory" in capsys.readouterr().out


def test_nobody_at_the_address_is_said_before_anything_is_sent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FIRST_ANSWER_S", 0.0)
    url = f"http://127.0.0.1:{free_port()}"
    assert main(["run", url]) == CANNOT
    assert f"nobody answers at {url}" in capsys.readouterr().out
    assert not Path("ledger.jsonl").exists()


def test_mails_that_cannot_be_read_are_said_before_anything_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ledger.jsonl").touch()
    assert main([*CHECK, "--url", "http://127.0.0.1:1", "--mails", "nowhere"]) == CANNOT
    assert "nowhere" in capsys.readouterr().out


def test_a_run_waits_for_the_first_answer_of_what_is_starting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [0.0], list[str]()

    def get(url: str, **_given: object) -> requests.Response:
        asked.append(url)
        if now[0] < command.FIRST_ANSWER_S / 2:
            raise requests.ConnectionError("refused")
        answer = requests.Response()
        answer.status_code = 404
        return answer

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda pause_s: now.__setitem__(0, now[0] + pause_s))
    monkeypatch.setattr(requests, "get", get)
    assert main([*RUN]) == CANNOT
    assert "has no form 'signup'" in capsys.readouterr().out
    assert len(asked) > 2


@pytest.mark.parametrize(
    ("standing", "mailed", "code"),
    [
        ("confirmed", [], CANNOT),
        ("confirmed", ["stranger@example.org"], CANNOT),
        ("confirmed", ["ada-1@example.org"], CONTRADICTED),
        ("confirmed", ["ada-1@example.org", "ada-2@example.org"], HOLDS),
        ("failed", [], HOLDS),
    ],
)
@pytest.mark.parametrize("alone", [[], ["--alone"]])
def test_where_no_mail_of_the_run_is_the_sink_is_asked_about_and_nothing_is_said_of_the_promise(
    standing: Standing,
    mailed: list[str],
    code: int,
    alone: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Told:
        def __init__(self, *_given: object) -> None: ...

        def rows(self, _form: str) -> list[StoredRow]:
            return [StoredRow("1", "a1"), StoredRow("2", "a2")]

        def standings(self, ids: Iterable[str]) -> dict[str, Standing]:
            return dict.fromkeys(ids, standing)

        def deliveries(self) -> dict[str, object]:
            return {}

    monkeypatch.setattr(command, "Api", Told)
    ledger = Ledger(Path("ledger.jsonl"))
    ledger.begin(Run("http://127.0.0.1:1", "signup", 2, 1, 0.0))
    for each in ("1", "2"):
        ledger.will_send(Entry(each, "signup", f"ada-{each}@example.org", f"a{each}", 0.0))
        ledger.did_send(each, Attempt("acked", 202, 0.0, 0.1, each))
    ledger.close()
    Path("mails").mkdir()
    for number, address in enumerate(mailed):
        Path(f"mails/{number}.eml").write_text(f"X-Envelope-To: {address}\n\nx\n")

    assert main([*CHECK, "--mails", "mails", *alone]) == code
    said = capsys.readouterr().out
    assert ("cannot say: none of these mails is at mails: is it the right sink?" in said) == (code == CANNOT)
