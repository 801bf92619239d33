"""Makes what the page shows of each form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from shared.forms import NAME, Form, Forms
from shared.forms.checks.remarks import Remarks
from storage_service.accounts.asker import Asker
from storage_service.console.pages.forms.sparkline import Sparkline
from storage_service.console.pages.frame.lists import INBOX, is_apart, of_form
from storage_service.records import FormCounts
from storage_service.records.overview import Counted
from storage_service.records.recent import Day

_NONE = FormCounts()


@dataclass(frozen=True, slots=True)
class Card:
    """A form as a card shows it. `form` is None where it is in the file no more. `remarks` counts what is said."""

    name: str
    form: Form | None
    counts: FormCounts
    chart: Sparkline
    remarks: int = 0

    @property
    def title(self) -> str:
        """What it is called."""
        return self.form.title if self.form else self.name

    @property
    def page(self) -> str | None:
        """The address of its own page; None for a name that stands in no address."""
        return f"/console/forms/{quote(self.name, safe='')}" if NAME.fullmatch(self.name) else None

    def inbox(self, more: str = "") -> str:
        """Return the address of its submissions, of all that are no spam or of those that a query asks for, too."""
        return f"{INBOX}?" + urlencode({"q": of_form(self.name, self.form, more or "-is:spam")})

    @property
    def waiting(self) -> str:
        """The address of those that wait until their addresses are confirmed."""
        return f"{INBOX}?" + urlencode({"q": f"form:{self.name} is:unconfirmed -is:spam"})

    @property
    def new(self) -> int:
        """How many are new, without those that are listed apart."""
        return self.counts.new - (min(self.counts.new, self.counts.new_unconfirmed) if self._is_apart else 0)

    @property
    def all(self) -> int:
        """How many there are, without those that are listed apart."""
        return self.counts.all - (min(self.counts.all, self.counts.unconfirmed) if self._is_apart else 0)

    @property
    def _is_apart(self) -> bool:
        return self.form is not None and is_apart(self.form)


def cards_of(
    forms: Forms, counted: Counted, remarks: Remarks, bounds: Sequence[datetime], who: Asker
) -> tuple[list[Card], list[Card]]:
    """Return the cards of the forms that somebody may see, in the order of the file; and of those that are in it no
    more, but have submissions, by name."""
    defined = {name: form for name, form in forms.items() if who.may_see(name)}
    gone = sorted(name for name in counted.forms if who.may_see(name) and name not in forms)
    warned = _numbers(remarks)
    there = [card_of(name, form, counted, bounds, warned.get(name, 0)) for name, form in defined.items()]
    return there, [card_of(name, None, counted, bounds) for name in gone]


def card_of(name: str, form: Form | None, counted: Counted, bounds: Sequence[datetime], remarks: int = 0) -> Card:
    """Return the card of one form."""
    days = counted.days.get(name) or [Day(one.date(), 0) for one in bounds[:-1]]
    chart = Sparkline(days)
    return Card(name, form, counted.forms.get(name, _NONE), chart, remarks)


def _numbers(remarks: Remarks) -> Mapping[str | None, int]:
    found: dict[str | None, int] = {}
    for one in _all(remarks):
        found[one] = found.get(one, 0) + 1
    return found


def _all(remarks: Remarks) -> Iterable[str | None]:
    return (one.form for one in (*remarks.errors, *remarks.warnings))
