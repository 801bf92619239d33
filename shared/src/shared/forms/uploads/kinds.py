"""Reads `types` as people write them, and says what a browser offers for them. The types are `shared.forms.kinds`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.forms.kinds import FAMILIES, accept, dangers, flaw_of
from shared.forms.kinds.words import named_in

_MANY = {f"{name}s": name for name in FAMILIES} | {
    **dict.fromkeys(("photo", "photos", "picture", "pictures"), "image"),
    **dict.fromkeys(("music", "sound", "recording"), "audio"),
    **dict.fromkeys(("movie", "movies", "film"), "video"),
    "word": "document",
    "excel": "spreadsheet",
}
_BROWSERS = ("image", "audio", "video")
"""The families that browsers know by themselves: a phone offers its camera for `image/*`."""


def kind_of(written: str) -> str:
    """Return a family, an ending without its dot, or a MIME type as it is compared; raises ValueError with the mend."""
    text = written.strip().lower()
    if text in ("*", "*/*", ".*"):
        raise ValueError("leave types out to take every type that is harmless")
    if text in _MANY:
        raise ValueError(f"{written} is called {_MANY[text]} here")
    family = text.removesuffix("/*")
    kind = family if family in FAMILIES else text.removeprefix("*").removeprefix(".")
    if flaw := flaw_of(kind):
        raise ValueError(flaw)
    return kind


def reason_to_fear(kind: str) -> str | None:
    """Return what a file of a kind is that can hurt whoever opens it; None where it is as good as any."""
    return next(filter(None, map(dangers.BY_ENDING.get, sorted(named_in([kind])))), None)


def accept_of(types: Sequence[str]) -> str:
    """Return what a file input's `accept` is for these types; empty for all."""
    families = [f"{kind}/*" for kind in types if kind in _BROWSERS]
    return ",".join(filter(None, [*families, accept(kind for kind in types if kind not in _BROWSERS)]))
