"""Finds what a mail program would turn into a link, with linkify-it, which many of them use or follow."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

from linkify_it import LinkifyIt

_REST = re.compile(r"\S*\w\S*")
_TAKEN_FOR_A_DOT = str.maketrans("。｡", "..")
_LINKIFY = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True, "fuzzy_ip": True})
_LINKIFY.tlds(["example", "zip", "дети"], True)
for _scheme in ("tel:", "sms:", "file:", "hxxp:", "javascript:", "data:", "magnet:", "skype:"):
    _LINKIFY.add(_scheme, {"validate": lambda _, text, at: len(found[0]) if (found := _REST.match(text, at)) else 0})


def links_in(text: str) -> list[str]:
    """Return what would be a link in a text, as it is, and as a program reads it that knows its compatible forms."""
    visible = "".join(one for one in text if one == "\n" or unicodedata.category(one) not in {"Cf", "Cc", "Mn"})
    forms = {text, unicodedata.normalize("NFKC", text.translate(_TAKEN_FOR_A_DOT)), visible}
    return sorted({found.raw for form in forms for found in _LINKIFY.match(form) or []})


class Shown(HTMLParser):
    """The text that a page shows, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.leads_to = "", list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "\n" if tag in {"p", "br", "td", "div"} else ""
        self.leads_to += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]

    def handle_data(self, data: str) -> None:
        self.text += data
