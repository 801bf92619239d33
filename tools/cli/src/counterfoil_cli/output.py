"""Says what a command found: tables for people, JSON for programs, and complaints beside both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

PROGRAM = "counterfoil"

_WIDE = 10_000
"""Columns where no terminal has a width: what goes to a program or a file is not cut."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. On a narrow terminal those that `give` are cut first."""

    title: str
    gives: bool = False
    right: bool = False


class Enough(Exception):
    """Whoever reads what is said has closed its end: `… | head`."""


class Output:
    """Says things. All texts must be harmless already: `harmless.line`."""

    def __init__(self, out: TextIO, err: TextIO, environment: Mapping[str, str]) -> None:
        self._out = _console(out, environment)
        self._err = _console(err, environment)
        self.file = out

    @property
    def is_terminal(self) -> bool:
        """Whether results go to a terminal."""
        return self._out.is_terminal

    def json(self, document: object) -> None:
        """Say a document: on a line of its own, all of it ASCII, so that it is harmless on a terminal, too."""
        text = json.dumps(document, separators=None if self.is_terminal else (",", ":"))
        self.raw(text.replace("\x7f", "\\u007f"))

    def raw(self, text: str) -> None:
        """Say a line as it is."""
        try:
            self.file.write(f"{text}\n")
            self.file.flush()
        except BrokenPipeError as error:
            raise Enough from error

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str | Text]]) -> None:
        """Say rows below their titles."""
        made = Table(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for one in columns:
            width = None if one.gives or not rows else _widest(columns.index(one), one, rows)
            made.add_column(
                Text(one.title),
                no_wrap=True,
                overflow="ellipsis",
                ratio=1 if one.gives and self.is_terminal else None,
                min_width=width,
                justify="right" if one.right else "left",
            )
        for row in rows:
            made.add_row(*(one if isinstance(one, Text) else Text(one) for one in row))
        made.expand = self.is_terminal and any(one.gives for one in columns)
        self._out.print(made)

    def line(self, text: str | Text, style: str = "") -> None:
        """Say a line."""
        self._out.print(Text(text, style) if isinstance(text, str) else text, soft_wrap=True)

    def complain(self, text: str, style: str = "bold red") -> None:
        """Say what went wrong, on standard error."""
        said = Text(f"{PROGRAM}: ", style)
        self._err.print(said.append(text, ""), soft_wrap=True)

    def note(self, text: str) -> None:
        """Say something beside the results, on standard error."""
        self._err.print(Text(text, "dim"), soft_wrap=True)

    @contextmanager
    def progress(self, words: str) -> Iterator[Progress]:
        """Say how far something is, on standard error, while that is a terminal."""
        if not self._err.is_terminal:
            yield Progress(None)
            return
        with self._err.status(Text(words)) as status:
            yield Progress(status)


class Progress:
    """Says how far something is."""

    def __init__(self, status: Any) -> None:
        self._status = status

    def say(self, words: str) -> None:
        """Say it in place of what was said before."""
        if self._status is not None:
            self._status.update(Text(words))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise Enough


def _console(file: TextIO, environment: Mapping[str, str]) -> Console:
    width = None if file.isatty() or environment.get("COLUMNS") else _WIDE
    return _Console(file=file, width=width, highlight=False, markup=False, emoji=False, _environ=environment)


def _widest(number: int, column: Column, rows: Sequence[Sequence[str | Text]]) -> int:
    lengths = (one.cell_len if isinstance(one, Text) else Text(one).cell_len for one in (row[number] for row in rows))
    return min(max(len(column.title), *lengths), 40)
