"""Puts together what is handed to a person: `person.json` for programs, `person.html` to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.database import iso
from storage_service.accounts.asker import Asker
from storage_service.subjects.elsewhere import Elsewhere
from storage_service.subjects.package.contents import Contents
from storage_service.subjects.package.page import page
from storage_service.subjects.report import Report
from storage_service.zipping import Entry, zipped

MAILS_MOST = 200
"""Submissions of which notify is asked what was mailed, each by a question of its own."""

CONTENTS_MOST = 100
"""Parked copies of one service whose content is told; of others, that they are there."""


OPERATE = "operate"
"""The scope without which nobody is shown what a parked message says."""


class Package:
    """One ZIP, written while it is read. What is erased meanwhile is not in it."""

    def __init__(
        self,
        report: Report,
        contents: Contents,
        elsewhere: Elsewhere,
        by: Asker,
        at: datetime,
    ) -> None:
        self._report = report
        self._contents = contents
        self._elsewhere = elsewhere
        self._by = by
        self._at = at
        self._noted = set[UUID]()  # the JSON and the page are one copy: the audit is told once
        self._mails = dict[UUID, Sequence[Mapping[str, Any]]]()

    def chunks(self) -> Iterator[bytes]:
        """Yield the file."""
        return zipped(self._entries())

    def _entries(self) -> Iterator[Entry]:
        yield Entry("person.json", self._json())
        yield Entry("person.html", self._page())
        for one in self._contents.packed(self._report.stored, self._by):
            yield from one.entries()

    def _json(self) -> Iterator[bytes]:
        report = self._report
        head = {
            "made_at": iso(self._at),
            "addresses": list(report.person.mailboxes),
            "places": dict(report.places()),
            "suppressed": [one.to_json() for one in report.suppressed or ()],
            "unfinished": list(report.unfinished),
        }
        yield _encoded(head)[:-2] + b',\n  "submissions": ['
        between = b"\n"
        for one in self._documents():
            yield between + _encoded(one)
            between = b",\n"
        yield b"\n  ],\n" + _member("not_stored", [self._of_none(key) for key in report.elsewhere])
        yield b",\n" + _member("parked", list(self._parked()))
        yield b",\n" + _member("complete", report.is_complete) + b"\n}\n"

    def _page(self) -> Iterator[bytes]:
        rest = [self._of_none(key) for key in self._report.elsewhere]
        for piece in page(self._report, self._documents(), rest, self._parked(), self._at):
            yield piece.encode(errors="replace")

    def _documents(self) -> Iterator[dict[str, Any]]:
        for key, one in self._contents.documents(self._report.stored, self._by, self._noted):
            yield {**one, "mails": self._mails_of(key)}

    def _of_none(self, key: UUID) -> dict[str, Any]:
        return {"id": str(key), "mails": self._mails_of(key)}

    def _mails_of(self, key: UUID) -> Sequence[Mapping[str, Any]]:
        """Return what notify tells of the mails to the person because of a submission; it is asked once."""
        if key not in (self._report.mailed or ()):
            return ()
        if key not in self._mails and len(self._mails) < MAILS_MOST:
            self._mails[key] = self._elsewhere.mails(key) or ()
        return self._mails.get(key, ())

    def _parked(self) -> Iterator[dict[str, Any]]:
        most = CONTENTS_MOST if self._by.may(OPERATE) else 0
        for service, copies in self._report.parked.items():
            for number, one in enumerate(copies or ()):
                told = self._elsewhere.parked_content(service, one.id) if number < most else None
                yield {
                    "service": service,
                    "type": one.type,
                    "parked_at": one.parked_at,
                    "content": told["content"] if told else None,
                }


def _encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode(errors="replace")


def _member(name: str, value: object) -> bytes:
    return f'  "{name}": '.encode() + _encoded(value)
