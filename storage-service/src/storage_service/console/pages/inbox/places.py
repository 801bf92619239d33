"""The views that everybody has, beside the saved ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.forms import Forms
from storage_service.accounts.asker import Asker
from storage_service.console.pages.frame.lists import INBOX, asks_to_confirm, of_form, usual
from storage_service.console.pages.inbox.asked import address_of

FORMS_MOST = 30


@dataclass(frozen=True, slots=True)
class Place:
    """A query under a name, and where it is shown."""

    name: str
    text: str
    is_usual: bool = False

    @property
    def address(self) -> str:
        """Where it is shown."""
        return INBOX if self.is_usual else address_of(self.text)


_PLACES: Sequence[Place] = (
    Place("Open", "is:open -is:spam"),
    Place("Mine", "assigned:me -is:done"),
    Place("Starred", "is:starred"),
    Place("Done", "is:done -is:spam"),
    Place("Failed", "is:failed"),
    Place("Held back", "is:held"),
    Place("Spam", "is:spam"),
    Place("Everything", ""),
)


def places(forms: Forms, who: Asker) -> list[Place]:
    """Return those that somebody has who may see these forms; what waits to be confirmed has one where a form asks."""
    inbox = Place("Inbox", usual(forms, who), is_usual=True)
    waiting = [Place("Unconfirmed", "is:unconfirmed -is:spam")] if asks_to_confirm(forms, who) else []
    return [inbox, *_PLACES[:-2], *waiting, *_PLACES[-2:]]


def form_places(forms: Forms, who: Asker) -> list[Place]:
    """Return a view for each form of the file that the asker may see, where there are several."""
    seen = [form for form in forms.values() if who.may_see(form.name)]
    return [Place(form.title, of_form(form.name, form)) for form in seen[:FORMS_MOST]] if len(seen) > 1 else []


def title_of(text: str, views: Sequence[Place]) -> str:
    """Return what a list is called: as one of these views is, or a search."""
    return next((one.name for one in views if one.text == text), "Search")
