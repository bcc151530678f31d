"""The sheet that charts are drawn on: size, colours, Chinese text as outlines, the same bytes every time."""

import io
from collections.abc import Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from flows.reports.bilingual import Bilingual
from flows.reports.fonts import chinese_font_path

INK = "#23302e"
FAINT = "#6d7a77"
RULE = "#d9dfdd"
PUBLISHED = "#2f5f93"
COMPUTED = "#1d7460"
ASSUMED = "#b3741a"
ALARM = "#a63a2f"
SERIES = ("#1d7460", "#2f5f93", "#b3741a", "#7c5a8c", "#8a9a3b", "#a63a2f", "#5b7a8c", "#a08060")
WIDTH_IN = 9.2
_TEXT_SIZE = 9.0


def new_chart(height_in: float) -> tuple[Figure, Axes]:
    """An empty chart of the page's width with quiet axes."""
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=_TEXT_SIZE)
    axes.set_axisbelow(True)
    return figure, axes


def name_lines(axes: Axes, labels: Sequence[str]) -> None:
    """Put a label before each of the lines 0, 1, ... from top to bottom."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.7)


def name_axis(axes: Axes, horizontal: Bilingual | None = None, vertical: Bilingual | None = None) -> None:
    """Write what an axis measures, with its unit."""
    if horizontal is not None:
        axes.set_xlabel(horizontal.inline(), color=INK, fontsize=_TEXT_SIZE)
    if vertical is not None:
        axes.set_ylabel(vertical.inline(), color=INK, fontsize=_TEXT_SIZE)


def add_legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str], *, columns: int = 4) -> None:
    """A legend above the chart, where it never covers anything; long names want fewer columns."""
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=min(columns, len(labels)),
        frameon=False,
        fontsize=_TEXT_SIZE,
        labelcolor=INK,
    )


def shortened(label: str, longest: int = 22) -> str:
    """A label that leaves room for the chart; tables carry the whole name."""
    label = " ".join(label.split())
    return label if len(label) <= longest else label[: longest - 1] + "…"


def axis_number(value: float, _position: int = 0) -> str:
    """A tick as people read it: thousands apart, no exponents, small numbers whole."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:g}"


def as_svg(figure: Figure) -> bytes:
    """The chart as SVG whose letters are outlines, so that it needs no font."""
    path = chinese_font_path()
    for text in figure.findobj(Text):
        text.set_fontproperties(FontProperties(fname=path, size=text.get_fontsize()))
        text.set_parse_math(False)  # a "$" in a name is a letter, not the start of a formula
    content = io.BytesIO()
    # The salt fixes the identifiers and the missing date the header: the same chart gives the same bytes.
    with rc_context({"svg.hashsalt": "ecopledge", "svg.fonttype": "path"}):
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()
