"""What a chart shows, as values in the unit that its axis names; how it looks is decided by the drawing."""

from dataclasses import dataclass
from typing import TypeAlias

from flows.reports.bilingual import Bilingual
from flows.reports.charts.breakdown_model import BreakdownChart
from flows.reports.charts.grid_model import BandGridChart, BarGridChart, CurveGridChart, SpreadGridChart


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `group` is the legend entry that gives its colour, empty for none."""

    label: str
    value: float
    group: str = ""


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars from top to bottom in the given order, the value written at the end of each.

    Attributes:
        axis: what is measured, with its unit.
        bars: at least one.
        decimals: of the written values.
    """

    axis: Bilingual
    bars: tuple[Bar, ...]
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class ChangeChart:
    """Changes left and right of 0, the figure written beside each: what moves a value, and which way.

    Attributes:
        axis: what is measured, with its unit.
        bars: at least one; `group` is not used.
        decimals: of the written values.
        is_rise_bad: whether rises and not falls have the colour of alarm, as those of a loss do.
    """

    axis: Bilingual
    bars: tuple[Bar, ...]
    decimals: int = 2
    is_rise_bad: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures to be compared, both >= 0 where they are there; 0 stands at the left edge of the axis.

    Attributes:
        label: of the line.
        first, second: None where there is no such figure.
        second_is_assumption: drawn hollow.
    """

    label: str
    first: float | None
    second: float | None
    second_is_assumption: bool = False


@dataclass(frozen=True, slots=True)
class PairChart:
    """Two dots a line on a logarithmic axis, joined: published against computed."""

    axis: Bilingual
    first_name: Bilingual
    second_name: Bilingual
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution on one line: whiskers, box, median.

    Attributes:
        low, lower, middle, upper, high: quantiles in rising order, such as 1, 10, 50, 90 and 99 %.
        marker: a figure of its own on the same line, None for none.
    """

    label: str
    low: float
    lower: float
    middle: float
    upper: float
    high: float
    marker: float | None = None
    is_assumption: bool = False


@dataclass(frozen=True, slots=True)
class SpreadChart:
    """Distributions under each other on one axis.

    Attributes:
        quantile_names: of the whiskers and the box, such as "1%–99%" and "10%–90%".
        reference: drawn as a vertical line, None for none.
    """

    axis: Bilingual
    whisker_name: str
    box_name: str
    spreads: tuple[Spread, ...]
    marker_name: Bilingual | None = None
    reference: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval."""

    label: str
    value: float
    low: float
    high: float
    group: str = ""


@dataclass(frozen=True, slots=True)
class EstimateChart:
    """Figures with intervals under each other, from 0: expected loss, value at risk, expected shortfall."""

    axis: Bilingual
    estimates: tuple[Estimate, ...]
    decimals: int = 1


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a fan: lower and upper, one figure for each point of the axis."""

    name: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FanChart:
    """A path over time with the bands of its distribution, widest first."""

    time_axis: Bilingual
    value_axis: Bilingual
    times: tuple[float, ...]
    middle_name: Bilingual
    middle: tuple[float, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of stacked columns, a figure >= 0 for each column."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StackChart:
    """Stacked columns: who receives how much in each year or step."""

    category_axis: Bilingual
    value_axis: Bilingual
    categories: tuple[str, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line through points.

    Attributes:
        horizontal, vertical: of the points, as many.
        is_modelled: drawn dashed.
        point_labels: written beside the points, as many, or none.
    """

    name: str
    horizontal: tuple[float, ...]
    vertical: tuple[float, ...]
    is_modelled: bool = False
    point_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Lines on one pair of axes: a frontier, observed flows beside modelled ones."""

    horizontal_axis: Bilingual
    vertical_axis: Bilingual
    curves: tuple[Curve, ...]


Chart: TypeAlias = (
    BarChart
    | ChangeChart
    | PairChart
    | SpreadChart
    | EstimateChart
    | FanChart
    | StackChart
    | CurveChart
    | BreakdownChart
    | BandGridChart
    | SpreadGridChart
    | BarGridChart
    | CurveGridChart
)
