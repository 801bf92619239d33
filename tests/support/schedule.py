"""Deals the tests out to processes: what shares a server to one process, and what takes long first.

Each process of a run has servers of its own, and starts them once: so files that use the same installation go
together. A long file that begins last keeps one process busy while the others have nothing left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.workermanage import Producer, WorkerController

GROUPS: Mapping[str, tuple[str, ...]] = {
    "the mortal broker": (
        "tests/integration/test_health.py",
        "tests/integration/test_publisher.py",
        "tests/e2e/test_observing.py",
        "tests/clients/test_snippet_in_trouble.py",
    ),
    "the owner's browser": (
        "tests/clients/test_console_*.py",
        "tests/clients/test_forms_and_deliveries.py",
        "tests/clients/test_inbox.py",
        "tests/clients/test_newcomer.py",
        "tests/clients/test_settings_pages.py",
        "tests/clients/test_signing_in.py",
    ),
    "the browser": ("tests/clients/*.py",),
    "the whole installation": (
        "tests/e2e/test_international.py",
        "tests/e2e/test_ledger_command.py",
        "tests/e2e/test_mail.py",
        "tests/e2e/test_metrics.py",
        "tests/e2e/test_owner_mail.py",
        "tests/e2e/test_refusing.py",
        "tests/e2e/test_submitting.py",
        "tests/e2e/test_watching.py",
    ),
    "the gateway that is sent bad input": ("tests/bad_input/*.py",),
}
"""Which files go together, by the server that they share; each is in the first group that has it."""

LONG = (
    "the mortal broker",
    "the owner's browser",
    "the browser",
    "the whole installation",
    "tests/integration/test_gateway_server.py",
    "tests/integration/test_renewing.py",
    "tests/e2e/test_make_run.py",
    "tests/integration/test_notify_process.py",
    "tests/e2e/test_openapi.py",
    "the gateway that is sent bad input",
)
"""What begins first, the longest before the others. Then come the other files, folder by folder."""

FOLDERS = tuple(f"tests/{name}/" for name in ("e2e", "integration", "how_to_add", "conformance", "contract", "unit"))


class Schedule(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """xdist's own, which gives a group to whoever has nothing left, with other groups, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # what has few tests would come last, however long they take

    def _split_scope(self, nodeid: str) -> str:
        return group_of(file_of(nodeid))

    def remove_node(self, node: WorkerController) -> str | None:
        """Return the test in which a process died, if it did, and give what is left of its work to others; that test
        is not begun again: it has failed, and what hangs would hang each of them."""
        work: dict[str, dict[str, bool]] = self.assigned_work.pop(node)
        left = [(tests, test) for tests in work.values() for test, is_done in tests.items() if not is_done]
        if not left:
            return None
        tests, died_in = left[0]
        tests[died_in] = True
        self.workqueue.update({group: tests for group, tests in work.items() if not all(tests.values())})
        for other in self.nodes:
            self._reschedule(other)
        return died_in

    def _reschedule(self, node: WorkerController) -> None:
        """Give no work to whoever still collects: where two died at once, the second of those in their places does,
        and the whole run would end there without a word about what had failed."""
        if node in self.registered_collections:
            super()._reschedule(node)


def group_of(file: str) -> str:
    """Return the group of a test file: its own, if it is in no other."""
    return next((name for name, files in GROUPS.items() if any(fnmatch(file, one) for one in files)), file)


def in_order(files: Iterable[str]) -> list[str]:
    """Return test files in the order in which they begin."""
    return sorted(files, key=_rank)


def sort(items: list[pytest.Item]) -> None:
    """Put tests into the order of their files; those of one file stay as they are."""
    items.sort(key=lambda item: _rank(file_of(item.nodeid)))


def file_of(nodeid: str) -> str:
    """Return the file of a test."""
    return nodeid.partition("::")[0]


def _rank(file: str) -> tuple[int, int, str, str]:
    group = group_of(file)
    long = LONG.index(group) if group in LONG else len(LONG)
    folder = next((number for number, name in enumerate(FOLDERS) if file.startswith(name)), len(FOLDERS))
    return long, 0 if group in LONG else folder, group, file
