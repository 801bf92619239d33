"""Says what of a submission is looked at: text, where it came from, and how it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from shared.spam.throwaway import is_throwaway

FIELDS_MOST = 64
"""Fields that are looked at, and texts of a list."""


class SpamText(NamedTuple):
    """What of one submission is scored. Nothing is cut or folded yet.

    `fields` has values as a person typed them, by name. `language` is what the browser asks for (`Accept-Language`),
    `address` the submitter's own, `ip` where it came from; `typed_s` the seconds from opening the page until sending,
    None where no page told. `is_throwaway` says that the address is at a service for addresses to be thrown away.
    """

    fields: Mapping[str, str]
    form: str = ""
    language: str | None = None
    address: str | None = None
    ip: str | None = None
    typed_s: float | None = None
    is_throwaway: bool = False


def text_of(
    fields: Mapping[str, object],
    *,
    form: str,
    language: str | None = None,
    address: str | None = None,
    ip: str | None = None,
    typed_s: float | None = None,
) -> SpamText:
    """Return what is scored of a submission's fields: texts and lists of texts; others are left out."""
    texts = {
        name: found
        for name, value in islice(fields.items(), FIELDS_MOST)
        if (found := value if isinstance(value, str) else _listed(value))
    }
    return SpamText(texts, form, language, address, ip, typed_s, is_throwaway(address))


def _listed(value: object) -> str:
    return " ".join(one for one in value[:FIELDS_MOST] if isinstance(one, str)) if isinstance(value, list) else ""
