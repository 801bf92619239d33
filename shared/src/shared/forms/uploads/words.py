"""Says in words which files are taken."""

from __future__ import annotations

from shared.forms.kinds import in_words
from shared.forms.uploads.rules import FileRules, Files
from shared.forms.uploads.sizes import size_text


def limits_of(rules: FileRules, files: Files) -> str:
    """Return what people are told before they choose: `Up to 5 files (pictures), 20 MB each, 50 MB together.`"""
    kinds, most = in_words(rules.types), min(rules.max_count, files.max_count)
    if most == 1:
        return f"{kinds}, {size_text(rules.max_size)} at most." if kinds else f"{size_text(rules.max_size)} at most."
    named = f" ({kinds})" if kinds else ""
    together = f", {size_text(files.max_total)} together" if most * rules.max_size > files.max_total else ""
    return f"Up to {most} files{named}, {size_text(rules.max_size)} each{together}."
