"""What changed from one version of a quarter to the next."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.loans.statistics.result import (
    CLASSES,
    Break,
    Grouping,
    QuarterStatistics,
    StatisticsLine,
)

_FIGURES = (
    "opening_cents", "drawn_cents", "repaid_cents", "prepaid_cents", "written_off_cents", "closing_cents",
    "n_loans", "n_borrowers", "n_loans_drawn", "rate_annual", "year_begin_cents", "year_before_cents",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A figure that changed.

    Attributes:
        grouping, keys: the line.
        figure: its field; a class of quality is "class_cents.normal" or, without a class, "class_cents.".
        before, after: None where the line or the figure was not there.
    """

    grouping: Grouping
    keys: tuple[str, ...]
    figure: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float:
        """After less before; a figure that is not there counts as 0."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class VersionDifferences:
    """All that changed: figures in order of grouping and line, breaks that are gone and that are new."""

    figures: tuple[FigureDifference, ...]
    breaks_gone: tuple[Break, ...]
    breaks_new: tuple[Break, ...]


def differences_between(before: QuarterStatistics, after: QuarterStatistics) -> VersionDifferences:
    """What changed from one version to another."""
    old, new = dict.fromkeys(before.breaks), dict.fromkeys(after.breaks)
    return VersionDifferences(
        tuple(figure for grouping in Grouping for figure in _of_grouping(grouping, before, after)),
        tuple(found for found in old if found not in new),
        tuple(found for found in new if found not in old),
    )


def _of_grouping(
    grouping: Grouping, before: QuarterStatistics, after: QuarterStatistics
) -> Iterator[FigureDifference]:
    old = {line.keys: line for line in before.lines(grouping)}
    new = {line.keys: line for line in after.lines(grouping)}
    for keys in sorted({*old, *new}):
        figures = _figures(old.get(keys)), _figures(new.get(keys))
        for name in figures[0] | figures[1]:
            value, other = (found.get(name) for found in figures)
            if value != other:
                yield FigureDifference(grouping, keys, name, value, other)


def _figures(line: StatisticsLine | None) -> dict[str, float | None]:
    if line is None:
        return {}
    classes = zip(CLASSES, line.class_cents, strict=True)
    return {name: getattr(line, name) for name in _FIGURES} | {
        f"class_cents.{quality or ''}": cents for quality, cents in classes
    }
