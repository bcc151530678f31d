"""Small multiples: panels side by side, the same axes in all of them."""

from dataclasses import dataclass

from flows.reports.bilingual import Bilingual


@dataclass(frozen=True, slots=True)
class PanelSpread:
    """A distribution in a panel: quantiles in rising order."""

    low: float
    lower: float
    middle: float
    upper: float
    high: float


@dataclass(frozen=True, slots=True)
class SpreadPanel:
    """A variant: a distribution for every line, None where there is none."""

    title: Bilingual
    spreads: tuple[PanelSpread | None, ...]


@dataclass(frozen=True, slots=True)
class SpreadGridChart:
    """Distributions of every variant in every world; the median of a panel's first line is drawn through it.

    Attributes:
        axis: what is measured, with its unit; the same in all panels.
        lines: names of the lines, the base first.
        whisker_name, box_name: of the quantiles, such as "5%–95%".
        panels: at least one.
    """

    axis: Bilingual
    lines: tuple[str, ...]
    whisker_name: str
    box_name: str
    panels: tuple[SpreadPanel, ...]


@dataclass(frozen=True, slots=True)
class BarPanel:
    """A variant: a bar and a mark for every line, both >= 0."""

    title: Bilingual
    bars: tuple[float, ...]
    marks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BarGridChart:
    """Bars from 0 with a mark beyond: expected loss and the loss of a bad year, of every variant in every world.

    Attributes:
        axis: what is measured, with its unit; the same in all panels.
        lines: names of the lines, the base first.
        bar_name, mark_name: of the legend.
        panels: at least one.
        decimals: of the figures written beside the marks.
    """

    axis: Bilingual
    lines: tuple[str, ...]
    bar_name: Bilingual
    mark_name: Bilingual
    panels: tuple[BarPanel, ...]
    decimals: int = 1


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """A variant: a path over time for every world."""

    title: Bilingual
    curves: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class CurveGridChart:
    """Paths over time of every variant in every world.

    Attributes:
        time_axis, value_axis: the same in all panels.
        lines: names of the worlds, the base first.
        panels: at least one; a path may be shorter than others.
    """

    time_axis: Bilingual
    value_axis: Bilingual
    lines: tuple[str, ...]
    panels: tuple[CurvePanel, ...]


@dataclass(frozen=True, slots=True)
class BandPanel:
    """A world or a loan: a path over time in the band of its distribution.

    Attributes:
        middle, lower, upper: one figure for each point of time.
        reference: a path to compare with, None for none.
    """

    title: Bilingual
    middle: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    reference: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class BandGridChart:
    """The distribution of one figure over time in every panel.

    Attributes:
        time_axis, value_axis: the same in all panels.
        times: of all panels.
        middle_name, band_name, reference_name: of the legend; the band such as "5%–95%".
        panels: at least one.
    """

    time_axis: Bilingual
    value_axis: Bilingual
    times: tuple[float, ...]
    middle_name: Bilingual
    band_name: str
    reference_name: Bilingual
    panels: tuple[BandPanel, ...]
