"""The arithmetic of the bench: medians, spreads, ratios, and what holds."""

from __future__ import annotations

import pytest

from bench.claims import CLAIMS, Claim, goal_of, judge
from bench.figures import Figures, percentile, ratios, summary
from bench.rounds import BenchFailed
from bench.rows import ROWS
from bench.wrk import parse

RATE = Claim("row", "x/s", "ours", "theirs", least=2)


def figures(**rounds: list[float]) -> Figures:
    made = Figures()
    for subject, values in rounds.items():
        for value in values:
            made.add(subject, {"x/s": value})
    return made


def test_a_figure_is_the_median_of_its_rounds_with_the_least_and_the_most() -> None:
    found = summary([30.0, 10.0, 20.0])
    assert (found.median, found.least, found.most) == (20.0, 10.0, 30.0)


def test_a_ratio_is_taken_round_by_round_so_that_a_slow_minute_slows_both() -> None:
    assert ratios([100.0, 50.0, 90.0], [50.0, 25.0, 30.0]) == [2.0, 2.0, 3.0]
    assert ratios([100.0, 50.0], [0.0, 25.0]) == [2.0]


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_a_value_that_so_many_are_not_above(percent: float, expected: float) -> None:
    assert percentile(range(1, 101), percent) == expected
    assert percentile([7.0], percent) == 7.0


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 99)


def test_a_claim_holds_by_the_median_of_its_ratios() -> None:
    held = judge(RATE, figures(ours=[100, 300, 90], theirs=[50, 50, 50]))
    missed = judge(RATE, figures(ours=[100, 300, 90], theirs=[51, 50, 50]))
    assert held is not None
    assert missed is not None
    assert (held.holds, held.judged.median, held.judged.most) == (True, 2.0, 6.0)
    assert missed.holds is False


def test_where_less_is_better_a_claim_holds_below_its_goal() -> None:
    claim = Claim("row", "x/s", "ours", most=100)
    over, under = judge(claim, figures(ours=[101])), judge(claim, figures(ours=[99]))
    assert over is not None
    assert under is not None
    assert (over.holds, under.holds, under.beside) == (False, True, None)


def test_what_has_no_goal_is_printed_and_neither_holds_nor_fails() -> None:
    found = judge(Claim("row", "x/s", "ours", "theirs"), figures(ours=[1], theirs=[2]))
    assert found is not None
    assert (found.holds, goal_of(found.claim)) == (None, "")


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge(RATE, figures(ours=[1])) is None
    assert judge(RATE, figures(theirs=[1])) is None


def test_figures_come_back_from_the_file_as_they_were() -> None:
    measured = figures(ours=[3, 1, 2], theirs=[4])
    assert Figures.from_json(measured.to_json()).to_json() == measured.to_json()


def test_every_claim_belongs_to_a_row_that_is_measured() -> None:
    assert {claim.row for claim in CLAIMS} == set(ROWS)


WRK = """Running 1s test @ http://127.0.0.1:1/f/signup
  Latency Distribution
     50%   20.50ms
     99%    1.25s
  {requests} requests in 1.00s, 1.00MB read
{trouble}Requests/sec:   2345.60
"""


def test_the_load_generator_is_read_in_requests_and_milliseconds() -> None:
    done = parse(WRK.format(requests=2345, trouble=""))
    assert (done.requests, done.requests_per_s, done.p50_ms, done.p99_ms) == (2345, 2345.6, 20.5, 1250.0)


@pytest.mark.parametrize(
    ("requests", "trouble"), [(10, "  Non-2xx or 3xx responses: 3\n"), (10, "  Socket errors: connect 0\n"), (0, "")]
)
def test_a_round_with_errors_or_without_answers_is_not_counted(requests: int, trouble: str) -> None:
    with pytest.raises(BenchFailed):
        parse(WRK.format(requests=requests, trouble=trouble))
