"""Says what an import does, and did, to whoever typed it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.terminal import complain, say
from shared.text import REORDERING, as_shown
from storage_service.importing.found import NotTaken, lines_in_words
from storage_service.importing.importer import Counts
from storage_service.importing.mapping import Columns
from storage_service.importing.remarks import Remarks

_COLUMNS_MOST = 200
_REASONS_MOST = 20


class Report:
    """Says at most `most` lines one by one, and counts the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._noted = 0
        self.can_be_complete = True

    def begin(self, what: str, encoding: str, columns: Columns | None, names: Sequence[str]) -> None:
        """Say how the file is read, and what becomes of its columns."""
        self.can_be_complete = "CSV" not in what
        say(f"{what}, read as {encoding}; {len(names)} columns")
        if columns is None:
            return
        for name in names[:_COLUMNS_MOST]:
            say(f"  {_shown(name)} -> {columns.of(name)}")
        if len(names) > _COLUMNS_MOST:
            say(f"  and {len(names) - _COLUMNS_MOST} more")

    def is_shown(self) -> bool:
        """Return whether the next line will be said."""
        return self._noted < self._most

    def note(self, one: NotTaken) -> None:
        """Say that lines are not taken, and why."""
        self._noted += 1
        if self._noted <= self._most:
            complain(f"{lines_in_words(one.first, one.last)}: {_harmless(one.why)}")

    def end(self, counts: Counts, remarks: Remarks, *, is_dry: bool) -> None:
        """Say what became of all."""
        if self._noted > self._most:
            complain(f"… and {self._noted - self._most:,} more; --show {self._noted} names all of them")
        say(f"{counts.records:,} records")
        spam = f", {counts.spam:,} of them as spam" if counts.spam else ""
        say(f"{'would be taken' if is_dry else 'taken'}: {counts.taken:,}{spam}")
        if counts.there:
            say(f"here already: {counts.there:,}")
        if counts.erased:
            say(f"erased here, and not brought back: {counts.erased:,}")
        if counts.others:
            say(f"not taken, as another one has the id: {counts.others:,}")
        if counts.not_taken:
            say(f"not taken: {counts.not_taken:,}")
            for why, times in counts.why.most_common(_REASONS_MOST):
                say(f"  {times:,} x {_harmless(why)}")
        for remark in remarks.all:
            say(f"  note, {remark.times:,} x (first on line {remark.first}): {_harmless(remark.what)}")


def _harmless(text: str) -> str:
    """Return a text as one line that does nothing to a terminal: strangers have chosen the names of fields in it."""
    return " ".join(as_shown(text).splitlines()).translate(REORDERING)


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) <= 80 else repr(name[:80])
