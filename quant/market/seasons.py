"""The months of a year: which share of a yearly amount falls between two dates.

Shares are of the twelve calendar months; within a month an amount flows evenly, and every month is a twelfth of a year.
"""

import calendar
import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import FINITE, PROBABILITY, FloatArray

MONTHS = 12
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class MonthlyShares:
    """Share of a year's amount in each calendar month, January first; they are scaled to add up to exactly 1.

    Attributes:
        shares: twelve, each 0 to 1, with a sum of 1 but for rounding (1e-6).

    Raises:
        ValueError: if there are not twelve, one is no fraction, or they do not add up to 1.
    """

    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        array = PROBABILITY.require("shares", self.shares)
        total = math.fsum(self.shares)
        if array.shape != (MONTHS,) or abs(total - 1.0) > _SUM_TOLERANCE:
            raise ValueError(
                f"shares: found {array.size} with sum {total:g}, expected {MONTHS} with sum 1, January first"
            )
        object.__setattr__(self, "shares", tuple(share / total for share in self.shares))

    @classmethod
    def flat(cls) -> "MonthlyShares":
        """Every month alike."""
        return cls((1.0 / MONTHS,) * MONTHS)

    def of_months(self, months: tuple[int, ...]) -> float:
        """Share of the year that falls in some months, 1 for January.

        Raises:
            ValueError: if a month is not 1 to 12 or is there twice.
        """
        _check_months(months)
        return math.fsum(self.shares[month - 1] for month in months)

    def within(self, months: tuple[int, ...]) -> "MonthlyShares":
        """The same profile where the year's amount falls in these months alone.

        Raises:
            ValueError: as `of_months`, or if nothing falls in them.
        """
        total = self.of_months(months)
        if total == 0.0:
            raise ValueError(
                f"months: found {list(months)}, in which nothing falls, expected months with a share"
            )
        return MonthlyShares(
            tuple(share / total if i + 1 in months else 0.0 for i, share in enumerate(self.shares))
        )

    def between(self, begin_years: ArrayLike, end_years: ArrayLike, *, begins: dt.date) -> FloatArray:
        """Amount between two times over a year's amount; over whole years it is their number.

        Args:
            begin_years: from `begins`.
            end_years: from `begins`, not before; broadcasts with it.
            begins: date that is time 0.
        """
        phase = phase_of_year(begins)
        begin = self._since_new_year(phase + FINITE.require("begin_years", begin_years))
        return np.asarray(self._since_new_year(phase + FINITE.require("end_years", end_years)) - begin)[()]

    def _since_new_year(self, years: FloatArray) -> FloatArray:
        """Amount since the beginning of the calendar year that is time 0 here."""
        whole = np.floor(years)
        knots = np.linspace(0.0, 1.0, MONTHS + 1)
        so_far = np.concatenate([[0.0], np.cumsum(self.shares)])
        so_far[-1] = 1.0
        return np.asarray(whole + np.interp(years - whole, knots, so_far))


def phase_of_year(date: dt.date) -> float:
    """Share of the calendar year that is over on the morning of a date, every month a twelfth.

    >>> phase_of_year(dt.date(2026, 4, 16))
    0.2916666666666667
    """
    days = calendar.monthrange(date.year, date.month)[1]
    return (date.month - 1 + (date.day - 1) / days) / MONTHS


def _check_months(months: tuple[int, ...]) -> None:
    if len(set(months)) != len(months) or not all(1 <= month <= MONTHS for month in months):
        raise ValueError(f"months: found {list(months)}, expected numbers from 1 to {MONTHS}, each once")
