"""Puts together what the page of a submission shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response

from shared.spam import words_of
from storage_service.console.access import asker
from storage_service.console.known import Known, known
from storage_service.console.known.standing import standing
from storage_service.console.known.submission import READ
from storage_service.console.known.unsealed import Unsealed, unsealed
from storage_service.console.pages.frame import current
from storage_service.console.pages.frame.moments import exact
from storage_service.console.pages.frame.renderer import Pages, reader_zone
from storage_service.console.pages.submission.attached import files_of_conflict, files_of_page
from storage_service.console.pages.submission.delivery import Delivery, deliveries_known, deliveries_shown
from storage_service.console.pages.submission.neighbours import neighbours
from storage_service.console.pages.submission.place import Place, listed
from storage_service.console.pages.submission.proof import proof_shown
from storage_service.console.pages.submission.refusal import NotDone
from storage_service.console.pages.submission.reply import address_of, mailto
from storage_service.console.pages.submission.timeline import Entry, steps_shown, timeline
from storage_service.console.pages.submission.values import FIELDS_MOST, fields_shown, sealed_shown
from storage_service.console.pages.submission.words import spam_words
from storage_service.console.parts import Parts
from storage_service.console.people import as_assignee, people
from storage_service.console.places import no_submission
from storage_service.deliveries.naming import channel_words
from storage_service.deliveries.selection import CONFIRMATION
from storage_service.records import Record
from storage_service.records.preview import preview
from storage_service.work.trail import SHOWN_MOST

_TEMPLATE = "submission/submission.html"


class SubmissionPage:
    """The page of one submission."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages

    def shown(
        self, place: Place, not_done: NotDone | None = None, *, is_written: bool = False, is_opened: bool = False
    ) -> Response:
        """Return the page; raises `Refused` (404).

        `not_done` is what was asked for and not done, with all that was typed. `is_written` says that a reply was just
        noted: the page has the link that opens the mail program. `is_opened` opens the sealed fields.
        """
        who = asker()
        readings = self._parts.audit.readings(READ, place.id)
        found = known(self._parts, place.id, who)
        if found is None:
            raise no_submission()
        stands = standing(found.record, found.form, found.told)
        opened = unsealed(self._parts, found.record, who) if is_opened else None
        is_away = found.told is None
        deliveries = self._known(found) if is_away else deliveries_shown(stands["deliveries"])
        return self._pages.page(
            _TEMPLATE,
            not_done.status if not_done else 200,
            place=place,
            found=found,
            record=found.record,
            beside=neighbours(
                self._parts.records, found.record, listed(self._parts, who, place), who, self._parts.clock()
            ),
            not_done=not_done,
            met=_met(found, not_done),
            entries=timeline(found, deliveries, readings, partial(files_of_conflict, self._parts, found)),
            is_cut=len(found.trail) >= SHOWN_MOST,
            deliveries=deliveries,
            channels=_channels(deliveries, found.record),
            is_away=is_away,
            is_written=is_written,
            is_opened=is_opened,
            is_locked=opened is not None and not any(one.fields for one in (opened.own, *opened.conflicts.values())),
            **self._told(found, opened),
        )

    def _known(self, found: Known) -> list[Delivery]:
        """Return what notify told of the deliveries before it went away."""
        return deliveries_known(self._parts.deliveries.of(found.record.id))

    def _told(self, found: Known, opened: Unsealed | None) -> dict[str, Any]:
        """Return what the page says of the submission itself."""
        record, form = found.record, found.form
        may_write = current.may("write", record.form)
        return {
            "title": form.title if form else record.form,
            "who": preview(record.fields).who,
            "fields": [
                *fields_shown(record.fields, form),
                *sealed_shown(record.sealed, form, opened.own if opened else None),
            ],
            "may_unseal": current.may("unseal", record.form),
            "files": files_of_page(self._parts, found),
            "fields_left_out": max(0, len(record.fields) - FIELDS_MOST),
            "may_write": may_write,
            "myself": as_assignee(current.me()),
            "people": people(self._parts.accounts.users, frozenset({record.form})) if may_write else [],
            "address": address_of(record, form),
            "mailto": mailto(record, form, exact(record.accepted_at, reader_zone())),
            "spam": spam_words(record.spam) if record.spam is not None else None,
            "opt_in": proof_shown(record.opt_in_proof, lambda at: exact(at, reader_zone())),
            "reasons": [words_of(one) for one in record.score_reasons or ()],
        }


def _met(found: Known, not_done: NotDone | None) -> list[Entry]:
    """Return what somebody did before, as the timeline has it."""
    if not_done is None or not not_done.met:
        return []
    versions = {step.version for step in not_done.met}
    notes = [Entry(one.at, "note", one.by, note=one) for one in found.notes if one.version in versions]
    return sorted([*notes, *steps_shown(not_done.met)], key=lambda one: one.at)


def _channels(deliveries: Sequence[Delivery], record: Record) -> list[tuple[str, str]]:
    """Return the channels that can be sent again, as sending again and as people call them."""
    if record.opt_in_state == "waiting":
        return [(CONFIRMATION, channel_words(CONFIRMATION))]
    return list(dict.fromkeys((one.channel, one.name) for one in deliveries))
