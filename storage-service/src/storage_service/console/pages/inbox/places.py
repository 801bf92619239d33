"""The views that everybody has, beside the saved ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.forms import Forms
from storage_service.accounts.asker import Asker
from storage_service.console.pages.frame.lists import USUAL
from storage_service.console.pages.inbox.asked import address_of

FORMS_MOST = 30


@dataclass(frozen=True, slots=True)
class Place:
    """A query under a name, and where it is shown."""

    name: str
    text: str

    @property
    def address(self) -> str:
        """Where it is shown."""
        return address_of(self.text)


PLACES: Sequence[Place] = (
    Place("Inbox", USUAL),
    Place("Open", "is:open -is:spam"),
    Place("Mine", "assigned:me -is:done"),
    Place("Starred", "is:starred"),
    Place("Done", "is:done -is:spam"),
    Place("Failed", "is:failed"),
    Place("Held back", "is:held"),
    Place("Spam", "is:spam"),
    Place("Everything", ""),
)


def form_places(forms: Forms, who: Asker) -> list[Place]:
    """Return a view for each form of the file that the asker may see, where there are several."""
    seen = [form for form in forms.values() if who.may_see(form.name)]
    return [Place(form.title, f"form:{form.name} -is:spam") for form in seen[:FORMS_MOST]] if len(seen) > 1 else []


def title_of(text: str, form_views: Sequence[Place]) -> str:
    """Return what a list is called: as one of these views is, or a search."""
    return next((one.name for one in (*PLACES, *form_views) if one.text == text), "Search")
