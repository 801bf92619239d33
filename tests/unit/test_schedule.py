"""How the tests are dealt out to processes; see `support.schedule`."""

from __future__ import annotations

from fnmatch import fnmatch
from itertools import pairwise

from support.schedule import FOLDERS, GROUPS, LONG, group_of, in_order
from support.service import ROOT

FILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_name_is_that_of_a_file_or_a_group() -> None:
    for pattern in (pattern for patterns in GROUPS.values() for pattern in patterns):
        assert any(fnmatch(file, pattern) for file in FILES), f"there is no {pattern}"
    assert set(LONG) <= {*GROUPS, *FILES}
    assert all(any(file.startswith(folder) for file in FILES) for folder in FOLDERS)


def test_a_group_is_in_one_piece_and_the_longest_begins() -> None:
    groups = [group_of(file) for file in in_order(FILES)]
    begun = [group for number, group in enumerate(groups) if group not in groups[:number]]
    assert len(groups) - len(begun) == sum(before == after for before, after in pairwise(groups))
    assert tuple(begun[: len(LONG)]) == LONG


def test_a_file_is_in_the_first_group_that_has_it() -> None:
    assert group_of("tests/clients/test_snippet_in_trouble.py") == "the mortal broker"
    assert group_of("tests/clients/test_snippet.py") == "the browser"
    assert group_of("tests/unit/test_schedule.py") == "tests/unit/test_schedule.py"
