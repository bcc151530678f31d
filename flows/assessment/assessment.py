"""What an assessment says: totals by year, growth, realisation rate, and how far the targets are."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from flows.assessment.account_years import AccountYear
from flows.assessment.targets import PolicyTarget

CNY_PER_1E8 = 1e8


@dataclass(frozen=True, slots=True)
class YearFigures:
    """Figures of one year; CNY a year.

    Attributes:
        year: of the flow.
        total_cny: sum of the lines.
        by_category, by_service: its parts, each adding up to the total.
        growth_annual: against the account before, a year where years are missing between; None for the first.
        realised_cny: as reported; None where nobody did.
        realisation_rate: realised over total; None likewise.
    """

    year: int
    total_cny: float
    by_category: dict[str, float]
    by_service: dict[str, float]
    growth_annual: float | None
    realised_cny: float | None
    realisation_rate: float | None


@dataclass(frozen=True, slots=True)
class TargetProgress:
    """How far a target is.

    Attributes:
        target: as published.
        reached: the same measure of the latest account; None where the accounts do not measure it.
        reached_year: of that account.
        gap: target less reached, in the target's unit; None likewise. 0 or less is met.
        needed_growth_annual: growth a year from that account to the target's year; None where the target is no
            level, is met, or its year is over.
    """

    target: PolicyTarget
    reached: float | None
    reached_year: int | None
    gap: float | None
    needed_growth_annual: float | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment of a place; years ascending, targets as published."""

    place: str
    years: tuple[YearFigures, ...]
    targets: tuple[TargetProgress, ...]

    @property
    def latest(self) -> YearFigures:
        """The latest year."""
        return self.years[-1]


def assess(place: str, accounts: tuple[AccountYear, ...], targets: tuple[PolicyTarget, ...]) -> Assessment:
    """Assess accounts, at least one, in order of year."""
    years: list[YearFigures] = []
    for item in accounts:
        years.append(_figures(item, years[-1] if years else None))
    return Assessment(place, tuple(years), tuple(_progress(target, tuple(years)) for target in targets))


def annual_growth(first: float, last: float, years: int) -> float | None:
    """Growth a year that leads from `first` to `last`; None from nothing or over no time."""
    return (last / first) ** (1.0 / years) - 1.0 if first > 0.0 and last >= 0.0 and years > 0 else None


def _figures(item: AccountYear, before: YearFigures | None) -> YearFigures:
    by_category: dict[str, float] = defaultdict(float)
    by_service: dict[str, float] = defaultdict(float)
    for line in item.account.lines:
        by_category[line.category] += line.value_cny
        by_service[line.service] += line.value_cny
    total = item.account.total_cny
    realised = None if item.realised is None else item.realised.value_cny
    return YearFigures(
        item.year,
        total,
        dict(by_category),
        dict(by_service),
        None if before is None else annual_growth(before.total_cny, total, item.year - before.year),
        realised,
        realised / total if realised is not None and total > 0.0 else None,
    )


def _progress(target: PolicyTarget, years: tuple[YearFigures, ...]) -> TargetProgress:
    measure = _MEASURES.get((target.indicator, target.unit))
    reached = None if measure is None else measure(target, years)
    if reached is None:
        return TargetProgress(target, None, None, None, None)
    latest = years[-1]
    needed = None
    if (target.indicator, target.unit) in _LEVELS and reached < target.value:
        needed = annual_growth(reached, target.value, target.year - latest.year)
    return TargetProgress(target, reached, latest.year, target.value - reached, needed)


def _total(_target: PolicyTarget, years: tuple[YearFigures, ...]) -> float | None:
    return years[-1].total_cny / CNY_PER_1E8


def _rate(_target: PolicyTarget, years: tuple[YearFigures, ...]) -> float | None:
    rate = years[-1].realisation_rate
    return None if rate is None else rate * 100.0


def _growth_since_2025(_target: PolicyTarget, years: tuple[YearFigures, ...]) -> float | None:
    base = next((item for item in years if item.year == 2025), None)
    if base is None or base.total_cny <= 0.0:
        return None
    return (years[-1].total_cny / base.total_cny - 1.0) * 100.0


def _category_growth(category: str) -> Callable[[PolicyTarget, tuple[YearFigures, ...]], float | None]:
    def measured(_target: PolicyTarget, years: tuple[YearFigures, ...]) -> float | None:
        first, last = years[0], years[-1]
        growth = annual_growth(
            first.by_category.get(category, 0.0), last.by_category.get(category, 0.0), last.year - first.year
        )
        return None if growth is None else growth * 100.0

    return measured


# Published indicators that accounts measure, and how; all others are shown without a figure of ours.
_MEASURES: dict[tuple[str, str], Callable[[PolicyTarget, tuple[YearFigures, ...]], float | None]] = {
    ("GEP", "1e8 CNY"): _total,
    ("生态产品价值实现率", "%"): _rate,
    ("GEP growth 2025-2028", "%"): _growth_since_2025,
    ("物质供给价值年均增速", "%/yr"): _category_growth("provisioning"),
    ("文化服务价值年均增速", "%/yr"): _category_growth("cultural"),
}
# Those that are a level, which a steady growth may lead to.
_LEVELS = frozenset({("GEP", "1e8 CNY"), ("生态产品价值实现率", "%")})
