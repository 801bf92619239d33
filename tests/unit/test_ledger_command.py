"""What the ledger's command says of what it cannot do: clearly, and with the exit code of no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil_ledger.__main__ import CANNOT, main
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


def test_nobody_at_the_address_is_said_before_anything_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert main(["run", url]) == CANNOT
    assert f"nobody answers at {url}" in capsys.readouterr().out
    assert not Path("ledger.jsonl").exists()


def test_mails_that_cannot_be_read_are_said_before_anything_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ledger.jsonl").touch()
    assert main([*CHECK, "--url", "http://127.0.0.1:1", "--mails", "nowhere"]) == CANNOT
    assert "nowhere" in capsys.readouterr().out
