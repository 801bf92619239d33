"""Generates requests with Hypothesis: bodies of every type, headers, and inputs that have failed elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

MARK = "canary"
"""Stands in every piece of HTML that is thrown: where an answer holds `<canary`, it was not escaped."""

ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
NASTY = st.sampled_from(
    [
        *("\x00", "\ud800", "a\r\nb", "a\x0bb", "\u2028", "1e999", "9" * 5000, "ada@example.org", "on", "one", "", " "),
        *(f"<{MARK}>", f'"><{MARK}>', f"'><{MARK}>", f"</textarea><{MARK}>", "{{7*7}}", "${x}", "javascript:alert(1)"),
        *("https://evil.example", "//evil.example", "/\\evil.example", "https://localhost@evil.example", "/thanks"),
        *(
            "https://www.example.org/thanks",
            "https://www.example.org.evil.example",
            "http:evil.example",
            "\t//evil.example",
        ),
        *(
            "ädä@exämple.org",
            "a@b",
            "ada@example.org, eve@example.org",
            "2026-11-22",
            "https://example.org",
            "+44 20 79",
        ),
    ]
)
TEXT = ANY_TEXT | NASTY
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3))
FIELDS = [
    "text",
    "email",
    "Email",
    "number",
    "integer",
    "boolean",
    "date",
    "url",
    "tel",
    "choice",
    "list",
    "long",
    "name",
]
CONTROL = ["_subject", "_replyto", "_next", "_redirect", "_language", "_idempotency_key", "_gotcha", "_cc", "_format"]
NAMES = (
    ANY_TEXT | NASTY | st.sampled_from([*FIELDS, *CONTROL, "message", "leave_this_empty", "access_key", "__proto__"])
)
FORMS = st.sampled_from(["open", "types", "signup", "contact"])

_HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
_HEADERS: Mapping[str, list[str]] = {
    "Accept": ["text/html", "application/json", "application/problem+json", "*/*", "text/html;q=0.1", "a", ",;="],
    "X-Requested-With": ["XMLHttpRequest"],
    "HX-Request": ["true"],
    "HX-Boosted": ["true"],
    "Sec-Fetch-Mode": ["navigate", "cors"],
    "Origin": ["null", "https://www.example.org", "http://localhost", "https://[", "https://evil.example"],
    "Referer": ["https://www.example.org/a", "http://localhost/f/open", "https://evil.example/a", "https://[", "x:y"],
    "Idempotency-Key": ["k", "", "k" * 256, "a, b"],
    "User-Agent": ["A browser", f"<{MARK}>"],
    "Accept-Language": ["en", "x" * 600],
    "Traceparent": ["00-" + "a" * 32 + "-" + "b" * 16 + "-01", "nonsense"],
    "Content-Encoding": ["identity", "gzip", ""],
    "Prefer": ["wait=1"],
    "X-Forwarded-For": ["1.2.3.4", "x"],
    "X-Forwarded-Host": ["evil.example"],
    "Cookie": ["a=b"],
}
HEADERS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(usual) | _HEADER_TEXT for name, usual in _HEADERS.items()}
)


@dataclass(frozen=True)
class Post:
    """One submission as it is sent."""

    form: str
    body: bytes
    kind: str
    headers: Mapping[str, str]


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, allow_nan=True).encode()


def _urlencoded(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="surrogatepass").encode()


def _multipart(pairs: list[tuple[str, str]]) -> bytes:
    parts = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs)
    return ("".join(parts) + "--b--\r\n").encode("utf-8", "surrogatepass")


PAIRS = st.lists(st.tuples(NAMES, TEXT), max_size=5)
_KINDS = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
BODIES = st.one_of(
    st.tuples(st.dictionaries(NAMES, VALUES, max_size=4).map(_json), st.just(_KINDS[0])),
    st.tuples(PAIRS.map(_urlencoded), st.just(_KINDS[1])),
    st.tuples(PAIRS.map(_multipart), st.just(_KINDS[2])),
    st.tuples(st.binary(max_size=200), st.sampled_from(_KINDS) | _HEADER_TEXT),
)
WILD = st.builds(lambda form, body, headers: Post(form, body[0], body[1], headers), FORMS, BODIES, HEADERS)

_GOOD_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
_GOOD_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=10)
_GOOD_NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_GOOD_VALUES = st.recursive(
    st.none() | st.booleans() | _GOOD_NUMBERS | _GOOD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_GOOD_TEXT, inner, max_size=3),
)
_GOOD_CONTROL = {
    "_next": NASTY,
    "_redirect": NASTY,
    "_subject": _GOOD_LINE,
    "_language": _GOOD_TEXT,
    "_idempotency_key": st.sampled_from(["one", "two", "three"]),
    "_gotcha": st.sampled_from(["", "buy"]),
    "_cc": _GOOD_TEXT,
}
_GOOD_FIELDS = {
    "text": _GOOD_LINE,
    "email": st.emails(),
    "number": _GOOD_NUMBERS | _GOOD_NUMBERS.map(str),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans() | st.sampled_from(["on", "NO"]),
    "date": st.dates().map(str),
    "url": st.just("https://example.org/<canary>"),
    "list": st.lists(st.sampled_from(["a", "b"])),
    "long": _GOOD_TEXT,
}
_ANY_NAMES = _GOOD_TEXT.filter(lambda name: name.lower() not in {"email", "name", "subject"})
_OPEN = st.dictionaries(_ANY_NAMES, _GOOD_VALUES, min_size=1, max_size=5)
_CONTROLS = st.fixed_dictionaries({}, optional=_GOOD_CONTROL)
_TYPES = st.fixed_dictionaries({"choice": st.sampled_from(["one", "two"])}, optional=_GOOD_FIELDS)
_FEW_HEADERS = HEADERS.map(
    lambda headers: {name: headers[name] for name in headers if name not in {"Content-Encoding", "Idempotency-Key"}}
)
NEAR = st.builds(
    lambda form, controls, headers: Post(form[0], _json({**form[1], **controls}), _KINDS[0], headers),
    st.tuples(st.just("open"), _OPEN) | st.tuples(st.just("types"), _TYPES),
    _CONTROLS,
    _FEW_HEADERS,
)
"""Inputs that are likely to be accepted; wild ones are nearly always refused."""

POSTS = NEAR | WILD
