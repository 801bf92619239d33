"""Opens a file, and says what it is: a table or JSON, and which columns it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from storage_service.importing import json_items
from storage_service.importing.csv_rows import CsvRows
from storage_service.importing.encodings import Encoding
from storage_service.importing.found import CHARACTERS_AT_ONCE, FIELDS_MOST, Found, NotTaken, size_of
from storage_service.importing.services import Service

_LOOKED_AT = 100
"""Records of JSON that are looked at to learn what their fields are called."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is open. `columns` are the names in it: all of a table, those of the first records of JSON."""

    what: str
    columns: Sequence[str]
    records: Iterator[Found | NotTaken]
    text: TextIOWrapper
    binary: BinaryIO

    def place(self) -> int:
        """Return how many of its bytes were read."""
        return self.binary.tell()

    def close(self) -> None:
        """Close it."""
        self.text.close()


def open_source(path: Path, encoding: Encoding, service: Service, delimiter: str) -> Source:
    """Open a file; raises `Unreadable` where its beginning is not what it should be."""
    kind = "csv" if service.kind == "csv" else _kind_of(path, encoding)
    binary = path.open("rb")
    text = TextIOWrapper(binary, encoding.codec, errors="strict", newline="\n")
    try:
        if kind == "csv":
            rows = CsvRows(text, delimiter)
            return Source("a table (CSV)", rows.columns, iter(rows), text, binary)
        records = json_items.of_document(text) if kind == "json" else json_items.of_lines(text)
        first = _beginning(records)
    except BaseException:
        text.close()
        raise
    what = "a JSON document" if kind == "json" else "a JSON object a line (NDJSON)"
    return Source(what, _names_in(first, service), _chained(first, records), text, binary)


def _kind_of(path: Path, encoding: Encoding) -> str:
    """Return `csv`, `json` or `ndjson`, by how a file begins."""
    with path.open(encoding=encoding.codec, newline="\n") as text:
        sign = text.read(1)
        while sign and sign.isspace():
            sign = text.read(1)
        if sign not in ("{", "["):
            return "csv"
        text.seek(0)
        return "json" if json_items.is_document(text) else "ndjson"


def _beginning(records: Iterator[Found | NotTaken]) -> list[Found | NotTaken]:
    """Return the first records, so many as may be in memory together."""
    found, characters = list[Found | NotTaken](), 0
    for one in islice(records, _LOOKED_AT):
        found.append(one)
        characters += size_of(one.values) if isinstance(one, Found) else 0
        if characters >= CHARACTERS_AT_ONCE:
            break
    return found


def _names_in(first: Sequence[Found | NotTaken], service: Service) -> list[str]:
    """Return the names of all that is taken of records, or left out by name."""
    names = dict[str, None]()
    for one in first:
        if not isinstance(one, Found):
            continue
        inside = one.values.get(service.inside) if service.inside else None
        if isinstance(inside, dict):
            names |= dict.fromkeys(name for name in one.values if name in service.roles)
            names |= dict.fromkeys(inside)
        else:
            names |= dict.fromkeys(one.values)
    return list(names)[:FIELDS_MOST]


def _chained(first: list[Found | NotTaken], more: Iterator[Found | NotTaken]) -> Iterator[Found | NotTaken]:
    """Yield all of them; the first ones are let go."""
    first.reverse()
    while first:
        yield first.pop()
    yield from more
