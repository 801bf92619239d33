"""What the inbox says in words: how to find more, where a mistake is, what a button did, what a job does."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import pytest

from shared.forms import Form
from shared.forms.definitions import ConfirmationMail
from shared.query import QueryError, parse
from storage_service.accounts.asker import Asker
from storage_service.console.pages.frame.lists import of_form
from storage_service.console.pages.inbox import mistakes
from storage_service.console.pages.inbox.actions import BadAction, action_of, one_of, opposite
from storage_service.console.pages.inbox.places import form_places, places, title_of
from storage_service.console.pages.inbox.widening import wider
from storage_service.console.pages.jobs.words import what
from storage_service.jobs.job import Asked, Job
from support.submission_databases import NOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada label:urgent -is:spam", [("label:urgent", "ada -is:spam"), ("ada", "label:urgent -is:spam")]),
        ("ada bob", [("bob", "ada"), ("ada", "bob")]),
        ("ada (x OR y) last:7d", [("last:7d", "ada (x OR y)"), ("x OR y", "ada last:7d"), ("ada", "(x OR y) last:7d")]),
        ("ada", []),
        ("ada OR bob", []),
        ("", []),
    ],
)
def test_a_query_that_finds_nothing_can_be_widened(text: str, expected: list[tuple[str, str]]) -> None:
    ways = wider(parse(text))
    assert [(one.without, one.text) for one in ways] == expected
    for one in ways:
        parse(one.text)


SIGNUP = Form("signup", "Sign up", confirmation=ConfirmationMail(opt_in=True, unconfirmed_apart=True))
NEWS, CONTACT = Form("news", "News", confirmation=ConfirmationMail(opt_in=True)), Form("contact", "Contact")
EVERYBODY, ONE_OF_CONTACT = Asker("ada", frozenset()), Asker("bob", frozenset(), frozenset({"contact"}))


@pytest.mark.parametrize("forms", [(), (CONTACT,), (SIGNUP, CONTACT), (SIGNUP, NEWS)])
def test_every_view_can_be_asked(forms: Sequence[Form]) -> None:
    by_name = {one.name: one for one in forms}
    found = [*places(by_name, EVERYBODY), *form_places(by_name, EVERYBODY)]
    assert found[0].address == "/console/inbox"
    for place in found:
        assert place.text == "" or parse(place.text)
        assert place.address.startswith("/console/inbox")
        assert title_of(place.text, found) == place.name


@pytest.mark.parametrize(
    ("forms", "who", "inbox"),
    [
        ((CONTACT,), EVERYBODY, "is:new -is:spam"),
        ((NEWS,), EVERYBODY, "is:new -is:spam"),
        ((SIGNUP, CONTACT), EVERYBODY, "is:new -is:spam -is:unconfirmed"),
        ((SIGNUP, CONTACT), ONE_OF_CONTACT, "is:new -is:spam"),
        ((SIGNUP, NEWS), EVERYBODY, "is:new -is:spam -(is:unconfirmed (form:signup))"),
    ],
)
def test_what_waits_to_be_confirmed_is_listed_apart_where_the_form_says_so(
    forms: Sequence[Form], who: Asker, inbox: str
) -> None:
    by_name = {one.name: one for one in forms}
    found = {one.name: one.text for one in places(by_name, who)}
    assert found["Inbox"] == inbox
    asks = [one for one in forms if one.confirmation.opt_in and who.may_see(one.name)]
    assert found.get("Unconfirmed") == ("is:unconfirmed -is:spam" if asks else None)
    assert of_form("signup", SIGNUP) == "form:signup -is:spam -is:unconfirmed"
    assert of_form("signup", SIGNUP, "is:spam") == "form:signup is:spam"
    assert of_form("news", NEWS) == "form:news -is:spam"
    assert of_form("gone", None) == "form:gone -is:spam"


@pytest.mark.parametrize(
    ("text", "before", "wrong", "behind"),
    [
        ("form:contact is:nwe x", "form:contact is:", "nwe", " x"),
        ("ada OR", "ada OR", "", ""),
        ("ü🎟 is:nwe", "ü🎟 is:", "nwe", ""),
    ],
)
def test_a_mistake_is_shown_at_its_place(text: str, before: str, wrong: str, behind: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    found = mistakes.shown(text, caught.value)
    assert (found.before, found.wrong, found.behind) == (before, wrong, behind)


def test_a_mistake_in_a_text_that_is_far_too_long_is_shown_in_short() -> None:
    text = "a " * 5000
    with pytest.raises(QueryError) as caught:
        parse(text)
    found = mistakes.shown(text, caught.value)
    assert len(found.before) + len(found.wrong) + len(found.behind) < 200


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"do": "done"}, {"state": "done"}),
        ({"do": "star"}, {"starred": True}),
        ({"do": "not-spam"}, {"spam": False}),
        ({"do": "label", "label": " Urgent "}, {"add_labels": ["Urgent"]}),
        ({"do": "unlabel", "label": "x"}, {"remove_labels": ["x"]}),
        ({"do": "assign", "assignee": "Ada@example.org"}, {"assignee": "ada@example.org"}),
        ({"do": "unassign", "assignee": "nonsense"}, {"assignee": ""}),
    ],
)
def test_a_button_makes_a_change(given: dict[str, str], change: dict[str, object]) -> None:
    action = action_of(given)
    assert (action.kind, action.action, action.can_be_undone) == ("change", {"change": change}, True)
    assert "3 submissions" in action.did.format(n="3 submissions")


@pytest.mark.parametrize("name", ["resend", "erase"])
def test_to_send_again_or_to_erase_cannot_be_undone(name: str) -> None:
    action = action_of({"do": name})
    assert (action.kind, action.can_be_undone) == (name, False)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "no such button"),
        ({"do": "shred"}, "no such button"),
        ({"do": "label"}, "Type the label"),
        ({"do": "label", "label": 'a "b"'}, "Label: expected labels without quotes"),
        ({"do": "label", "label": "x" * 65}, "Label: a label has 65 characters"),
        ({"do": "assign"}, "Type the address"),
        ({"do": "assign", "assignee": "nobody at all"}, "Assign to: expected a mail address"),
    ],
)
def test_a_button_without_what_it_needs_says_so(given: dict[str, str], reason: str) -> None:
    with pytest.raises(BadAction, match=reason):
        action_of(given)


@pytest.mark.parametrize("text", ["", "done", "done:", "done:x", "erase:2f1c9d00-0000-4000-8000-000000000000"])
def test_one_needs_a_button_and_an_id(text: str) -> None:
    with pytest.raises(BadAction):
        one_of(text)


def test_each_single_change_is_taken_back_by_the_opposite_one() -> None:
    assert [opposite(one, "open") for one in ("star", "unstar", "spam", "not-spam", "done", "new")] == [
        *("unstar", "star", "not-spam", "spam", "open", "open")
    ]


@pytest.mark.parametrize(
    ("kind", "action", "said"),
    [
        ("change", {"change": {"state": "done", "add_labels": ["a", "b"]}}, "Mark as done, Add label a, b"),
        ("change", {"change": {"assignee": "", "spam": False}}, "Mark as no spam, Assign to nobody"),
        ("resend", {"channel": None, "states": ["failed", "held"]}, "Send again what failed or is held"),
        ("undo", {}, "Undo"),
    ],
)
def test_a_job_is_told_in_words(kind: str, action: dict[str, object], said: str) -> None:
    asked = Asked(uuid4(), kind, Asker("ada", frozenset()), action, NOW)  # type: ignore[arg-type]
    assert what(Job(asked, "done", 1, 1, 1, 0, None, False, None, 0, NOW, NOW)) == said
