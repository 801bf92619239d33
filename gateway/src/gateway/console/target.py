"""Says which requests are the console's, and makes the target that the console is asked for.

The server hands on a path whose escapes are decoded, and no other. So the target is written anew, in one spelling, and
a path that some reader on the way might take for another one is none: what begins with `/v1/` leads nowhere else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Side: TypeAlias = Literal["v1", "console"]
"""What a program asks with a key, or what a browser shows."""

_BELOW = re.compile(r"/(v1|console)(?:/.*)?", re.DOTALL)
_IN_A_PATH = "/:@!$&'()*+,;="
_IN_A_QUERY = "".join(map(chr, range(0x21, 0x7F)))


def side_of(path: str) -> Side | None:
    """Return the side that a path is on, as WSGI has it; None for one that is not the console's."""
    found = _BELOW.fullmatch(path)
    return found[1] if found else None  # type: ignore[return-value]


def target_of(environ: WSGIEnvironment) -> bytes | None:
    """Return the path and the query as they are sent; None for a path with empty segments, `.`, `..` or `\\`.

    The query is as it came, but for bytes beyond ASCII, which are escaped.
    """
    path: str = environ["PATH_INFO"]
    if "\\" in path or not all(map(_is_plain, path.rstrip("/").split("/")[1:])) or path.endswith("//"):
        return None
    target = quote(path.encode("latin-1"), safe=_IN_A_PATH)
    query: str = environ.get("QUERY_STRING", "")
    return (f"{target}?{quote(query.encode('latin-1'), safe=_IN_A_QUERY)}" if query else target).encode("ascii")


def _is_plain(segment: str) -> bool:
    name, _, _ = segment.partition(";")  # some servers cut off what stands behind it, and see `..` then
    return bool(segment) and name not in {".", ".."}
