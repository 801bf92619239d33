"""A mail has room for so much: what is cut, what is left out, and what stays whole."""

from __future__ import annotations

import pytest

from notify_service.channels.fields_shown import FieldShown
from notify_service.channels.mail.fitting import Shown, fitted

ROOM = 100_000


def a_field(label: str, text: str) -> FieldShown:
    return FieldShown(label, text.split("\n"))


def test_what_fits_stays_whole() -> None:
    found = [
        *(a_field("Name", "Ada"), FieldShown("Yes?", ["yes"], True), FieldShown("No", ["no"], False)),
        *(a_field("Message", "a\nb"), FieldShown("Days", ["Monday", "Friday"], is_list=True)),
    ]
    assert fitted(found, ROOM) == (
        [
            *(Shown("Name", "Ada"), Shown("Yes?", is_yes=True), Shown("No", is_no=True), Shown("Message", "a\nb")),
            Shown("Days", "\u2022 Monday\n\u2022 Friday"),
        ],
        0,
    )


@pytest.mark.parametrize("long", ["x" * 200_000, "é" * 100_000, "\U0001f600" * 50_000, "a\n" * 100_000, '"' * 90_000])
def test_a_long_value_is_cut_and_every_other_stays_whole(long: str) -> None:
    shown, left_out = fitted([a_field("First", "Ada"), a_field("Long", long), a_field("Last", "y" * 5000)], ROOM)
    assert left_out == 0
    assert [one.text for one in (shown[0], shown[2])] == ["Ada", "y" * 5000]
    assert shown[1].is_cut
    assert long.startswith(shown[1].text)
    assert len(shown[1].text) > 500


def test_long_values_share_what_room_there_is() -> None:
    shown, _ = fitted([a_field("A", "a" * 200_000), a_field("B", "b" * 200_000)], ROOM)
    assert len(shown[0].text) == len(shown[1].text) > 10_000


def test_of_very_many_fields_the_first_are_shown_each_with_something_of_its_value() -> None:
    shown, left_out = fitted([a_field(f"Field {number}", "x" * 1000) for number in range(1000)], ROOM)
    assert left_out + len(shown) == 1000
    assert len(shown) > 50
    assert all(len(one.text) >= 20 for one in shown)


@pytest.mark.parametrize(
    ("shown", "is_block"),
    [
        (Shown("A", "x" * 60), False),
        (Shown("A", "x" * 61), True),
        (Shown("A", "x\ny"), True),
        (Shown("A", "x", is_cut=True), True),
        (Shown("A", is_yes=True), False),
    ],
)
def test_a_short_value_stands_beside_its_label(shown: Shown, is_block: bool) -> None:
    assert shown.is_block is is_block


@pytest.mark.parametrize(("label", "mark"), [("Name", ":"), ("What is it about?", ""), ("Note:", ""), ("More…", "")])
def test_a_label_has_one_mark_behind_it(label: str, mark: str) -> None:
    assert Shown(label).mark == mark
