"""The documents: what they link to is there, and the README is short enough to be read."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from shared.messaging.topology import QUEUES
from support.service import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def links(document: Path) -> Iterator[str]:
    return (found[1] for found in re.finditer(r"\]\(([^)\s]+)\)", document.read_text()) if "://" not in found[1])


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_it_links_to_is_there(document: Path) -> None:
    assert [link for link in links(document) if not is_there(document, link)] == []


@pytest.mark.parametrize("link", ["docs/nothing.md", "docs/forms.md#nothing", "#nothing"])
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert not is_there(ROOT / "README.md", link)


def leads_nowhere(path: str) -> bool:
    """Say whether a path is there neither from the top, nor as a module of one of our packages, `gateway/app.py`."""
    return not any((place / path).exists() for place in (ROOT, *ROOT.glob("*/src"), *ROOT.glob("tools/*/src")))


@pytest.mark.parametrize("document", DECISIONS, ids=lambda document: document.name)
def test_every_path_that_a_decision_names_is_there(document: Path) -> None:
    named = re.findall(r"`([\w.-]+/[\w./-]+\.\w+)`", document.read_text())
    assert [path for path in named if leads_nowhere(path)] == []


def test_a_path_that_leads_nowhere_is_found() -> None:
    assert leads_nowhere("dev/supervisor.py")
    assert not leads_nowhere("gateway/app.py")


def is_declared(queue: str) -> bool:
    """Say whether a queue is in the topology; `….` stands for every delay level of its own."""
    return any(fnmatch(declared.name, queue.replace("…", "*")) for declared in QUEUES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_queue_that_it_names_is_declared(document: Path) -> None:
    named = set(re.findall(r"`?\b((?:storage|notify)\.[a-z]+(?:\.retry\.[\w…]+)?\.v\d+)\b", document.read_text()))
    assert {queue for queue in named if not is_declared(queue)} <= {"storage.submissions.v2"}, "that is an example"


def test_the_table_of_queues_names_every_queue() -> None:
    table = (ROOT / "docs" / "operations.md").read_text().partition("| queue | grows while |")[2].partition("\n\n")[0]
    rows = [row.split(" | ")[0] for row in table.splitlines()]
    named = [name.replace("…", "*") for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert [queue.name for queue in QUEUES if not any(fnmatch(queue.name, one) for one in named)] == []
    assert [one for one in named if not is_declared(one)] == []


def test_a_queue_that_is_not_declared_is_found() -> None:
    assert is_declared("notify.smtp.retry.….v1")
    assert not is_declared("notify.mail.retry.….v1")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_every_folder_and_file_at_the_top_is_explained() -> None:
    """By a line of the table in CONTRIBUTING.md, so that a newcomer need not guess."""
    rows = re.findall(r"^\| (`.+?) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    explained = {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {path.split("/")[0] for path in listed.splitlines()} - explained == set()
