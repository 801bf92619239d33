"""The routes of a form: what loads, and what an error says, with its line and its place in the query."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.forms import Form, FormsError
from shared.forms.file import parse
from shared.forms.route import ADDRESSES_MOST
from shared.forms.schemas.routes import ADDRESSES_MOST as ADDRESSES_IN_ALL
from shared.forms.schemas.routes import ROUTES_MOST, TERMS_MOST
from shared.query import parse_for_event
from support.routes import a_route
from support.service import ROOT

PLACE = Path("forms.toml")
WEBHOOK = "webhook = {url = 'https://a.example.org/', secret_file = 'a'}"


def of(text: str) -> Form:
    return parse(f"[forms.a]\n{text}".encode(), PLACE)["a"]


def wrong(text: str) -> list[str]:
    with pytest.raises(FormsError) as raised:
        of(text)
    return [line.removeprefix("forms.toml:") for line in str(raised.value).splitlines()]


def test_routes_are_read_in_their_order_each_query_once() -> None:
    form = of(
        f"""{WEBHOOK}
        [[forms.a.route]]
        when = 'field.topic:"A fault" OR field.amount:>1000'
        owner = ["support@example.org", "grace@example.org"]
        [[forms.a.route]]
        when = "-form:b"
        channels = ["webhook"]
        instead = true
        """
    )
    assert form.routes == (
        a_route('field.topic:"A fault" OR field.amount:>1000', owner=("support@example.org", "grace@example.org")),
        a_route("-form:b", channels=("webhook",), instead=True),
    )
    assert form.routes[1].query == parse_for_event("-form:b")
    assert of("title = 'A'").routes == ()


WHEN = "a route says when it counts: when = 'field.topic:\"A fault\"'"
PART = 'expected a word, a "phrase", a filter such as form:contact, or ('
NO_CHANNEL = "is no channel of this form; it has"
WHOM = "a route says whom it tells: owner, channels, or both"
FIELDS = "[forms.a.fields]\nname = {type = 'text'}\n'PLZ Ort' = {type = 'text'}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("route = 'x'", ["2: forms.a.route: expected [[forms.….route]], once for each route"]),
        ("[forms.a.route]\nwhen = 'x'", ["2: forms.a.route: expected [[forms.….route]], once for each route"]),
        ("[[forms.a.route]]\nowner = ['a@b.org']", [f"2: forms.a.route.0.when: {WHEN}"]),
        ("[[forms.a.route]]\nwhen = 'x'", [f"2: forms.a.route.0: {WHOM}"]),
        (
            "[[forms.a.route]]\nowner = ['a@b.org']\nwhen = 'ada (x OR'",
            [f"4: forms.a.route.0.when: at character 10: {PART}"],
        ),
        (
            "[[forms.a.route]]\nowner = ['a@b.org']\nwhen = ' '",
            ["4: forms.a.route.0.when: at character 1: expected something to look for"],
        ),
        (
            "[[forms.a.route]]\nowner = ['a@b.org']\nwhen = 'x is:new'",
            ["4: forms.a.route.0.when: at character 3: is: cannot be answered when a submission comes in"],
        ),
        (
            f"[[forms.a.route]]\nowner = ['a@b.org']\nwhen = '{'a' * 1001}'",
            ["4: forms.a.route.0.when: expected 1000 characters at most, not 1001"],
        ),
        (
            f"[[forms.a.route]]\nowner = ['a@b.org']\nwhen = '{'(' * 1000}'",
            ["4: forms.a.route.0.when: at character 11: expected 10 parentheses in each other at most"],
        ),
        (
            "[[forms.a.route]]\nowner = ['a@b.org']\nwhen = 'a\\b'\nto = 1",
            ["5: forms.a.route.0.to: there is no such key; there are: when, owner, channels, instead"],
        ),
        (
            "[[forms.a.route]]\nwhen = 'x'\nowner = 'a@b.org'",
            ['4: forms.a.route.0.owner: expected a list of addresses: ["support@example.org"]'],
        ),
        (
            "[[forms.a.route]]\nwhen = 'x'\nowner = []\nchannels = []\ninstead = 'yes'",
            [
                "4: forms.a.route.0.owner: expected 1 to 10 addresses",
                "5: forms.a.route.0.channels: expected 1 to 50 channels",
                "6: forms.a.route.0.instead: expected true or false, without quotes",
            ],
        ),
        (
            "[[forms.a.route]]\nwhen = 'x'\nowner = ['a@b.org', 'Ada <a@b.org>']",
            ["4: forms.a.route.0.owner.1: expected an address alone, such as info@example.org"],
        ),
        (
            "[[forms.a.route]]\nwhen = 'x'\nowner = ['a@b.org', 'A@b.org']",
            ["4: forms.a.route.0.owner: one of them stands twice: leave it out once"],
        ),
        (
            f"[[forms.a.route]]\nwhen = 'x'\nowner = {[f'a{number}@b.org' for number in range(ADDRESSES_MOST + 1)]}",
            ["4: forms.a.route.0.owner: expected 1 to 10 addresses"],
        ),
        (
            "[[forms.a.route]]\nwhen = 'x'\nchannels = ['owner',\n'slack', 'confirmation']",
            [
                "5: forms.a.route.0.channels.1: slack is no channel of this form; it has: owner",
                "5: forms.a.route.0.channels.2: the confirmation goes to whoever submitted: no route changes that",
            ],
        ),
        (
            f"{WEBHOOK}\n[[forms.a.route]]\nwhen = 'x'\nchannels = ['webhook:b']",
            [
                f"5: forms.a.route.0.channels.0: webhook:b {NO_CHANNEL}: owner, webhook, webhook:owner",
            ],
        ),
        (
            f"{FIELDS}\n[[forms.a.route]]\nwhen = 'field.name:x OR field.nmae:y'\nowner = ['a@b.org']",
            ["6: forms.a.route.0.when: at character 17: nmae is no field of this form; its fields: name, PLZ Ort"],
        ),
        (
            f"unknown = 'drop'\n{FIELDS}\n[[forms.a.route]]\nwhen = '-field.Name:x'\nowner = ['a@b.org']",
            ["7: forms.a.route.0.when: at character 2: Name is no field of this form; its fields: name, PLZ Ort"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_route(text: str, says: list[str]) -> None:
    assert wrong(text) == says


def test_all_errors_of_all_routes_are_said_at_once() -> None:
    said = wrong(
        """fields.name = {type = "text"}
        [[forms.a.route]]
        when = "field.nmae:x"
        channels = ["slack"]
        [[forms.a.route]]
        when = "("
        [[forms.a.route]]
        when = "x"
        owner = ["nobody"]
        channels = ["teams"]
        """
    )
    places = [line.partition(": ")[0] + ": " + line.split(": ")[1] for line in said]
    assert places == [
        "4: forms.a.route.0.when",
        "5: forms.a.route.0.channels.0",
        "7: forms.a.route.1.when",
        "10: forms.a.route.2.owner.0",
        "11: forms.a.route.2.channels.0",
    ]


@pytest.mark.parametrize(
    "more", ["unknown = 'keep'\nfields.name = {type = 'text'}", "", "fields.topic = {type = 'text'}"]
)
def test_a_form_that_takes_other_fields_may_ask_for_them(more: str) -> None:
    [route] = of(f"{more}\n[[forms.a.route]]\nwhen = 'field.topic:x'\nowner = ['a@b.org']").routes
    assert route.when == "field.topic:x"


def test_what_is_switched_off_may_be_named() -> None:
    text = f"{WEBHOOK[:-1]}, enabled = false}}\n[[forms.a.route]]\nwhen = 'x'\nchannels = ['webhook']"
    assert of(text).routes[0].channels == ("webhook",)


def routes(count: int, when: str = "x", owner: str = "['a@b.org']") -> str:
    return "".join(f"[[forms.a.route]]\nwhen = '{when}'\nowner = {owner.format(number)}\n" for number in range(count))


def test_there_are_limits_for_all_routes_together() -> None:
    assert len(of(routes(ROUTES_MOST)).routes) == ROUTES_MOST
    assert wrong(routes(ROUTES_MOST + 1)) == ["2: forms.a.route: expected 50 routes at most, not 51"]
    many = TERMS_MOST // 10
    assert len(of(routes(10, " ".join(["a"] * many))).routes) == 10
    [said] = wrong(routes(10, " ".join(["a"] * (many + 1))))
    assert said == "2: forms.a.route: expected 250 words, phrases and filters at most in all, not 260"
    each = "['a{0}@b.org', 'b{0}@b.org']"
    assert len(of(routes(ADDRESSES_IN_ALL // 2, owner=each)).routes) == 25
    assert wrong(routes(ADDRESSES_IN_ALL // 2 + 1, owner=each)) == [
        "2: forms.a.route: expected 50 addresses at most in all"
    ]


def test_the_example_of_the_page_loads() -> None:
    page = (ROOT / "docs/deliveries.md").read_text().partition("## Routes")[2]
    shown = re.search(r"```toml\n(.+?)```", page, re.DOTALL)
    assert shown
    [form] = parse(shown[1].encode(), PLACE).values()
    assert [(route.owner, route.channels) for route in form.routes] == [
        (("support@example.org",), ()),
        ((), ("slack",)),
    ]


def test_a_form_whose_routes_did_not_change_is_the_same() -> None:
    assert of(routes(2)) == of(routes(2))
    assert of(routes(2)) != of(routes(2, "y"))
