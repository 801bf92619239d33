"""How the tests are dealt out to processes; see `support.schedule`."""

from __future__ import annotations

from fnmatch import fnmatch
from itertools import pairwise
from types import SimpleNamespace

import pytest

from support.schedule import FOLDERS, GROUPS, LONG, Schedule, group_of, in_order
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


class Worker:
    """A process of a run, which may die."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.told: list[int] = []
        self.gateway = SimpleNamespace(id=name)

    def send_runtest_some(self, indices: list[int]) -> None:
        self.told += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_two_that_die_at_once_are_replaced_and_what_they_died_in_is_not_begun_again(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = [f"tests/unit/test_{name}.py::test_{number}" for name in "abcd" for number in range(3)]
    monkeypatch.setattr(pytestconfig.option, "tx", ["2*popen"])
    schedule = Schedule(pytestconfig)
    begun, in_their_places = [Worker("gw0"), Worker("gw1")], [Worker("gw2"), Worker("gw3")]
    for worker in begun:
        schedule.add_node(worker)
        schedule.add_node_collection(worker, tests)
    schedule.schedule()
    assert [worker.told for worker in begun] == [[0, 1, 2], [3, 4, 5]]
    schedule.mark_test_complete(begun[0], 0)
    assert begun[0].told == [0, 1, 2, 6, 7, 8], "it has two left, and is given more"
    assert [schedule.remove_node(worker) for worker in begun] == [tests[1], tests[3]]
    for worker in in_their_places:
        schedule.add_node(worker)
    for worker in in_their_places:
        schedule.add_node_collection(worker, tests)
        schedule.schedule()
    for worker in in_their_places:
        for number in worker.told:
            schedule.mark_test_complete(worker, number)
    assert sorted(number for worker in in_their_places for number in worker.told) == [2, *range(4, 12)]
    assert schedule.tests_finished
