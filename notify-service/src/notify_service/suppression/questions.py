"""Answers what the console asks of addresses that are sent no mail, over the broker. Nothing of it is logged."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast, get_args

from notify_service.channels.mail.mailboxes import shown_address
from notify_service.suppression.reasons import Stops, Suppressed
from notify_service.suppression.suppression import Suppression
from shared.database import iso
from shared.mail_addresses import ADDRESS_MOST
from shared.messaging.broker import Answer, Params, QueryMethod

LIMIT_MOST = 200
_FORM_MOST, _NAME_MOST, _NOTE_MOST = 64, 320, 500
_HASH = re.compile(r"[0-9a-f]{64}")
OFF: Mapping[str, Any] = {"error": "off"}
"""What is answered where there is no secret: nothing is known of addresses then."""


def methods(suppression: Suppression, clock: Callable[[], datetime]) -> Mapping[str, QueryMethod]:
    """Return the methods by their names, for the console alone. Each answers `OFF` without a secret.

    `suppressions.list` {limit, cursor} answers {suppressions, next_cursor}; `suppressions.find` {address}
    {suppressions, address (its hash), shown}; `suppressions.add` {address, form ("" for all), by, note}
    {suppression, added}; `suppressions.remove` {id} {removed}. Raise ValueError and KeyError for another question, and
    `DependencyUnavailable`.
    """
    questions = Questions(suppression, clock)
    return {
        "suppressions.list": questions.listed,
        "suppressions.find": questions.find,
        "suppressions.add": questions.add,
        "suppressions.remove": questions.remove,
    }


class Questions:
    """Each method answers one question; see `methods`."""

    def __init__(self, suppression: Suppression, clock: Callable[[], datetime]) -> None:
        self._suppression = suppression
        self._clock = clock

    def listed(self, params: Params) -> Answer:
        """Answer with a page, the newest first; {"error": "cursor"} for a cursor that was not made here."""
        if not self._suppression.is_on:
            return dict(OFF)
        limit, cursor = max(1, min(int(params["limit"]), LIMIT_MOST)), params.get("cursor")
        try:
            after = None if cursor is None else _place_of(str(cursor))
        except ValueError:
            return {"error": "cursor"}
        found = self._suppression.table.page(limit + 1, after)
        more = len(found) > limit
        return {
            "suppressions": [_shown(one) for one in found[:limit]],
            "next_cursor": _cursor_of(found[limit - 1]) if more else None,
        }

    def find(self, params: Params) -> Answer:
        """Answer with all that stands there of an address, and what stands for it."""
        if not self._suppression.is_on:
            return dict(OFF)
        address = _address(params)
        known = [one for key in self._suppression.hashes_of(address) for one in self._suppression.table.of_address(key)]
        return {
            "suppressions": [_shown(one) for one in known],
            "address": self._suppression.hash_of(address),
            "shown": shown_address(address),
        }

    def add(self, params: Params) -> Answer:
        """Have an address sent no mail, and answer with what stands there: what stood there before stays."""
        if not self._suppression.is_on:
            return dict(OFF)
        address, form = _address(params), str(params.get("form") or "")[:_FORM_MOST]
        by, note = str(params["by"])[:_NAME_MOST], params.get("note")
        said = None if note is None else str(note)[:_NOTE_MOST]
        added = self._suppression.suppress_address(address, "by-hand", self._clock(), form=form, by=by, said=said)
        known = self._suppression.table.of_address(self._suppression.hash_of(address))
        found = [one for one in known if (one.form, one.stops) == (form, "all")]
        return {"suppression": _shown(found[0]) if found else None, "added": added}

    def remove(self, params: Params) -> Answer:
        """Take one back: mail is sent again."""
        if not self._suppression.is_on:
            return dict(OFF)
        place = _place_in(str(params["id"]))
        return {"removed": place is not None and self._suppression.table.remove(*place)}


def id_of(one: Suppressed) -> str:
    """Return what one is called from outside: `hash.stops`, or `hash.stops.form`."""
    return ".".join((one.address_hash, one.stops, *([one.form] if one.form else [])))


def _place_in(told: str) -> tuple[str, str, Stops] | None:
    """Return the hash, the form, and what stops, of an id; None for one that was not made here."""
    address_hash, _, rest = told.partition(".")
    stops, _, form = rest.partition(".")
    if not _HASH.fullmatch(address_hash) or stops not in get_args(Stops):
        return None
    return address_hash, form, cast("Stops", stops)


def _address(params: Params) -> str:
    address = str(params["address"])
    if "@" not in address or len(address) > ADDRESS_MOST:
        raise ValueError("address: expected an address")
    return address


def _shown(one: Suppressed) -> dict[str, Any]:
    return {
        "id": id_of(one),
        "address": one.shown,
        "form": one.form or None,
        "stops": one.stops,
        "reason": one.reason,
        "at": iso(one.at),
        "by": one.by,
        "said": one.said,
    }


def _cursor_of(one: Suppressed) -> str:
    text = " ".join((iso(one.at), one.address_hash, one.stops, one.form))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place_of(cursor: str) -> tuple[datetime, str, str, str]:
    """Read what `_cursor_of` wrote; raises ValueError for anything else."""
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    moment, address_hash, stops, form = urlsafe_b64decode(padded).decode("ascii").split(" ")
    if not _HASH.fullmatch(address_hash):
        raise ValueError("no hash")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), address_hash, form, stops
    except OverflowError as error:
        raise ValueError("no moment") from error
