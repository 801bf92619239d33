"""Compiles the patterns of fields with RE2."""

from __future__ import annotations

from typing import Any

import re2  # type: ignore[import-untyped]


def compiled(pattern: str) -> Any:
    """Return a pattern ready to match; raises ValueError with the reason for what RE2 does not take.

    RE2 needs time in proportion to the text, whatever the pattern, so no value can block a worker. Therefore it has no
    lookaround and no backreferences.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error
