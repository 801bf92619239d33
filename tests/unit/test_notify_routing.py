"""Who is told of an event, by the routes of its form."""

from __future__ import annotations

from dataclasses import replace
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.channels.routing import REMEMBERED_MOST, RecentlyRouted, matching, routed
from shared.contracts import Control, SubmissionAccepted
from shared.forms import Form, Owner, Route, Webhook
from shared.query import matches, parse_for_event
from support.events import an_event
from support.routes import a_route
from support.webhooks import a_webhook

ME, SUPPORT, SALES = "me@example.org", "support@example.org", "sales@example.org"
FAULT, ORDER = an_event(topic="A fault"), an_event(topic="An order", amount=2000)


def a_hook(name: str) -> Webhook:
    return Webhook("https://hooks.example.org/", secret_file="x", name=name)


FORM = Form(
    "contact", "Contact", owner=Owner(to=(ME,)), webhook=a_webhook(), webhooks=(a_hook("crm"), a_hook("tickets"))
)


def told(event: SubmissionAccepted, *routes: Route, form: Form = FORM) -> list[str]:
    """Return whom the form tells of an event with these routes."""
    now = routed(replace(form, routes=routes), event)
    addresses = [*now.owner.to, *now.owner.also] if now.owner and now.owner.enabled else []
    hooks = [now.webhook.name] if now.webhook else []
    return [*addresses, *hooks, *(one.name for one in now.webhooks)]


EVERYBODY = [ME, "owner", "crm", "tickets"]


def test_without_a_route_that_matches_everybody_is_told() -> None:
    assert told(FAULT) == EVERYBODY
    assert told(FAULT, a_route("order", owner=(SUPPORT,))) == EVERYBODY


def test_a_form_without_routes_stays_the_same_object() -> None:
    assert routed(FORM, FAULT) is FORM


@pytest.mark.parametrize(
    ("routes", "of_a_fault", "of_an_order"),
    [
        ([a_route("fault", owner=(SUPPORT,))], [ME, SUPPORT, "owner", "crm", "tickets"], EVERYBODY),
        ([a_route("fault", owner=(SUPPORT,), instead=True)], [SUPPORT, "owner", "crm", "tickets"], EVERYBODY),
        ([a_route("fault", channels=("webhook:tickets",))], EVERYBODY, [ME, "owner", "crm"]),
        ([a_route("fault", channels=("webhook:tickets",), instead=True)], ["tickets"], [ME, "owner", "crm"]),
        (
            [a_route("fault", channels=("webhook:tickets", "owner"), instead=True)],
            [ME, "tickets"],
            [ME, "owner", "crm"],
        ),
        ([a_route("fault", channels=("webhook",))], EVERYBODY, [ME]),
        ([a_route("fault", channels=("webhook",), owner=(SUPPORT,), instead=True)], [SUPPORT, *EVERYBODY[1:]], [ME]),
        ([a_route("fault", channels=("webhook:owner",), instead=True)], ["owner"], [ME, "crm", "tickets"]),
        ([a_route("fault", channels=("owner",), instead=True)], [ME], EVERYBODY),
        (
            [
                a_route("fault OR order", owner=(SALES,)),
                a_route("field.amount:>1000", owner=(SALES, SUPPORT), channels=("webhook:crm",)),
            ],
            [ME, SALES, "owner", "tickets"],
            [ME, SALES, SUPPORT, "owner", "crm", "tickets"],
        ),
        (
            [a_route("fault", owner=(SUPPORT,), instead=True), a_route("a", channels=("webhook:crm",))],
            [SUPPORT, "owner", "crm", "tickets"],
            [ME, "owner", "tickets"],
        ),
    ],
)
def test_routes_add_to_and_stand_in_the_place_of_what_the_form_tells(
    routes: list[Route], of_a_fault: list[str], of_an_order: list[str]
) -> None:
    assert told(FAULT, *routes) == of_a_fault
    assert told(ORDER, *routes) == of_an_order


def test_the_order_of_routes_makes_no_difference_to_whom() -> None:
    first, second = a_route("fault", owner=(SUPPORT,), instead=True), a_route("a", channels=("webhook:crm",))
    assert told(FAULT, first, second) == told(FAULT, second, first)


@pytest.mark.parametrize("owner", [None, Owner(), Owner(subject="New: {topic}")])
def test_a_route_makes_a_mail_where_the_form_names_no_address(owner: Owner | None) -> None:
    form = Form("contact", "Contact", owner=owner)
    beside = routed(replace(form, routes=(a_route("fault", owner=(SUPPORT,)),)), FAULT).owner
    assert beside == replace(owner or Owner(), also=(SUPPORT,)), "notify's setting may name others"
    instead = routed(replace(form, routes=(a_route("fault", owner=(SUPPORT,), instead=True),)), FAULT).owner
    assert instead == replace(owner or Owner(), to=(SUPPORT,))


