"""Says where the forms of a new installation are, and how to send the first submission."""

from __future__ import annotations

from dataclasses import dataclass

from shared.forms.examples import command_line
from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts

SHOWN_MOST = 3


@dataclass(frozen=True, slots=True)
class Start:
    """A form, its address, and a line for a terminal that sends to it."""

    title: str
    name: str
    url: str
    line: str


def starts(parts: Parts, who: Asker, reached: str) -> list[Start]:
    """Return how to begin, for the first forms that the asker may see and that take something.

    `reached` is the origin that the browser has come by, for where nobody says what the gateway's is.
    """
    base = parts.public_url or reached
    forms = [form for form in parts.forms.values() if form.active and who.may_see(form.name)]
    urls = [f"{base}/f/{form.name}" for form in forms[:SHOWN_MOST]]
    return [Start(form.title, form.name, url, command_line(form, url)) for form, url in zip(forms, urls, strict=False)]
