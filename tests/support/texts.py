"""Lists texts of every kind, and what all services make of each."""

# ruff: noqa: RUF001 - signs that look like others are what this is about

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A text. `line` is what it is in one line, None where it is refused; `shown` what a mail's body shows."""

    text: str
    line: str | None
    shown: str
    is_stored: bool = True


def _plain(text: str) -> Case:
    return Case(text, text, text)


TEXTS = {
    "plain": _plain("Ada Lovelace"),
    "tab": _plain("a\tb"),
    "markup": _plain("<b>&amp;{{7*7}}"),
    "accents, composed": _plain("Zoë Müller"),
    "accents, combining": _plain("Zoe\u0308"),
    "emoji of several": _plain("👩\u200d👩\u200d👧 ❤\ufe0f"),
    "Persian": _plain("می\u200cخواهم"),
    "Hebrew with marks": _plain("\u200fשלום\u200e"),
    "no-break space": _plain("10\u00a0kg"),
    "private use": _plain("\ue000"),
    "no character": _plain("\uffff"),
    "beyond the first plane": _plain("𝒜\U0010ffff"),
    "line feed": Case("a\nb", None, "a\nb"),
    "carriage return": Case("a\rb", None, "a\nb"),
    "both": Case("a\r\nb", None, "a\nb"),
    "vertical tab": Case("a\vb", "a b", "a\nb"),
    "form feed": Case("a\fb", "a b", "a\nb"),
    "file separator": Case("a\x1cb", "a b", "a\ufffdb"),
    "unit separator": Case("a\x1fb", "a b", "a\ufffdb"),
    "line separator": Case("a\u2028b", "a b", "a\u2028b"),
    "paragraph separator": Case("a\u2029b", "a b", "a\u2029b"),
    "escape": Case("a\x1b[31mb", "a[31mb", "a\ufffd[31mb"),
    "bell": Case("a\x07b", "ab", "a\ufffdb"),
    "delete": Case("a\x7fb", "ab", "a\ufffdb"),
    "byte order mark": Case("\ufeffAda", "Ada", "\ufeffAda"),
    "NUL": Case("a\x00b", None, "a\ufffdb", is_stored=False),
    "half a pair": Case("a\ud800b", None, "a\ufffdb", is_stored=False),
    **{
        f"U+{code:04X}": Case(f"a{chr(code)}b", f"a{seen}b", f"a{seen}b")
        for code, seen in enumerate("€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ", 0x80)
    },
}
