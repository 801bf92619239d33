"""Writes files as parts of a mail (RFC 2045, RFC 2183, names by RFC 2231)."""

from __future__ import annotations

import re
from base64 import encodebytes
from dataclasses import dataclass, field
from urllib.parse import quote

from shared.forms.kinds import dangers

_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,126}", re.ASCII)
_ANY = "application/octet-stream"
_NOT_IN_QUOTES = re.compile(r'[^ -~]|["\\%]')


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail; `name` is one line, `type` a MIME type."""

    name: str
    type: str
    content: bytes = field(repr=False)


def part_of(attachment: Attachment) -> bytes:
    """Return headers and body of a part, with nothing before or behind it; in base64 no boundary can occur.

    What a mail program might show as a page, or as another mail, is bytes of no kind.
    """
    kind = attachment.type if _is_harmless(attachment.type) else _ANY
    is_plain = _NOT_IN_QUOTES.search(attachment.name) is None
    name = f'filename="{attachment.name}"' if is_plain else f"filename*=UTF-8''{quote(attachment.name, safe='')}"
    head = (
        f"Content-Type: {kind}\r\n"
        f"Content-Disposition: attachment;\r\n {name}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + encodebytes(attachment.content).replace(b"\n", b"\r\n")


def _is_harmless(kind: str) -> bool:
    return _TYPE.fullmatch(kind) is not None and kind not in dangers.BY_MIME
