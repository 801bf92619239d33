"""Has what the pages share that a mail leads to: their languages, what one says, and what no other site may know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from shared.forms import Form

Language: TypeAlias = Literal["en", "de"]

LANGUAGES: tuple[Language, ...] = ("en", "de")
"""Those of the product's mails."""

FOOTER: Mapping[Language, str] = {"en": "Kept by Counterfoil", "de": "Aufbewahrt von Counterfoil"}

PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""Whoever has the address may press the button: no other site is to be told of it, and no search engine to keep it."""

_HEADER_MOST = 500


@dataclass(frozen=True, slots=True)
class Words:
    """What one page says: its heading, its paragraphs, and what stands on its button, if it has one."""

    heading: str
    text: Sequence[str]
    button: str = ""


def language_for(accepted: str, form: Form | None) -> Language:
    """Return the language of a visitor by what their browser accepts, else the form's, else English."""
    wanted = [*parse_accept_header(accepted[:_HEADER_MOST], LanguageAccept).values(), (form.language if form else "")]
    primary = (tag.lower().partition("-")[0] for tag in wanted if tag)
    return next((one for tag in primary for one in LANGUAGES if one == tag), "en")
