"""Writes multipart bodies as browsers and programs do, and as neither does."""

from __future__ import annotations

from dataclasses import dataclass

BOUNDARY = "----WebKitFormBoundaryVv7Qq8bdyPcw3Rmb"


@dataclass(frozen=True)
class Sent:
    """A part: a field, or with a name of its own a file."""

    name: str
    content: bytes
    filename: str | None = None
    kind: str | None = None

    def encoded(self, boundary: str = BOUNDARY) -> bytes:
        """Return it as it stands in a body."""
        called = "" if self.filename is None else f'; filename="{self.filename}"'
        kind = self.kind or ("application/octet-stream" if self.filename is not None else "")
        lines = [f"--{boundary}", f'Content-Disposition: form-data; name="{self.name}"{called}']
        lines += [f"Content-Type: {kind}"] if kind else []
        return "\r\n".join([*lines, "", ""]).encode() + self.content + b"\r\n"


def body_of(*parts: Sent, boundary: str = BOUNDARY) -> bytes:
    """Return a whole body."""
    return b"".join(part.encoded(boundary) for part in parts) + f"--{boundary}--\r\n".encode()


def kind_of(boundary: str = BOUNDARY) -> str:
    """Return the header `Content-Type` of such a body."""
    return f"multipart/form-data; boundary={boundary}"
