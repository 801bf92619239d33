"""What the page about spam says of shares, and how it draws them."""

from __future__ import annotations

import pytest

from storage_service.console.pages.spam.curve import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Curve, Spot
from storage_service.console.pages.spam.words import at_least_of_100, at_most_of_100, of_100, some


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0"), (0.0001, "less than 1"), (0.01, "1"), (0.942, "94"), (0.9901, "more than 99"), (1, "100")],
)
def test_a_share_is_so_many_of_a_hundred(share: float, said: str) -> None:
    assert of_100(share) == said


@pytest.mark.parametrize(("bound", "said"), [(0, "0"), (0.0099, "1"), (0.00991, "1"), (0.0123, "1.3"), (1, "100")])
def test_a_bound_from_above_is_never_said_smaller(bound: float, said: str) -> None:
    assert at_most_of_100(bound) == said


@pytest.mark.parametrize(("bound", "said"), [(0, "0"), (0.919, "91"), (0.5, "50"), (1, "100")])
def test_a_bound_from_below_is_never_said_larger(bound: float, said: str) -> None:
    assert at_least_of_100(bound) == said


def test_counts_are_in_words() -> None:
    assert [some(n, "mark", "marks") for n in (0, 1, 2000)] == ["0 marks", "1 mark", "2,000 marks"]


def test_the_curve_stays_within_its_picture() -> None:
    curve = Curve([Spot(0, 0.5), Spot(0.02, 0.9), Spot(1, 1)], Spot(0.02, 0.9))
    assert curve.path.startswith(f"M{LEFT} {HEIGHT - BOTTOM}H{LEFT}.0V")
    assert curve.path.endswith(f"H{float(WIDTH - RIGHT)}"), "what holds more than 10 of 100 is beyond it"
    assert "V12.0" not in curve.path
    assert LEFT < curve.chosen.x < WIDTH - RIGHT
    assert [tick.text for tick in curve.of_good] == ["0", "2", "4", "6", "8", "10"]
    assert [tick.text for tick in curve.of_spam] == ["0", "25", "50", "75", "100"]
