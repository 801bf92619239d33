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
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
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
