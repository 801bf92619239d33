"""Reads the visible words of a page."""

from __future__ import annotations

from html.parser import HTMLParser

_WITHOUT_END = frozenset({"meta", "link", "input", "br", "img", "path", "circle"})


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _WITHOUT_END:
            self._open.append((tag, "hidden" in dict(attrs) or tag in {"script", "style", "noscript"}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _WITHOUT_END:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(hidden for _, hidden in self._open):
            self.words.append(" ".join(data.split()))


def words_of(html: str) -> list[str]:
    """Return the words that are shown, a piece for each element."""
    shown = _Shown()
    shown.feed(html)
    return shown.words
