"""Patterns of fields, matched by RE2."""

from __future__ import annotations

from typing import Any

import re2  # type: ignore[import-untyped]


def compiled(pattern: str) -> Any:
    """Return a pattern ready to match; raises ValueError with the reason for what RE2 does not take.

    RE2 takes time in proportion to the text, whatever the pattern: nobody can hold a worker with a value made for
    it. It has no lookaround and no backreferences, for which that cannot be had.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error
