"""A mail is in the language that whoever submitted asked for, else in the form's, else in English."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.channels.mail.dates import day_in, moment_in
from notify_service.channels.mail.languages import asked_for
from shared.contracts import Source
from support.composed import bodies, composed
from support.confirmations import a_form
from support.events import an_event


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("de", ["de"]),
        ("de-AT,de;q=0.9,en;q=0.8", ["de-AT", "de", "en"]),
        ("en;q=0.5, fr;q=0.9 ,de", ["de", "fr", "en"]),
        ("fr;q=0, de;q=0.1", ["de"]),
        ("*, de;q=0.5", ["de"]),
        ("de_DE", ["de-DE"]),
        ("zh-Hant-TW;q=1.000", ["zh-Hant-TW"]),
        ("de;Q=0.5 , en ; q = 0.6", ["en", "de"]),
        ("", []),
        (",,;q=1,-,de-,d,123,é", []),
        ("de;q=2", []),
        ("de;q=-1,fr;q=nan,it;q=1e9,es;q=0.1234", []),
        ("<script>, de", ["de"]),
        ("../../etc/passwd", []),
        ("de\r\nBcc: x", []),
    ],
)
def test_what_is_asked_for(header: str, asked: list[str]) -> None:
    assert list(asked_for(header)) == asked


@given(st.text() | st.text(st.sampled_from("de-AT,;q=0.19* _en"), max_size=600))
def test_no_header_asks_for_much_or_for_what_is_no_language(header: str) -> None:
    asked = asked_for(header)
    assert len(asked) <= 20
    assert all(tag.replace("-", "").isalnum() and tag.isascii() for tag in asked)


def test_a_long_header_is_read_to_its_twentieth_language() -> None:
    assert len(asked_for(", ".join(["fr"] * 1000) + ", de")) == 20


GERMAN, ENGLISH = "Eingegangen am", "Received"


@pytest.mark.parametrize(
    ("asked", "form", "words", "frame"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", None, {}, GERMAN),
        ("de", "en", {}, GERMAN),
        ("fr-FR,fr;q=0.9", "de", {}, GERMAN),
        ("fr-FR,fr;q=0.9,en;q=0.5", "de", {}, ENGLISH),
        ("fr", None, {}, ENGLISH),
        (None, "de-AT", {}, GERMAN),
        (None, "fr", {}, ENGLISH),
        (None, None, {}, ENGLISH),
        ("en-US,en;q=0.9", "de", {"text": "Guten Tag, {name}."}, GERMAN),
        ("en-US,en;q=0.9", "de", {"subject": "Danke"}, GERMAN),
        ("de", "en", {"text": "Dear {name}."}, ENGLISH),
        ("de", None, {"text": "Hallo {name}."}, GERMAN),
    ],
)
def test_which_language_a_confirmation_is_in(
    asked: str | None, form: str | None, words: dict[str, str], frame: str
) -> None:
    """A form's own words are in one language: if it says which, all of the mail is in that."""
    event = replace(an_event(), source=Source(language=asked))
    mail = composed(event, replace(a_form(**words), language=form))
    assert mail["Content-Language"] == ("de" if frame is GERMAN else "en")
    for body in bodies(mail):
        assert frame in body


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "22 November 2026"),
        ("de", "22. November 2026"),
        ("fr", "22 novembre 2026"),
        ("pt-BR", "22 de novembro de 2026"),
        ("ja", "2026年11月22日"),
        ("tlh", "2026-11-22"),
        ("x" * 50, "2026-11-22"),
    ],
)
def test_a_day_is_written_as_its_language_does(language: str, written: str) -> None:
    assert day_in(language, date(2026, 11, 22)) == written


def test_a_moment_is_told_by_utc() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert moment_in("en", late) == "23 November 2026, 04:30 UTC"
    assert moment_in("de", datetime(2026, 3, 1, 9, 5, tzinfo=UTC)) == "1. März 2026, 09:05 UTC"


def test_or_by_the_clocks_of_a_zone() -> None:
    summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert moment_in("en", summer, "Europe/Berlin") == "2 July 2026, 00:30 (Europe/Berlin)"
