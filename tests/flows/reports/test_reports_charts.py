"""Charts: the same picture every time, and no name or figure that breaks one."""

import dataclasses

import pytest

from flows.reports.bilingual import Bilingual
from flows.reports.charts.bars import draw_bars, written_value
from flows.reports.charts.canvas import as_svg, shortened
from flows.reports.charts.comparisons import draw_pairs
from flows.reports.charts.drawing import DRAWERS, draw
from flows.reports.charts.model import Bar, BarChart, Chart, Pair, PairChart, StackChart
from flows.reports.document import Document, Figure

AXIS = Bilingual("价值（亿元）", "value")


def charts_of(document: Document) -> list[Chart]:
    return [
        block.chart for section in document.sections for block in section.blocks if isinstance(block, Figure)
    ]


def test_every_kind_is_drawn_and_drawn_the_same_twice(document: Document) -> None:
    charts = charts_of(document)
    assert {type(chart) for chart in charts} == set(DRAWERS)
    assert [draw(chart) for chart in charts] == [draw(chart) for chart in charts]


@pytest.mark.parametrize("name", ["$\\frac{", "a$b$c", "<script>&", "名\n称\t", "", "长" * 500])
def test_any_name_is_drawn(name: str) -> None:
    assert draw(BarChart(AXIS, (Bar(name, 1.0), Bar("乙", 2.0)))).startswith(b"<?xml")


@pytest.mark.parametrize("values", [(0.0,), (0.0, 0.0), (-3.0, 2.0), (1e-9, 1e12)])
def test_any_figure_is_drawn(values: tuple[float, ...]) -> None:
    bars = tuple(Bar(f"项{i}", value) for i, value in enumerate(values))
    assert draw(BarChart(AXIS, bars)).startswith(b"<?xml")


def test_chart_without_figures_is_empty_and_no_error() -> None:
    assert draw(BarChart(AXIS, ())).startswith(b"<?xml")
    assert draw(StackChart(AXIS, AXIS, (), ())).startswith(b"<?xml")
    assert draw(PairChart(AXIS, AXIS, AXIS, ())).startswith(b"<?xml")


def test_zero_stands_left_of_every_other_figure() -> None:
    chart = PairChart(AXIS, AXIS, AXIS, (Pair("甲", 95_000.0, 0.0), Pair("乙", 3.7, 2.1)))
    axes = draw_pairs(chart).axes[0]
    places = sorted(float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata()) == 1)  # type: ignore[arg-type,index]
    assert places[0] < 2.1
    assert axes.get_xlim()[0] < places[0]


def test_nothing_lies_outside_the_picture() -> None:
    """Every text of a drawn chart is within its edges."""
    bars = tuple(Bar("很长的项目名称" * 6, 10.0**i) for i in range(8))
    figure = draw_bars(BarChart(AXIS, bars))
    as_svg(figure)
    picture = figure.bbox
    for text in figure.axes[0].get_yticklabels() + list(figure.axes[0].texts):
        box = text.get_window_extent()
        assert box.x0 >= picture.x0 - 1
        assert box.x1 <= picture.x1 + 1


def test_order_of_bars_is_kept_from_top_to_bottom() -> None:
    figure = draw_bars(BarChart(AXIS, (Bar("甲", 1.0), Bar("乙", 2.0))))
    low, high = figure.axes[0].get_ylim()
    assert low > high  # line 0 on top
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["甲", "乙"]


def test_small_figures_do_not_read_as_nothing() -> None:
    assert written_value(0.0014, 2) == "<0.01"
    assert written_value(0.0, 2) == "0.00"
    assert written_value(2269.7074, 2) == "2,269.71"


def test_long_names_leave_room() -> None:
    assert shortened("一二三四五", 4) == "一二三…"
    assert shortened("一二三四", 4) == "一二三四"


def test_charts_are_values(document: Document) -> None:
    for chart in charts_of(document):
        assert dataclasses.replace(chart) == chart
        hash(chart)
