"""How long submissions are kept: what a form may say of it, and what is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared import forms
from shared.forms import Form, FormSecrets, FormsError
from shared.forms.file import parse

PLACE = Path("forms.toml")
NOTHING_STAYS = "only choices stay, and this form has none: of each submission only its time is left"
DAYS = "expected a number of days or weeks, such as 180 days"


def a_form(text: str) -> Form:
    return parse(f"[forms.a]\n{text}".encode(), PLACE)["a"]


def errors(text: str) -> list[str]:
    with pytest.raises(FormsError) as raised:
        a_form(text)
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("text", "days"),
    [("180 days", 180), ("1 day", 1), ("30d", 30), ("2 weeks", 14), ("1 week", 7), ("3w", 21), ("36500 days", 36500)],
)
def test_it_is_days_or_weeks(text: str, days: int) -> None:
    assert a_form(f'retention = "{text}"').retention == timedelta(days=days)
    assert a_form(f'spam_retention = "{text}"').spam_retention == timedelta(days=days)


def test_nothing_is_said_unless_it_is_written() -> None:
    form = a_form("")
    assert (form.retention, form.spam_retention, form.retention_action) == (None, None, "erase")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("'0 days'", DAYS),
        ("'-1 days'", DAYS),
        ("'180'", DAYS),
        ("'1.5 days'", DAYS),
        ("'10m'", DAYS),
        ("'\u0661 days'", DAYS),
        ("''", DAYS),
        ("'6 months'", f"{DAYS}; months and years differ in length, so write them as days"),
        ("'2 years'", f"{DAYS}; months and years differ in length, so write them as days"),
        ("180", "expected a text in quotes"),
        ("'36501 days'", "expected 36500 days at most"),
        ("'999999 weeks'", "expected 36500 days at most"),
        (f"'{'9' * 200} days'", "expected 100 characters at most, not 205"),
    ],
)
def test_what_is_none_is_named_with_its_mend(text: str, says: str) -> None:
    assert errors(f"retention = {text}") == [f"forms.toml:2: forms.a.retention: {says}"]
    assert errors(f"spam_retention = {text}") == [f"forms.toml:2: forms.a.spam_retention: {says}"]


def test_an_action_needs_a_time() -> None:
    lone = 'it says what is done after the time of retention: add one, such as retention = "180 days"'
    assert errors('retention_action = "erase"') == [f"forms.toml:2: forms.a.retention_action: {lone}"]
    unknown = 'retention = "9 days"\nretention_action = "delete"'
    assert errors(unknown) == ["forms.toml:3: forms.a.retention_action: expected one of: erase, anonymise"]


def test_only_what_nobody_typed_stays_in_what_is_anonymised() -> None:
    fields = """[forms.a.fields]
name = {type = "text"}
meal = {type = "choice", choices = ["Meat", "Fish"]}
days = {type = "list", choices = ["Monday", "Friday"]}
others = {type = "list"}
born = {type = "date"}
guests = {type = "integer"}
news = {type = "boolean"}
"""
    form = a_form(fields)
    assert form.chosen_fields == ("meal", "days", "news")
    good: dict[str, list[object]] = {"meal": ["Fish"], "days": [[], ["Monday"], "Friday"], "news": [True, False]}
    assert all(form.offers(name, value) for name, values in good.items() for value in values)
    bad: dict[str, list[object]] = {
        "meal": ["Fish for Ada", {}, None],
        "days": [["Monday", "Ada"]],
        "news": ["true"],
        "name": ["Fish"],
    }
    assert not any(form.offers(name, value) for name, values in bad.items() for value in values)


def test_what_is_sealed_stays_in_nothing_that_is_anonymised() -> None:
    form = a_form('[forms.a.fields]\nfaith = {type = "choice", choices = ["A", "B"], sensitive = true}\n')
    assert form.chosen_fields == ()
    assert not form.offers("faith", "A")


def test_warnings_name_what_is_odd() -> None:
    text = 'retention = "9 days"\nspam_retention = "10 days"\nretention_action = "anonymise"'
    assert forms.find_warnings(f"[forms.a]\n{text}".encode(), PLACE, FormSecrets(PLACE), []) == [
        "forms.toml:3: warning: forms.a.spam_retention: spam is kept for longer than what is none",
        f"forms.toml:4: warning: forms.a.retention_action: {NOTHING_STAYS}",
    ]
