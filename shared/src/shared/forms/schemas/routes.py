"""Checks the list `route` of a form: its length, and that what the routes name is in the form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from marshmallow import ValidationError, fields

from shared.forms.route import OWN, Route, RouteSchema
from shared.query import Query, QueryError, parse_for_event, terms
from shared.query.tree import Field

ROUTES_MOST = 50

TERMS_MOST = 250
"""Words, phrases and filters of all routes of a form: each is looked for in every submission."""

ADDRESSES_MOST = 50
"""Addresses of all routes of a form: each may get a mail because of one submission."""

_SHOWN_MOST = 100
_CONFIRMATION = "the confirmation goes to whoever submitted: no route changes that"


class Routes(fields.List[Route]):
    """The list `route`, as a tuple of `Route`."""

    default_error_messages = {"invalid": "expected [[forms.….route]], once for each route"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(fields.Nested(RouteSchema), data_key="route")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, list) and len(value) > ROUTES_MOST:
            raise ValidationError(f"expected {ROUTES_MOST} routes at most, not {len(value)}")
        routes = tuple(cast("list[Route]", super()._deserialize(value, attr, data, **options)))
        count = sum(1 for route in routes for _ in terms(route.query))
        if count > TERMS_MOST:
            raise ValidationError(f"expected {TERMS_MOST} words, phrases and filters at most in all, not {count}")
        if len({address for route in routes for address in route.owner}) > ADDRESSES_MOST:
            raise ValidationError(f"expected {ADDRESSES_MOST} addresses at most in all")
        return routes


def channels_written(form: Mapping[str, Any], tables: Iterable[str]) -> list[str]:
    """Return what a route of a form may name, by the form's table as it is written: of these tables, and webhooks.

    What is switched off is there all the same: its routes need not go with it.
    """
    webhooks = form.get("webhooks")
    named = [one.get("name") for one in webhooks if isinstance(one, dict)] if isinstance(webhooks, list) else []
    single = ["owner"] if "webhook" in form else []
    every = [f"webhook:{name}" for name in (*single, *named) if isinstance(name, str)]
    found = [OWN, *(name for name in tables if name in form), *(["webhook"] if every else []), *every]
    return list(dict.fromkeys(found))


def wrong_in_routes(form: Any, fields: Collection[str] | None, tables: Sequence[str]) -> dict[int, dict[str, Any]]:
    """Return what routes name that their form does not have, by the form's table as it is written.

    `fields` are all that it takes, None where it takes any. What is wrong with a route alone is not looked at.
    """
    routes = form.get("route") if isinstance(form, dict) else None
    if not isinstance(routes, list) or len(routes) > ROUTES_MOST:
        return {}
    known = channels_written(form, tables)
    found = ((at, _wrong_in(route, fields, known)) for at, route in enumerate(routes) if isinstance(route, dict))
    return {at: wrong for at, wrong in found if wrong}


def _wrong_in(route: Mapping[str, Any], fields: Collection[str] | None, known: Sequence[str]) -> dict[str, Any]:
    when, channels = route.get("when"), route.get("channels")
    strange = list(_strange_fields(when, fields)) if isinstance(when, str) and fields is not None else []
    missing = dict(_missing_channels(channels, known)) if isinstance(channels, list) else {}
    return ({"when": strange} if strange else {}) | ({"channels": missing} if missing else {})


def _strange_fields(when: str, fields: Collection[str]) -> Iterator[str]:
    query = _read(when)
    for term in terms(query) if query else ():
        if isinstance(term, Field) and term.name not in fields:
            place = f"at character {term.place.offset + 1}"
            yield f"{place}: {term.name} is no field of this form; its fields: {', '.join(fields) or 'none'}"


def _missing_channels(channels: Sequence[Any], known: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    for at, name in enumerate(channels):
        if isinstance(name, str) and name.isprintable() and name not in known:  # what is not, is an error already
            reason = f"{name[:_SHOWN_MOST]} is no channel of this form; it has: {', '.join(known)}"
            yield at, [_CONFIRMATION if name in ("confirmation", "email") else reason]


def _read(when: str) -> Query | None:
    try:
        return parse_for_event(when)
    except QueryError:
        return None
