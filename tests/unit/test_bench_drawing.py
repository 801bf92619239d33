"""The bench's drawings: well-formed, with everything in them, and inside their frame."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.chart import bars
from bench.claims import Claim, Verdict, judge
from bench.figures import Figures
from bench.growth.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"


def verdict(ours: float, theirs: float, *, least: float | None = None) -> Verdict:
    figures = Figures()
    figures.add("ours", {"x/s": ours})
    figures.add("<theirs>", {"x/s": theirs})
    found = judge(Claim("row", "x/s", "ours", "<theirs>", least=least), figures)
    assert found is not None
    return found


def test_a_run_is_drawn_with_a_bar_for_each_ratio_as_long_as_it_is_near_its_goal() -> None:
    drawn = ElementTree.fromstring(bars([verdict(20, 10, least=2), verdict(10, 10, least=2), verdict(900, 1)]))  # noqa: S314
    widths = [float(each.attrib["width"]) for each in drawn.iter(f"{SVG}rect")][1:]
    assert len(widths) == 3
    assert widths[0] == 2 * widths[1]
    assert max(widths) < float(drawn.attrib["width"])


def test_a_curve_has_a_panel_for_each_metric_and_a_mark_for_each_point() -> None:
    points = [(0, {"a/s": 10.0, "b": 1.0}), (1_000, {"a/s": 20.0, "b": 0.0}), (1_000_000, {"a/s": 5.0, "b": 1e6})]
    drawn = ElementTree.fromstring(draw("rows", points))  # noqa: S314
    panels = list(drawn.iter(f"{SVG}g"))
    assert [len(list(panel.iter(f"{SVG}circle"))) for panel in panels] == [3, 2]
    assert all(0 <= float(mark.attrib["cx"]) <= 300 for mark in drawn.iter(f"{SVG}circle"))
