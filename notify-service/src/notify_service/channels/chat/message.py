"""What a room is told of a submission, before any service's own format."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from notify_service.channels.fields_shown import FieldShown, fields_shown, lines_of
from notify_service.channels.file_links import FileLink, file_links
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.text import one_line

LEFT_OUT = "\N{HORIZONTAL ELLIPSIS} the rest is left out"
"""What stands behind the fields where a service does not take all of them."""

LINKED = "Open the submission"

REPLY_TO = "Reply to"
"""The label of the address that a page sent as `_replyto`, in no field of the form."""

FILES = "Files"

_NO_TITLE = "Submission"

_NAMED_MOST = 5
"""Files that are named; of others it says how many there are. All are behind the link."""


@dataclass(frozen=True, slots=True)
class Message:
    """A title, the fields, and by what the submission is found again; `link` is where it is shown, where it is.

    Titles and labels are lines. All but `reference` and `link` may hold what a stranger typed.
    """

    title: str
    fields: Sequence[FieldShown]
    reference: str
    link: str | None = None

    @property
    def footer(self) -> str:
        """The line that names the submission."""
        return f"Reference {self.reference}"


def message_of(
    event: SubmissionAccepted, form: Form, include: Collection[str] | None, link: str | None = None
) -> Message:
    """Return the message. `include` names the fields that are shown; None is all, and an address that is in none."""
    shown = fields_shown(event, form, include)
    if include is None and event.reply_address not in (None, *event.fields.values()):
        shown.append(FieldShown(REPLY_TO, lines_of(event.reply_address)))
    if links := file_links(event, form, include):
        shown.append(_files(links))
    return Message(one_line(form.title) or _NO_TITLE, shown, str(event.id), link)


def _files(links: Sequence[FileLink]) -> FieldShown:
    """Return how many there are, and what the first are called."""
    more = len(links) - _NAMED_MOST
    named = [f"{one.name} ({one.size})" for one in links[:_NAMED_MOST]]
    return FieldShown(f"{FILES} ({len(links)})", [*named, *([f"and {more} more"] if more > 0 else [])], is_list=True)
