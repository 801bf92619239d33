"""docs/guarantees.md names the tests that hold each promise: every one of them has to exist."""

from __future__ import annotations

import ast
import re

import pytest

from support.service import ROOT

NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "guarantees.md").read_text("utf-8"))


def names_in(path: str) -> set[str]:
    """Return what a module defines at its top."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
    return found


def test_promises_name_tests() -> None:
    assert len(NAMED) >= 25


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_test_that_holds_a_promise_exists(path: str, name: str) -> None:
    assert name in names_in(path)
    assert name.startswith(("test_", "Test")), "pytest collects it"
