"""What is noted in the audit can be chosen on its page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import storage_service
from storage_service.accounts.audit import ACTIONS


def noted() -> Iterator[str]:
    """Yield what is handed to `Audit.note`, as a pattern: what is put in when it runs may be any small letters."""
    for file in Path(storage_service.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "note":
                action = call.args[1] if len(call.args) > 1 else None
                if isinstance(action, ast.Constant) and "." in str(action.value):
                    yield re.escape(str(action.value))
                elif isinstance(action, ast.JoinedStr):
                    yield "".join(_pattern(one) for one in action.values)


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z]+"


def test_all_that_is_noted_can_be_chosen() -> None:
    patterns = set(noted())
    assert len(patterns) > 20
    missing = {one for one in patterns if not any(re.fullmatch(one, action) for action in ACTIONS)}
    assert not missing
