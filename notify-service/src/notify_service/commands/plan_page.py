"""What the command `plan` shows: a page for a person, or a document for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notify_service.channels.registry import with_secrets
from notify_service.commands.terminal import Refused
from notify_service.planning.explaining import Explanation, Line
from shared import forms
from shared.contracts import SubmissionAccepted
from shared.forms import Form, file, positions
from shared.text import as_shown


@dataclass(frozen=True, slots=True)
class Dry:
    """A form, and what the file and the folder of secrets say beside it."""

    form: Form
    lines: Sequence[int]
    off: Sequence[Line]
    missing: Mapping[str, str]

    @classmethod
    def read(cls, path: Path, secrets: forms.FormSecrets, name: str) -> Dry:
        """Read the file; raises `FormsError`, and `Refused` where it has no such form."""
        content = file.read(path)
        served, text = file.parse(content, path), file.text_of(content, path)
        form = served.get(name)
        if form is None:
            raise Refused(f"--form: {path} has no form {name[:64]!r}; it has: {', '.join(served)}")
        at, written = positions.lines_of(text), file.document_of(text, path)["forms"][name]
        return cls(
            form,
            [at["forms", name, "route", number] for number in range(len(form.routes))],
            list(_switched_off(name, written)),
            {_named(one.place): one.reason for one in forms.missing({name: form}, secrets, with_secrets())},
        )

    def page(self, event: SubmissionAccepted, found: Explanation) -> Iterator[str]:
        """Return the lines for a person."""
        count = len(found.told)
        yield f"{self.form.name}: {count} {'delivery' if count == 1 else 'deliveries'}"
        yield from (_row(line, self._waits(line)) for line in found.told)
        if untold := [*found.untold, *self.off]:
            yield from ("", "not told:", *map(_row, untold))
        if self.form.routes:
            yield from ("", "routes:", *self._routes(found))
        yield from ("", *self._notes(event), "Nothing was sent. Whether the form takes these fields was not checked.")

    def document(self, event: SubmissionAccepted, found: Explanation) -> dict[str, Any]:
        """Return the same for a program."""
        told = [{**_members(line), "waits": self.missing.get(line.channel)} for line in found.told]
        routes = [
            {"number": number, "line": line, "when": route.when, "matches": is_match}
            for number, (line, route, is_match) in enumerate(
                zip(self.lines, self.form.routes, found.matches, strict=True), 1
            )
        ]
        return {
            "form": self.form.name,
            "spam": event.spam,
            "told": told,
            "not_told": [_members(line) for line in (*found.untold, *self.off)],
            "routes": routes,
            "notes": list(self._notes(event)),
        }

    def _waits(self, line: Line) -> str:
        reason = self.missing.get(line.channel)
        return f"; it waits for its secret: {reason}" if reason else ""

    def _routes(self, found: Explanation) -> Iterator[str]:
        for number, (route, is_match) in enumerate(zip(self.form.routes, found.matches, strict=True), 1):
            verdict = "matches" if is_match else "does not match"
            yield f"  {number:<3} {verdict:15} line {self.lines[number - 1]}: {route.when}"

    def _notes(self, event: SubmissionAccepted) -> Iterator[str]:
        if not self.form.active:
            yield "The form is not active: its gateway takes nothing."
        strange = (
            [name for name in event.fields if name not in self.form.fields] if self.form.fields is not None else []
        )
        if strange and self.form.unknown != "keep":
            yield f"The form has no field of these names: {', '.join(map(repr, strange))}."


def _switched_off(name: str, written: Mapping[str, Any]) -> Iterator[Line]:
    """Return the lines of channels that are there and switched off; those of mails are told apart from these."""
    for key, table in written.items():
        if key in ("confirmation", "owner"):
            continue
        if isinstance(table, dict) and table.get("enabled") is False:
            yield Line("webhook:owner" if key == "webhook" else key, "", f"switched off in [forms.{name}.{key}]")
    for one in written.get("webhooks", ()):
        if one.get("enabled") is False:
            yield Line(f"webhook:{one['name']}", "", f"switched off in [[forms.{name}.webhooks]]")


def _named(place: Sequence[str]) -> str:
    """Return what a route calls the channel in whose table a secret is named."""
    if place[0] == "webhook":
        return "webhook:owner"
    return f"webhook:{place[1]}" if place[0] == "webhooks" else place[0]


def _row(line: Line, more: str = "") -> str:
    to = as_shown(line.to).replace("\n", " ") or "-"
    return f"  {line.channel:20} {to:32} {line.because}{more}"


def _members(line: Line) -> dict[str, str]:
    return {"channel": line.channel, "to": line.to, "because": line.because}
