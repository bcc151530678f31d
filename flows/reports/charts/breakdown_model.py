"""One whole broken down several ways: a panel for each way, every one with lines of its own."""

from dataclasses import dataclass

from flows.reports.bilingual import Bilingual


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the whole, >= 0."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One way to break the whole down: at least one part, in the given order from top to bottom."""

    title: Bilingual
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class BreakdownChart:
    """Breakdowns side by side, two in a row, the figure at the end of each bar.

    Attributes:
        axis: what is measured, with its unit.
        panels: at least one.
        decimals: of the written values.
        has_own_scales: whether each panel has its own axis, where the wholes differ in size.
    """

    axis: Bilingual
    panels: tuple[Breakdown, ...]
    decimals: int = 0
    has_own_scales: bool = False
