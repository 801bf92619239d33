"""The page about spam, on both databases: what it says at each stage, and what owners change there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage_service.accounts.roles import Grant
from storage_service.spam import trainings
from storage_service.spam.models import Models
from storage_service.spam.outcome import Outcome
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.spam_taught import a_model, left_out, marked
from support.submission_databases import migrated

HERE = "/console/spam"
HOSTILE = "<script>alert(1)</script>"
FORMS = """
[forms.contact]
title = "Contact <b>us</b>"
[forms.contact.spam]
deny_words = ["casino"]
links = 3
[forms.signup]
spam.mode = "hold"
spam.threshold = 90
[forms.quiet]
spam.mode = "off"
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, definitions=FORMS)


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def words(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def after(ada: Reader, way: str, **fields: str) -> str:
    """Press a button, and return what the page says then."""
    answer = ada.post(f"{HERE}/{way}", fields)
    assert (answer.status_code, answer.location) == (303, HERE)
    return words(ada.text(HERE))


def test_before_anybody_marked_anything_it_says_what_is_missing(ada: Reader) -> None:
    said = words(ada.text(HERE))
    assert "It learns from what you mark." in said
    assert "Missing: 50 more spam, 50 more good ones and 100 more of either kind." in said
    assert (
        "Learns from what you mark, delivers all but what its lists and limits catch too many links, unwanted words"
        in said
    )
    assert "Learns from what you mark, delivers all none" in said
    assert "How good it is" not in said
    assert "Nothing: it is off" in said
    assert "too many links, unwanted words" in said
    assert "It cannot learn yet" in after(ada, "train")


def test_what_is_marked_counts_down(ada: Reader, engine: Engine) -> None:
    marked(engine, "ada@example.org", good=60, spam=47)
    said = words(ada.text(HERE))
    assert "Missing: 3 more spam and 90 more of either kind." in said
    assert "Spam: 47 of 50" in said
    assert "Good: 60 " in said
    assert '<progress max="50" value="47">' in ada.text(HERE)


def test_owners_read_why_the_last_training_made_no_model(ada: Reader, console: ConsoleApp, engine: Engine) -> None:
    marked(engine, "ada@example.org", good=120, spam=80)
    assert "It was to learn" not in words(ada.text(HERE))
    trainings.keep(engine, Outcome("missing", f"too few of a kind {HOSTILE}"), datetime.now(UTC))
    said = words(ada.text(HERE))
    assert f"It was to learn just now , and did not: too few of a kind {HOSTILE}." in said
    assert HOSTILE not in ada.text(HERE)
    bob = reader(console, Grant("viewer"), email="bob@example.org")
    assert "too few of a kind" not in bob.text(HERE)


def test_with_a_model_it_shows_and_says_how_good_it_is_and_what_is_missing_to_hold(ada: Reader, engine: Engine) -> None:
    a_model(engine, good=200, spam=80, lost=0, caught=75)
    page = ada.text(HERE)
    said = words(page)
    assert "It shows how much each submission looks like spam, and holds none back." in said
    assert re.search(r"Missing: about \d+ more good ones\.", said)
    assert "94 expect 89 at least" in said
    assert "0 expect 1 at most" in said
    assert "75 of 80 spam caught, 0 of 200 good ones held back" in said
    assert "Shows the score, delivers all. It is to hold back once enough is known" in said
    assert page.count("<svg") == 1
    assert re.search(r'<path class="line" d="M44 180H44.0V[\d.]+', page)
    assert "style=" not in page


def test_where_it_may_hold_it_says_from_which_score_on_each_form_does(ada: Reader, engine: Engine) -> None:
    a_model(engine, may_hold=True)
    said = words(ada.text(HERE))
    assert "It holds back what looks like spam, for 1 form." in said
    assert "Holds back what scores 90 or more" in said
    assert "Missing:" not in said


def test_below_the_score_that_was_proved_no_form_holds_back(engine: Engine, tmp_path: Path) -> None:
    a_model(engine, may_hold=True)
    loose = reader(a_console(engine, tmp_path, definitions='[forms.a.spam]\nmode = "hold"\nthreshold = 60'))
    assert "Holds back what scores 80 or more" in words(loose.text(HERE))


def test_a_model_that_got_worse_is_not_used_and_a_former_one_is_one_press_away(ada: Reader, engine: Engine) -> None:
    first = a_model(engine)
    second = a_model(engine)
    refused = a_model(engine, why=f"of 90 good ones it would have held 7 {HOSTILE}")
    page = ada.text(HERE)
    assert HOSTILE not in page
    assert "It got worse: of 90 good ones" in words(page)
    assert page.count(">in use</span>") == 1
    assert "It counts within a minute." in after(ada, "use", version=first)
    current = Models(engine).current()
    assert current is not None
    assert current.version == first
    assert f'name="version" value="{second}"' in ada.text(HERE)
    assert "because it got worse" in after(ada, "use", version=refused)
    assert "There is no such model any more." in after(ada, "use", version="9-ffffffff")


def test_whose_marks_are_left_out_can_be_taken_in_again(ada: Reader, console: ConsoleApp, engine: Engine) -> None:
    marked(engine, "ada@example.org", good=120, spam=120)
    marked(engine, HOSTILE, spam=10)
    page = ada.text(HERE)
    assert HOSTILE not in page
    assert "Their marks are left out. It learns now: reload this page in a minute." in after(
        ada, "without", author=HOSTILE
    )
    assert left_out(engine) == {HOSTILE}
    assert "left out" in words(ada.text(HERE))
    assert console.began.by == ["ada@example.org"]
    console.began.busy = True
    assert "Their marks count again. It is learning already" in after(ada, "with", author=HOSTILE)
    assert left_out(engine) == set()
    assert "Their marks count already." in after(ada, "with", author=HOSTILE)
    assert "Nobody of this name has marked anything." in after(ada, "without", author="x" * 5000)
    noted = [(one.action, one.on) for one in console.parts.audit.page(10) if one.action.startswith("spam.")]
    assert noted == [("spam.with", HOSTILE), ("spam.without", HOSTILE)]


def test_whoever_is_left_with_too_few_marks_keeps_what_was_learned(ada: Reader, engine: Engine) -> None:
    a_model(engine)
    marked(engine, "eve@example.org", good=120, spam=120)
    assert "What was learned stays in use: missing for a model" in after(ada, "without", author="eve@example.org")


@pytest.mark.parametrize("grant", [Grant("viewer"), Grant("editor"), Grant("owner", "contact")], ids=str)
def test_who_only_reads_sees_their_forms_and_no_colleague(console: ConsoleApp, engine: Engine, grant: Grant) -> None:
    a_model(engine)
    marked(engine, "bea@example.org", good=3)
    who = reader(console, grant, email="carl@example.org")
    page = who.text(HERE)
    assert "bea@example.org" not in page
    assert "Use this one" not in page
    assert "Learn now" not in page
    assert ("Nothing: it is off" in words(page)) is (grant.form is None), "a form that they may not see"
    assert "Contact &lt;b&gt;us&lt;/b&gt;" in page
    for way in ("train", "use", "with", "without"):
        assert who.post(f"{HERE}/{way}", {"version": "1", "author": "a"}).status_code == 403
