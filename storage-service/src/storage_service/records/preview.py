"""Makes one line of what somebody submitted: who they are, and how it begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shared.contracts import JsonValue
from shared.mail_addresses import is_address
from shared.text import as_line

WHO_MOST = 60
WORDS_MOST = 160
_READ_MOST = 400
"""Characters: of each value no more than this is looked at, however long it is."""

_NAMES = ("name", "full_name", "fullname", "your_name", "contact_name", "customer_name")
_PAIRS = (
    ("first_name", "last_name"),
    ("firstname", "lastname"),
    ("given_name", "family_name"),
    ("vorname", "nachname"),
    ("prenom", "nom"),
    ("prénom", "nom"),
    ("nombre", "apellidos"),
    ("nome", "cognome"),
)
_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Preview:
    """Who submitted, nothing where no field says, and the first words of the rest."""

    who: str
    words: str


def preview(fields: Mapping[str, JsonValue]) -> Preview:
    """Return the line of a submission's fields, in their order: an address only where there is nothing else to say.

    It takes no longer for long values.
    """
    texts = {name: text for name, value in fields.items() if (text := _text_of(value))}
    said = {_plain(name): name for name in reversed(texts)}
    used, addresses = _who_fields(said), _address_fields(texts)
    who = " ".join(texts[name] for name in used or addresses)
    rest = [text for name, text in texts.items() if name not in (*used, *addresses)]
    return Preview(_cut(who, WHO_MOST), _joined(rest or [texts[name] for name in addresses if used]))


def _who_fields(said: Mapping[str, str]) -> tuple[str, ...]:
    for name in _NAMES:
        if name in said:
            return (said[name],)
    for pair in _PAIRS:
        if found := tuple(said[name] for name in pair if name in said):
            return found
    return ()


def _address_fields(texts: Mapping[str, str]) -> tuple[str, ...]:
    return next(((name,) for name, text in texts.items() if "@" in text and is_address(text)), ())


def _plain(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def _text_of(value: JsonValue) -> str:
    """Return a value in one line; nothing for what says nothing by itself, such as a box that is ticked."""
    match value:
        case str():
            return _in_one_line(value)
        case bool() | None:
            return ""
        case int() | float():
            return str(value)
        case list():
            return ", ".join(filter(None, map(_text_of, value[:10])))
        case _:
            return ""


def _in_one_line(text: str) -> str:
    return " ".join(as_line(text[:_READ_MOST].replace("\r", " ").replace("\n", " ")).split())


def _joined(texts: Iterable[str]) -> str:
    return _cut(_BETWEEN.join(_enough(texts)), WORDS_MOST)


def _enough(texts: Iterable[str]) -> Iterator[str]:
    length = 0
    for text in texts:
        yield text
        length += len(text)
        if length > WORDS_MOST:
            return


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
