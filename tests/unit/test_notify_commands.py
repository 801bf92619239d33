"""The command line of the notify service: each command is found, and says what it is for."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from notify_service.__main__ import main
from notify_service.commands import COMMANDS, DEFAULT
from shared.terminal import about


@pytest.fixture(autouse=True)
def _handler_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_an_unknown_command_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrat"]) == 2
    said = capsys.readouterr().err
    assert "there is no command 'migrat'" in said
    assert all(f"  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_the_list_says_in_a_sentence_what_each_is_for(capsys: pytest.CaptureFixture[str], asked: str) -> None:
    assert main([asked]) == 0
    shown = capsys.readouterr().out
    for name, command in COMMANDS.items():
        first = about(command)
        assert len(first) > 20, name
        assert first.endswith("."), name
        assert first in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_each_has_its_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: python -m notify_service {name}")
    assert shown.partition("\n\n")[2].strip(), "a sentence that says what it does"


@pytest.mark.parametrize("arguments", [[], [DEFAULT], ["migrate"]])
def test_settings_that_are_missing_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_LOG_LEVEL", "loud")
    assert main(arguments) == 2
    assert "COUNTERFOIL_LOG_LEVEL" in capsys.readouterr().err
