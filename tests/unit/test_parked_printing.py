"""What the command prints: nothing in a parked message can take over a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from shared.parked.printing import age, listing, one_line, page

ENTRY: dict[str, Any] = {
    "id": "a" * 32,
    "message_id": "\x1b[2J",
    "type": "t\r",
    "queue": "q",
    "kind": "other",
    "reason": "no \x1b]0;title\x07 " + "x" * 80,
    "state": "discarded",
    "size_bytes": 3,
    "parkings": 2,
    "parked_at": "2026-11-22T17:03:44.123456Z",
    "age_s": 7300,
    "changed_at": "2026-11-22T18:00:00.000000Z",
    "changed_by": "ada\x1b",
    "note": "\u202etxet",
    "headers": {"x": "\x9b2J"},
    "encoding": "text",
    "content": "one\n\x1b[31mtwo",
    "truncated": False,
    "actions": [{"at": "2026-11-22T18:00:00.000000Z", "action": "parked", "by": None, "note": "\x1b"}],
}


def test_a_list_is_a_table_with_age_count_and_reason() -> None:
    head, row = listing([ENTRY])
    assert head.split() == ["ID", "STATE", "AGE", "TIMES", "BYTES", "REASON", "MESSAGE"]
    assert row.startswith(f"{'a' * 32}  discarded  2 h  2      3      no ")
    assert "…" in row
    assert list(listing([])) == ["nothing is parked"]


@pytest.mark.parametrize("encoding", ["text", "json"])
def test_nothing_that_moves_a_cursor_is_printed(encoding: str) -> None:
    content = {"a": "\x1b[31m"} if encoding == "json" else ENTRY["content"]
    shown = "\n".join([*listing([ENTRY]), page({**ENTRY, "encoding": encoding, "content": content})])
    assert all(one.isprintable() or one == "\n" for one in shown)
    assert "\\x1b" in shown


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (90_000, "1 d")])
def test_an_age_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert age(seconds) == text


def test_a_value_is_one_line() -> None:
    assert one_line({"a": "b\nc"}) == '{"a": "b\\nc"}'
    assert one_line("a\nb") == "a\\nb"
