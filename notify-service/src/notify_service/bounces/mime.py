"""Takes a mail apart, within bounds, whatever somebody made it of."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

from notify_service.bounces.found import Unreadable

BYTES_MOST = 512 * 1024
"""How much of a mail is looked at: what says why it came back stands before the copy of what we sent."""

LINE_MOST = 998
"""How long a line may be (RFC 5322, section 2.1.1): what looks for addresses takes the square of it."""

LINES_MOST = 20_000
TYPES_MOST = 60
"""How many parts a mail may have: Python's parser goes as deep as they are nested."""

TEXT_MOST = 20_000
"""How many characters of its text are read."""

_PAYLOAD_MOST = 4 * TEXT_MOST
"""How many bytes of a part become text: some encodings, such as punycode, take the square of them."""

_TYPE = re.compile(rb"^content-type\s*:", re.IGNORECASE | re.MULTILINE)


def parsed(raw: bytes) -> Message:
    """Return the beginning of a mail, taken apart; raises `Unreadable` where that would be too much work."""
    lines = raw[:BYTES_MOST].split(b"\n")
    cut = b"\n".join(line[:LINE_MOST] for line in lines[:LINES_MOST])
    if len(_TYPE.findall(cut)) > TYPES_MOST:
        raise Unreadable("it has too many parts")
    try:
        return email.message_from_bytes(cut)
    except (RecursionError, ValueError, LookupError) as error:
        raise Unreadable(f"it cannot be taken apart ({type(error).__name__})") from error


def header(message: Message, name: str) -> str:
    """Return a header in words, at most `LINE_MOST` characters; empty where there is none that can be read."""
    value = str(message.get(name, ""))[:LINE_MOST]
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError, MessageError):  # the last of base64 that was cut, as of a subject that is quoted
        return value


def own_parts(message: Message) -> Iterator[Message]:
    """Yield the parts of a mail that are its own, and none of a mail that it brings."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            waiting.extend(one for one in part.get_payload() if isinstance(one, Message))
        else:
            yield part


def text_of(message: Message) -> str:
    """Return the text that a mail itself says, of its plain parts first, at most `TEXT_MOST` characters."""
    parts = list(own_parts(message))
    plain = [one for one in parts if one.get_content_type() == "text/plain"]
    chosen = plain or [one for one in parts if one.get_content_type() == "text/html"]
    return "\n".join(map(_decoded, chosen))[:TEXT_MOST]


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    payload = payload[:_PAYLOAD_MOST]
    try:
        text = payload.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # no encoding, or one that decodes nothing: `undefined`
        return payload.decode("latin-1")
    return text.encode("utf-8", "replace").decode("utf-8")  # without halves of characters, which nothing takes
