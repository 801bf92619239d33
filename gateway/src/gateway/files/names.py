"""Makes a name that is good on every computer out of what a stranger's program calls a file.

All of it is linear in what was sent: what is long is cut before anything else looks at it.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

from shared.text import flaw_of

NAME_BYTES = 150
"""How long a clean name may be in UTF-8: file systems take 255, and a copy gets something in front or behind."""

GIVEN_CHARACTERS = 255
NOBODY = "file"
"""The name of a file that came without a usable one."""

_LOOKED_AT = 1000
_ENDING_CHARACTERS = 20
_PARAMETER = re.compile(rb';[ \t]*([\w*-]{1,40})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_EXTENDED = re.compile(rb"([\w.-]{1,40})'[^']*'(.*)", re.DOTALL)
_BROWSERS = {"%22": '"', "%0D": "", "%0A": "", "%0d": "", "%0a": ""}
_ESCAPED = re.compile("%22|%0[AaDd]")

_DRIVE = re.compile(r"^\s*[A-Za-z]:")
_NOT_ON_WINDOWS = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
_UNSEEN = dict.fromkeys((0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))
"""Letters and marks that show nothing."""
_CATEGORIES_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_WINDOWS_OWN = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_ENDING = re.compile(rf"\.([A-Za-z0-9_-]{{1,{_ENDING_CHARACTERS}}})$")


def given(disposition: bytes) -> str | None:
    """Return the file's name in a part's raw `Content-Disposition`, None where it has none.

    `filename*` (RFC 5987) counts before `filename`. Browsers write a quotation mark as `%22` and escape nothing else
    (HTML, 4.10.21.8); curl and others write `\\"`. What is not UTF-8 is read as Windows-1252.
    """
    found: dict[bytes, bytes] = {}
    for name, quoted, plain in _PARAMETER.findall(disposition):
        found.setdefault(name.lower(), quoted.replace(b'\\"', b'"') or plain.strip())
    extended = _EXTENDED.fullmatch(found.get(b"filename*", b""))
    if extended is not None:
        return _text(unquote_to_bytes(extended[2]))
    plain_name = found.get(b"filename")
    return None if plain_name is None else _ESCAPED.sub(lambda found: _BROWSERS[found[0]], _text(plain_name))


def _text(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp1252", "replace")


def kept(given: str) -> str:
    """Return what was sent as it is kept beside the clean name: at most 255 characters, all of which can be stored."""
    start = given[:GIVEN_CHARACTERS].replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return start if flaw_of(start) is None else start.encode("utf-8", "replace").decode("utf-8")


def clean(given: str) -> str:
    """Return a name for every computer: no path, nothing unseen, at most 150 bytes of UTF-8, never empty."""
    last = re.split(r"[/\\]", given.rstrip("/\\ "))[-1]
    seen = "".join(filter(_is_seen, _shorter(last).translate(_UNSEEN)))
    composed = unicodedata.normalize("NFC", " ".join(_DRIVE.sub("", seen, count=1).split()))
    name = composed.translate(_NOT_ON_WINDOWS).strip(". ")
    return _cut(f"_{name}" if _WINDOWS_OWN.match(name) else name)


def ending(name: str) -> str:
    """Return the ending of a clean name, in lower case and without the dot; "" where it has none."""
    found = _ENDING.search(name)
    return found[1].lower() if found else ""


def _shorter(name: str) -> str:
    """Return the start and the end of a name that is far too long: what puts it in order is not linear."""
    return name if len(name) <= _LOOKED_AT else name[: _LOOKED_AT - 100] + name[-100:]


def _is_seen(character: str) -> bool:
    """Return whether a character shows something: none that controls, turns the line round, or has no width."""
    return character.isspace() or unicodedata.category(character) not in _CATEGORIES_UNSEEN


def _cut(name: str) -> str:
    found = _ENDING.search(name)
    tail = found[0] if found else ""
    stem = name.removesuffix(tail).encode("utf-8")[: NAME_BYTES - len(tail)].decode("utf-8", "ignore").strip(". ")
    return f"{stem or NOBODY}{tail}"
