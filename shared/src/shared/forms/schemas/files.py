"""Checks that what a form says of files fits together, and makes what the services use of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.uploads.rules import COUNT, COUNT_MOST, SIZE, TOTAL, TOTAL_MOST, FileRules, Files
from shared.forms.uploads.schemas import Written
from shared.forms.uploads.sizes import size_text

_Wrong: TypeAlias = tuple[tuple[str, ...], str]
"""Where something is wrong in the form's table, and what."""


def wrong_in_files(form: Mapping[str, Any]) -> Iterator[_Wrong]:
    """Yield what is wrong with the files of a form, from what is loaded of its table."""
    wanting, said = _file_fields(form), form.get("files")
    for name in wanting:
        if name in ADDRESS_NAMES:
            yield ("fields", name, "type"), "what is called so is an address: call a file something else"
    if not isinstance(said, Written):
        return
    is_open = form.get("fields") is None or form.get("unknown") == "keep"
    if said.get("undeclared") and not is_open:
        yield (
            ("files", "undeclared"),
            'a form with fields takes no others: add fields of type file, or unknown = "keep"',
        )
    elif not wanting and not said.get("undeclared"):
        mend = "undeclared = true takes files under any name" if is_open else "give it a field of type file"
        yield ("files",), f"this form takes no files: {mend}"
    yield from _too_much(said, wanting)


def _too_much(said: Written, wanting: Mapping[str, Mapping[str, Any]]) -> Iterator[_Wrong]:
    total, most = said.get("max_total"), said.get("max_count")
    if total is not None and said.get("max_size", 0) > total:
        yield ("files", "max_size"), f"more than max_total, {size_text(total)}"
    for name, rules in wanting.items():
        if total is not None and rules.get("max_size", 0) > total:
            yield ("fields", name, "max_size"), f"more than max_total of the form's files, {size_text(total)}"
        if most is not None and rules.get("max_count", 0) > most:
            yield ("fields", name, "max_count"), f"more than max_count of the form's files, {most}"


def _file_fields(form: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what the file says of each field of type `file`."""
    return {name: one["file"] for name, one in (form.get("fields") or {}).items() if "file" in one}


def built(form: dict[str, Any]) -> dict[str, Any]:
    """Return a form's loaded table with its files as the services use them: `Files`, and each field's `FileRules`."""
    wanting, said = _file_fields(form), form.pop("files", None)
    if not wanting and said is None:
        return form
    files = _files_of(said or Written(), wanting)
    for name, rules in wanting.items():
        own = {"max_size": files.max_size, "types": files.types, "keep_metadata": files.keep_metadata, **rules}
        form["fields"][name]["file"] = FileRules(**own)
    return form | {"files": files}


def _files_of(said: Written, wanting: Mapping[str, Mapping[str, Any]]) -> Files:
    """Return what a form takes in all: where it does not say, enough for what each of its fields may have."""
    total = said.get("max_total", TOTAL_MOST)
    files = Files(**{"max_size": min(SIZE, total), **said})
    largest = max([files.max_size, *(rules.get("max_size", 0) for rules in wanting.values())])
    together = sum(rules.get("max_count", 1) for rules in wanting.values())
    return replace(
        files,
        max_total=said.get("max_total", max(TOTAL, largest)),
        max_count=said.get("max_count", min(COUNT_MOST, max(COUNT, together))),
    )
