"""What of an accepted submission is read quickly where it is there: its files and its verdict.

Each comes with how many names and texts of it are in quotes: by these `submission` knows that nothing else was in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import astuple

from shared.contracts.parts.submitted_file import FILES_MOST, SubmittedFile, SubmittedFiles
from shared.contracts.parts.submitted_file import MEMBERS as FILE_MEMBERS
from shared.contracts.parts.submitted_file import TEXTS as FILE_TEXTS
from shared.contracts.parts.verdict import MEMBERS as VERDICT_MEMBERS
from shared.contracts.parts.verdict import Verdict

_FILE_TYPES = {"size": int, "scan": str | None}
_VERDICT_TYPES = {"score": int, "reasons": list[str]}
_FILE_QUOTED = len(FILE_MEMBERS) + len(FILE_TEXTS)
_VERDICT_QUOTED = len(VERDICT_MEMBERS) + 2  # its own name, and the model's

FileMembers: type[msgspec.Struct] = msgspec.defstruct(
    "FileMembers", [(name, _FILE_TYPES.get(name, str)) for name in FILE_MEMBERS]
)
VerdictMembers: type[msgspec.Struct] = msgspec.defstruct(
    "VerdictMembers", [(name, _VERDICT_TYPES.get(name, str)) for name in VERDICT_MEMBERS]
)


def files_of(read: Sequence[msgspec.Struct] | msgspec.UnsetType) -> tuple[SubmittedFiles | None, int]:
    """Return the files, None where something is wrong with one, and what is in quotes."""
    if isinstance(read, msgspec.UnsetType):
        return (), 0
    files = tuple(SubmittedFile(*astuple(one)) for one in read)
    if len(files) > FILES_MOST or any(one.flaw() for one in files):
        return None, 0
    return files, 1 + sum(_FILE_QUOTED - (one.scan is None) for one in files)


def verdict_of(read: msgspec.Struct | msgspec.UnsetType) -> tuple[Verdict | None, int]:
    """Return the verdict, None where there is none, and what is in quotes. What is wrong with it is for the caller."""
    if isinstance(read, msgspec.UnsetType):
        return None, 0
    score, model, reasons = astuple(read)
    return Verdict(score, model, tuple(reasons)), _VERDICT_QUOTED + len(reasons)
