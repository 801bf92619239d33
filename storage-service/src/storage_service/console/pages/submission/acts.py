"""Does what the forms of a submission's page ask for, and answers with the page again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response

from storage_service.accounts.asker import Asker
from storage_service.console.access import asker
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.notices import Undo, tell
from storage_service.console.pages.submission.meeting import Met, with_others
from storage_service.console.pages.submission.page import SubmissionPage
from storage_service.console.pages.submission.place import WRITE, Place
from storage_service.console.pages.submission.posted import Posted
from storage_service.console.pages.submission.refusal import NotDone
from storage_service.console.pages.submission.wishes import Wish, change_of, typed
from storage_service.console.parts import Parts
from storage_service.console.places import no_submission
from storage_service.deliveries.resending import Unconfirmed, Withheld
from storage_service.deliveries.selection import RESENT
from storage_service.records import Record
from storage_service.work import BadValue, NotFound
from storage_service.work.trail import Step
from storage_service.work.values import note_of

_WITHHELD = "Nothing of it is sent while it is held back as spam. Say first that it is no spam."
_UNCONFIRMED = (
    "It waits until its address is confirmed: until then nothing is sent of it but the mail that asks for that."
)


def _why_nothing(record: Record, trail: Sequence[Step]) -> str:
    """Return why nothing of a submission is sent again."""
    if any("anonymised" in step.changes for step in trail):
        return "It is anonymous: nothing of it is sent any more."
    if record.imported_at is not None:
        return "It was imported: nothing of it is ever sent."
    return "It was asked for before, and nothing has come of it yet."


class Acts:
    """What can be done. Each answers 303 to the page, or with the page, why it was not done, and all that was typed."""

    def __init__(self, parts: Parts, page: SubmissionPage) -> None:
        self._parts = parts
        self._work = parts.work
        self._page = page

    def change(self, place: Place, posted: Posted) -> Response:
        """Change status, star, assignee or a label."""
        who = asker()
        before, seen = self._one(place, who), posted.version()
        try:
            asked = change_of(posted, before)
        except BadValue as error:
            return self._page.shown(place, NotDone(422, typed(posted), why=error.reason))

        def do() -> str:
            after = with_others(
                self._work, place.id, seen, asked.subject, lambda v: self._work.change(place.id, asked.change, who, v)
            )
            if asked.told and after.version != before.version:
                tell(asked.told, asked.undo(place, after.version))
            return place.page("standing")

        return self._answer(place, asked.wish, do)

    def note(self, place: Place, posted: Posted) -> Response:
        """Add a note. The same note of the same person once more, sent before its page was seen, is one note."""
        who, seen, text = asker(), posted.version(), posted.text("text")
        wish = Wish("notes", "write a note", {"text": text})

        def do() -> str:
            try:
                note = with_others(
                    self._work, place.id, seen, "note", lambda v: self._work.note(place.id, text, who, v)
                )
            except Met:
                if self._is_written(place, text, who, seen):
                    return place.page("note")
                raise
            return place.page(f"note-{note.version}")

        return self._answer(place, wish, do)

    def reply(self, place: Place, posted: Posted) -> Response:
        """Note a reply, and show the link that opens the mail program."""
        who, seen = asker(), posted.version()

        def do() -> str:
            try:
                with_others(self._work, place.id, seen, "reply", lambda v: self._work.replied(place.id, who, v))
            except Met as met:
                if not any("reply" in step.changes and step.by == who.name for step in met.steps):
                    raise
            return place.page("reply", **{WRITE: "1"})

        return self._answer(place, Wish("reply", "reply"), do)

    def spam(self, place: Place, posted: Posted, *, is_spam: bool) -> Response:
        """Mark as spam, or as no spam: what was withheld is delivered then."""
        who, seen = asker(), posted.version()
        does = self._work.spam if is_spam else self._work.not_spam
        way, back = ("spam", "not-spam") if is_spam else ("not-spam", "spam")

        def do() -> str:
            before = self._one(place, who)
            after = with_others(self._work, place.id, seen, "spam", lambda v: does(place.id, who, v))
            if after.version != before.version:
                text = "Marked as spam: nothing more of it is sent." if is_spam else "No spam: what was held is sent."
                undo = Undo(place.post(back), {"version": str(after.version)})
                tell(text, None if is_spam and before.spam else undo)  # "no spam" would deliver what a verdict held
            return place.page("standing")

        words = "mark it as spam" if is_spam else "say that it is no spam"
        return self._answer(place, Wish(way, words), do)

    def resend(self, place: Place, posted: Posted) -> Response:
        """Ask notify to send again: what failed or is held, of a channel or of all."""
        who = asker()
        channel = posted.one_of("channel", ("", *RESENT)) or None

        def do() -> str:
            before = self._one(place, who)
            count = self._work.resend(place.id, channel, who)
            what = "1 delivery is" if count == 1 else f"{count} deliveries are"
            tell(f"{what} sent again." if count else _why_nothing(before, self._work.trail(place.id)))
            return place.page("timeline")

        return self._answer(place, Wish("resend", "send it again", {"channel": channel or ""}), do)

    def _one(self, place: Place, who: Asker) -> Record:
        found = self._parts.records.one(place.id, who.forms)
        if found is None:
            raise no_submission()
        return found

    def _answer(self, place: Place, wish: Wish, do: Callable[[], str]) -> Response:
        try:
            return going.to(do())
        except NotFound:
            raise no_submission() from None
        except Met as met:
            return self._page.shown(place, NotDone(409, wish, met=met.steps))
        except BadValue as error:
            return self._page.shown(place, NotDone(422, wish, why=error.reason))
        except Withheld:
            return self._page.shown(place, NotDone(409, wish, why=_WITHHELD))
        except Unconfirmed:
            return self._page.shown(place, NotDone(409, wish, why=_UNCONFIRMED))

    def _is_written(self, place: Place, text: str, who: Asker, seen: int) -> bool:
        cleaned = note_of(text)
        notes = self._work.notes(place.id)
        return any(one.by == who.name and one.version > seen and one.text == cleaned for one in notes)
