"""What a careful reader should know about a sized loan: years in which the pledge is worth less than what is owed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from quant.schedules import ExposureSchedule
from services.runtime.results import Caution, Severity
from services.valuation.appraisal import low_probability
from services.valuation.lending.needed_changes import percent, wan
from services.valuation.lending.pledge_path import MOST_PATHS
from services.valuation.lending.sizing import is_paid_by_instalments
from services.valuation.valuation import LoanYear, SizedLoan, Valuation

_ROUNDING = 1e-9
_STANDARD_ERRORS = 4.0


@dataclass(frozen=True, slots=True)
class LossOfRight:
    """How a pledge may be lost as a whole before its payments end.

    Attributes:
        intensity: expected losses of the right a year, >= 0.
        is_total: whether one of them takes all that is still to come.
        last_payment_years: time of the last row; nothing is left to be lost after it.
    """

    intensity: float
    is_total: bool
    last_payment_years: float

    @classmethod
    def of(cls, schedule: ExposureSchedule) -> "LossOfRight":
        """The loss that the terms of a schedule state."""
        terms = schedule.terms
        last = float(schedule.times_years.max(initial=0.0))
        return cls(terms.event_intensity, terms.event_severity >= 1.0, last)

    def probability_by(self, years: float) -> float:
        """Probability that the right is lost by then: 1 - exp(-h t), the first event of a Poisson process."""
        return -math.expm1(-self.intensity * years)

    def may_empty_quantile(self, years: float, low: float, n_paths: int) -> bool:
        """Whether losing the right alone may make the quantile at level `low` 0 at a horizon.

        More paths have lost it than lie below the level: on average where the probability exceeds the level, by chance
        where it falls short by no more than four standard errors of a share of so many paths.
        """
        error = math.sqrt(low * (1.0 - low) / n_paths)
        return (
            self.is_total
            and years < self.last_payment_years
            and self.probability_by(years) > low - _STANDARD_ERRORS * error
        )


def of_pledge_below_debt(sized: SizedLoan, loss: LossOfRight, amount_cny: float) -> list[Caution]:
    """PLEDGE_BELOW_DEBT: years in which a loan of the amount exceeds the pledge value that is seen for them today.

    The limit asks for the pledge value at one horizon alone, so a longer loan may outgrow its pledge. Where it does
    because the right may have been lost, the quantile falls to 0 from one year to the next, which is no error.

    Args:
        sized: with its years at the limit.
        loss: of the right.
        amount_cny: what would be lent, above 0 and at most the limit.
    """
    by_instalments = not sized.years_following_cash or is_paid_by_instalments(sized, amount_cny)
    years = sized.years if by_instalments else sized.years_following_cash
    owed = [found * (amount_cny / sized.limit_cny) for found in _owed(sized.limit_cny, years)]
    short = [
        year
        for year, debt in zip(years, owed, strict=True)
        if debt > year.pledge_value_cny * (1.0 + _ROUNDING)
    ]
    if not short:
        return []
    last_owed = max(year.year for year, debt in zip(years, owed, strict=True) if debt > 0.0)
    when_zh, when_en = _when([year.year for year in short], last_owed)
    plan_zh, plan_en = (
        ("等额还款", "level instalments")
        if by_instalments
        else ("随现金流还款", "repayment as the cash comes")
    )
    because_zh, because_en = _because(short, loss, sized.valuation)
    horizon = f"{sized.valuation.horizon_years:g}"
    return [
        Caution(
            "PLEDGE_BELOW_DEBT",
            Severity.WARNING,
            f"贷款 {wan(amount_cny)} 万元、{plan_zh}：{when_zh}质押价值低于贷款余额；"
            f"额度只看 {horizon} 年后的质押价值。{because_zh}",
            f"The pledge is worth less than the debt {when_en} for a loan of {wan(amount_cny)} x10k CNY under "
            f"{plan_en}; the limit looks at the pledge value after {horizon} y alone.{because_en}",
            "terms.tenor_years",
        )
    ]


def _owed(limit_cny: float, years: Sequence[LoanYear]) -> list[float]:
    """Principal before each year's payment."""
    return [limit_cny, *(year.outstanding_cny for year in years[:-1])]


def _when(short: Sequence[int], last: int) -> tuple[str, str]:
    """From a year on where it lasts without a break until nothing is owed, else the number of years and their range."""
    first, final, n = short[0], short[-1], len(short)
    if n == last - first + 1:
        return f"自第 {first} 年起", f"from year {first} on"
    return f"第 {first} 至 {final} 年中有 {n} 年", f"in {n} of the years {first} to {final}"


def _because(short: Sequence[LoanYear], loss: LossOfRight, valuation: Valuation) -> tuple[str, str]:
    """That the low quantile is 0 because the right may be lost by then; nothing where that is not the reason."""
    low, n_paths = low_probability(valuation.confidence), min(valuation.manifest.n_paths, MOST_PATHS)
    emptied = [
        year.year
        for year in short
        if year.pledge_value_cny == 0.0 and loss.may_empty_quantile(float(year.year), low, n_paths)
    ]
    if not emptied:
        return "", ""
    year = emptied[0]
    probability = loss.probability_by(float(year))
    lost, level = f"{100.0 * probability:.2f} %", percent(low)
    than_zh, than_en = (
        ("高于", "above")
        if probability > low
        else ("在模拟误差内等于", "but for the error of simulation equal to")
    )
    return (
        (
            f"第 {year} 年起该分位数为零：权利到该年底已灭失的概率为 {lost}，{than_zh} 1 − 置信度 {level}；"
            "不是预期价值为零。"
        ),
        (
            f" From year {year} on that quantile is 0, because the probability of losing the right by then is {lost}, "
            f"{than_en} 1 - confidence = {level}; the expected value is not 0."
        ),
    )
