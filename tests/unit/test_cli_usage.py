"""What `counterfoil` says of a wrong command line, and of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import click
import pytest

from counterfoil_cli.commands.tail import Asking
from counterfoil_cli.exits import DONE, MEANINGS, NOT_ALLOWED, USAGE, Unreachable
from counterfoil_cli.output import Output
from counterfoil_cli.program import commands, main
from counterfoil_cli.saved import Saved
from counterfoil_cli.session import Session, World

ID = "9b2f61c0-8c1e-4a5b-9d1b-2f6a3e9d4f10"


def a_world(folder: Path, **environment: str) -> tuple[World, StringIO, StringIO]:
    """Return a world without a terminal, and what is said in it."""
    out, err = StringIO(), StringIO()
    world = World(
        output=Output(out, err, environment),
        stdin=StringIO(),
        environment=environment,
        saved=Saved(folder),
        clock=lambda: datetime.now(UTC),
        sleep=lambda _: None,
    )
    return world, out, err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["inbox", "--nothing"],
        ["inbox", "--limit", "0"],
        ["inbox", "-x"],
        ["show"],
        ["show", "../forms"],
        ["done"],
        ["done", ID, "--matching", "ada"],
        ["done", "--matching", ""],
        ["erase", "--matching", " ", "--yes"],
        ["resend", "--matching", "", "--failed", "--yes"],
        ["change", ID],
        ["change", ID, "--assign", "ada@example.org", "--nobody"],
        ["jobs", "--undo"],
        ["jobs", "x"],
        ["export", "--to", "week.doc"],
        ["export", "--format", "pdf", "--to", "week"],
        ["note", ID],
        ["login", "http://192.0.2.1"],
        ["\x1b]0;gone\x07"],
    ],
)
def test_a_wrong_command_line_is_two_and_asks_nobody(tmp_path: Path, arguments: list[str]) -> None:
    """Nobody: there is no server, and then the code would be 3."""
    world, out, err = a_world(tmp_path, COUNTERFOIL_URL="http://127.0.0.1:1", COUNTERFOIL_KEY="cf_a")
    assert main(arguments, world) == USAGE, err.getvalue()
    assert out.getvalue() == ""
    assert err.getvalue().startswith("counterfoil: ")
    assert "\x1b" not in err.getvalue()


def test_without_an_installation_it_says_what_to_do(tmp_path: Path) -> None:
    world, _, err = a_world(tmp_path)
    assert main(["inbox"], world) == NOT_ALLOWED
    assert "counterfoil login" in err.getvalue()


@pytest.mark.parametrize("word", ["-is:spam", "-newsletter", "-(a OR b)", "-jobs"])
def test_a_word_that_is_left_out_is_no_option(tmp_path: Path, word: str) -> None:
    world, _, err = a_world(tmp_path)
    assert main(["inbox", "ada", word, "--json"], world) == NOT_ALLOWED
    assert "no installation is known here" in err.getvalue(), "it came that far"


def test_a_letter_that_is_left_out_is_helped(tmp_path: Path) -> None:
    world, _, err = a_world(tmp_path)
    assert main(["inbox", "-x"], world) == USAGE
    assert "behind -- is the query" in err.getvalue()


def test_every_command_has_help_with_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], a_world(tmp_path)[0]) == DONE
    listed = capsys.readouterr().out
    assert all(f"{code:<4} {words}" in listed for code, words in MEANINGS.items())
    for name, one in commands().commands.items():
        assert f"\n  {name} " in listed
        assert "..." not in listed.partition(f"\n  {name} ")[2].partition("\n")[0], "its line is cut"
        for words in [[name, inner] for inner in one.commands] if isinstance(one, click.Group) else [[name]]:
            assert main([*words, "--help"], a_world(tmp_path)[0]) == DONE
            said = capsys.readouterr().out
            assert "--json" in said
            assert "Examples:" in said or name in ("completion", "installations")


def test_an_outage_of_a_night_is_waited_for(tmp_path: Path) -> None:
    world, _, _ = a_world(tmp_path, COUNTERFOIL_URL="http://127.0.0.1:1", COUNTERFOIL_KEY="cf_a")
    waited = list[float]()
    session = Session(replace(world, sleep=waited.append))
    session._apis.append(Away(1100))  # type: ignore[arg-type]
    asking = Asking(session)
    assert asking.page({}) == asking.page({}) == {}
    assert waited[:6] == [1, 2, 4, 8, 16, 30]
    assert set(waited[5:]) == {30}
    assert len(waited) == 1100


class Away:
    """An installation that answers once, and then not for so many questions."""

    def __init__(self, questions: int) -> None:
        self._left = questions
        self._has_answered = False

    def get(self, *_: object) -> dict[str, object]:
        """Answer, or be away."""
        if self._has_answered and self._left:
            self._left -= 1
            raise Unreachable("nobody answers")
        self._has_answered = True
        return {}
