"""Double opt-in: what a form may say of it, what is wrong with it, and what cannot work."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared import forms
from shared.forms import Form, FormSecrets, FormsError
from shared.forms.file import parse
from shared.forms.shown import lines_of

PLACE = Path("forms.toml")
OPT_IN = "confirmation.opt_in = true\n"
NEEDS = "only a form with confirmation.opt_in = true has submissions that wait to be confirmed"
OFF = "the button is in the confirmation: leave enabled = false out, or opt_in = true"
REPLYTO = "nothing is taken, unless the page sends _replyto"
SHORT = "the link in the mail would be good for 7 days: what is gone before cannot be confirmed"
LONGER = "what waits is kept for longer than what was confirmed"
EMPTY = "without an address nothing is taken, and mail may be left empty: add required = true to it"
DAYS = "expected a number of days or weeks, such as 180 days"
MONTHS = f"{DAYS}; months and years differ in length, so write them as days"
NOWHERE = "the gateway's COUNTERFOIL_PUBLIC_URL is not set: the mail's button leads nowhere, so no mail is sent"


def a_form(text: str) -> Form:
    return parse(f"[forms.a]\n{text}".encode(), PLACE)["a"]


def errors(text: str) -> list[str]:
    with pytest.raises(FormsError) as raised:
        a_form(text)
    return [line.removeprefix("forms.toml:") for line in str(raised.value).splitlines()]


def warnings(text: str, *, can_link: bool = True) -> list[str]:
    found = forms.find_warnings(f"[forms.a]\n{text}".encode(), PLACE, FormSecrets(PLACE), [], can_link=can_link)
    return [line.removeprefix("forms.toml:") for line in found]


def test_nothing_waits_unless_the_form_says_so() -> None:
    form = a_form("")
    assert (form.confirmation.opt_in, form.confirmation.unconfirmed_apart) == (False, False)
    assert form.unconfirmed_retention is None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", 30),
        ('retention = "180 days"', 30),
        ('retention = "14 days"', 14),
        ('unconfirmed_retention = "8 days"', 8),
        ('unconfirmed_retention = "2 weeks"\nretention = "180 days"', 14),
    ],
)
def test_what_waits_is_kept_for_30_days_or_as_the_form_says(text: str, days: int) -> None:
    assert a_form(OPT_IN + text).unconfirmed_retention == timedelta(days=days)


def test_the_settings_show_it() -> None:
    shown = dict(lines_of(a_form(f"{OPT_IN}confirmation.unconfirmed_apart = true")))
    expected = ["unconfirmed_retention", "confirmation.opt_in", "confirmation.unconfirmed_apart"]
    assert [shown[key] for key in expected] == ["30 days", "yes", "yes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{OPT_IN}confirmation.enabled = false", [f"2: forms.a.confirmation.opt_in: {OFF}"]),
        ("confirmation.unconfirmed_apart = true", [f"2: forms.a.confirmation.unconfirmed_apart: {NEEDS}"]),
        ("confirmation.opt_in = 'yes'", ["2: forms.a.confirmation.opt_in: expected true or false, without quotes"]),
        ("unconfirmed_retention = '9 days'", [f"2: forms.a.unconfirmed_retention: {NEEDS}"]),
        (
            f"{OPT_IN}unconfirmed_retention = '1 month'",
            [f"3: forms.a.unconfirmed_retention: {MONTHS}"],
        ),
        (
            "confirmation.opt_in = false\nconfirmation.unconfirmed_apart = false",
            [f"3: forms.a.confirmation.unconfirmed_apart: {NEEDS}"],
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(text: str, expected: list[str]) -> None:
    assert errors(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("[forms.a.fields]\nemail = {type = 'email', required = true}", []),
        ("[forms.a.fields]\nmail = {type = 'email', required = true}", []),
        ("unknown = 'keep'\n[forms.a.fields]\nname = {type = 'text'}", []),
        (
            "[forms.a.fields]\nname = {type = 'text'}",
            [f"2: warning: forms.a.confirmation: no field is an email: {REPLYTO}"],
        ),
        (
            "[forms.a.fields]\nmail = {type = 'email'}",
            [f"4: warning: forms.a.fields.mail: {EMPTY}"],
        ),
        ("unconfirmed_retention = '7 days'", []),
        ("unconfirmed_retention = '6 days'", [f"3: warning: forms.a.unconfirmed_retention: {SHORT}"]),
        (
            "unconfirmed_retention = '31 days'\nretention = '30 days'",
            [f"3: warning: forms.a.unconfirmed_retention: {LONGER}"],
        ),
    ],
)
def test_what_cannot_work_is_said_with_its_line(text: str, expected: list[str]) -> None:
    assert warnings(OPT_IN + text) == expected


def test_a_gateway_that_does_not_know_its_address_says_that_the_button_leads_nowhere() -> None:
    assert warnings(OPT_IN, can_link=False) == [f"2: warning: forms.a.confirmation.opt_in: {NOWHERE}"]
    assert warnings("", can_link=False) == []