def test_a_route_may_take_the_mail_to_whom_the_setting_names() -> None:
    form = replace(FORM, owner=None, routes=(a_route("fault", channels=("webhook",), instead=True),))
    now = routed(form, FAULT).owner
    assert now is not None
    assert not now.enabled


def test_no_route_switches_on_what_is_switched_off() -> None:
    off = replace(FORM, owner=Owner(to=(ME,), enabled=False), webhook=None)
    routes = [a_route("fault", owner=(SUPPORT,), channels=("webhook",), instead=instead) for instead in (True, False)]
    for route in routes:
        assert told(FAULT, route, form=off) == ["crm", "tickets"]


def test_what_belongs_to_the_submitter_and_to_the_page_stays() -> None:
    now = routed(replace(FORM, routes=(a_route("fault", channels=("webhook:crm",), instead=True),)), FAULT)
    assert (now.confirmation, now.title, now.routes) == (FORM.confirmation, FORM.title, now.routes)


def test_what_is_remembered_of_an_event_is_that_of_its_form_as_it_is_and_bounded() -> None:
    remembering = RecentlyRouted()
    assert remembering(FORM, FAULT) is FORM
    support = replace(FORM, routes=(a_route("fault", owner=(SUPPORT,)),))
    now = remembering(support, FAULT)
    assert now == routed(support, FAULT)
    assert remembering(support, FAULT) is now
    sales = replace(FORM, routes=(a_route("fault", owner=(SALES,)),))
    assert remembering(sales, FAULT) == routed(sales, FAULT)
    other = replace(FAULT, control=Control(reply_to="ada@example.org"))
    from_ada = replace(FORM, routes=(a_route("from:ada", owner=(SALES,)),))
    assert [remembering(from_ada, one) != from_ada for one in (FAULT, other)] == [False, True]
    for _ in range(3 * REMEMBERED_MOST):
        remembering(sales, an_event(topic="A fault"))
    assert len(remembering._known) <= REMEMBERED_MOST


QUERIES = st.sampled_from(
    [
        *(
            "ada",
            "-ada",
            '"a b"',
            "exam*",
            "京都",
            "form:signup",
            "from:ada@example.org",
            "from:@example.org",
            "has:file",
        ),
        *("field.text:a", "field.text:=a", "field.number:>2", "field.number:<=1", "field.date:>=2026-01-01"),
        *("field.boolean:yes", "field.list:a", 'field."a b":x*', "a OR -(b c)"),
    ]
)
ADDRESSES = st.lists(st.sampled_from([ME, SUPPORT, SALES]), max_size=3, unique=True).map(tuple)
NAMES = st.lists(
    st.sampled_from(["owner", "webhook", "webhook:crm", "webhook:tickets", "webhook:owner"]), max_size=3, unique=True
).map(tuple)
ROUTES = st.builds(
    lambda when, owner, channels, instead: a_route(when, owner=owner, channels=channels, instead=instead),
    *(QUERIES, ADDRESSES, NAMES, st.booleans()),
)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | NUMBERS.map(str) | st.dates().map(str) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)
FIELDS = st.dictionaries(st.sampled_from(["text", "number", "date", "boolean", "list", "a b", "email"]) | TEXT, VALUES)


@given(fields=FIELDS, reply_to=st.none() | TEXT, routes=st.lists(ROUTES))
def test_any_event_is_routed_and_a_route_matches_as_its_query_does(
    fields: dict[str, Any], reply_to: str | None, routes: list[Route]
) -> None:
    event = replace(an_event(**fields), control=Control(reply_to=reply_to))
    form = replace(FORM, routes=tuple(routes))
    found = matching(form, event)
    assert list(found) == [route for route in routes if matches(parse_for_event(route.when), event)]
    now = routed(form, event)
    if not found:
        assert now.owner == FORM.owner
    asked = {address for route in found for address in route.owner}
    assert asked <= set(told(event, *routes)), "whom a route that matches names is told"
    assert set(told(event, *routes)) <= {*EVERYBODY, SUPPORT, SALES}
    assert routed(now, event) == now


LARGE = 512 * 1024
MANY = tuple(
    a_route(" ".join(f'field.text:"a{number} b" OR x{each}' for each in range(2)), owner=(ME,)) for number in range(50)
)


@pytest.mark.parametrize("piece", ["a ", "é ", "東", "\ufdfa", "9,5 ", "a0 "])
def test_the_largest_event_is_routed_in_a_moment(piece: str) -> None:
    event = an_event(text=piece * (LARGE // len(piece.encode())))
    began = thread_time()
    routed(replace(FORM, routes=MANY), event)
    assert thread_time() - began < 5, "seconds of this thread's own"
