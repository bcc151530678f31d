"""Terms of repayment as arrays, one row a loan.

Most loans have periods that are all alike; the arrays say everything about them. The others (a day count, resets of the
rate, prepayments, a plan of their own) keep their terms as values beside the arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from quant.repayment.payment_plan import Rule
from services.loans.loan import RepaymentKind, RepaymentTerms

Days: TypeAlias = NDArray[np.datetime64]
Numbers: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]

RULES = {
    RepaymentKind.EQUAL_INSTALMENT: Rule.EQUAL_INSTALMENT,
    RepaymentKind.EQUAL_PRINCIPAL: Rule.EQUAL_PRINCIPAL,
    RepaymentKind.BULLET: Rule.BULLET,
    RepaymentKind.CUSTOM: Rule.CUSTOM,
}


@dataclass(frozen=True, slots=True, eq=False)
class TermColumns:
    """Terms of n loans; see `services.loans.loan.RepaymentTerms`.

    Attributes:
        principal_cents, periods, months_per_period, grace_periods: [n].
        rate_annual: until the first reset, [n].
        drawn_on: [n].
        rule: `quant.repayment.payment_plan.Rule`, [n].
        uneven: terms of the loans whose periods are not all alike, by row.
    """

    principal_cents: Whole
    drawn_on: Days
    periods: Whole
    months_per_period: Whole
    grace_periods: Whole
    rate_annual: Numbers
    rule: Whole
    uneven: Mapping[int, RepaymentTerms]

    def __len__(self) -> int:
        return len(self.principal_cents)

    @property
    def is_even(self) -> NDArray[np.bool_]:
        """Which loans have periods that are all alike, [n]."""
        even = np.ones(len(self), dtype=np.bool_)
        even[list(self.uneven)] = False
        return even

    @property
    def matures_on(self) -> Days:
        """Day of the last instalment of each loan, prepayments apart, [n]."""
        return days_after(self.drawn_on, self.periods * self.months_per_period)

    def take(self, rows: NDArray[np.intp] | Sequence[int]) -> "TermColumns":
        """The loans of some rows, in their order."""
        chosen = np.asarray(rows, dtype=np.intp)
        uneven = {}
        if self.uneven:
            uneven = {i: self.uneven[row] for i, row in enumerate(chosen.tolist()) if row in self.uneven}
        return TermColumns(
            self.principal_cents[chosen],
            self.drawn_on[chosen],
            self.periods[chosen],
            self.months_per_period[chosen],
            self.grace_periods[chosen],
            self.rate_annual[chosen],
            self.rule[chosen],
            uneven,
        )


def term_columns(terms: Sequence[RepaymentTerms]) -> TermColumns:
    """The columns of terms that are there as values."""

    def whole(values: list[int]) -> Whole:
        return np.array(values, dtype=np.int64)

    return TermColumns(
        whole([int(term.principal_cny * 100) for term in terms]),
        np.array([term.drawn_on for term in terms], dtype="datetime64[D]"),
        whole([term.periods for term in terms]),
        whole([term.months_per_period for term in terms]),
        whole([term.grace_periods for term in terms]),
        np.array([term.rate_annual for term in terms], dtype=np.float64),
        whole([RULES[term.kind] for term in terms]),
        {i: term for i, term in enumerate(terms) if not is_even(term)},
    )


def is_even(terms: RepaymentTerms) -> bool:
    """Whether every period is alike: equal lengths, one rate, nothing prepaid, no given parts."""
    return (
        terms.day_count is None
        and terms.rate_reset is None
        and not terms.prepayments
        and terms.kind is not RepaymentKind.CUSTOM
    )


def days_after(start: Days, months: Whole) -> Days:
    """The same day of the month some months later, or the last day of a month that is too short; shapes broadcast.

    As `services.loans.loan.due_date`, for arrays.
    """
    month = start.astype("datetime64[M]")
    day_of_month = (start - month.astype("datetime64[D]")).astype(np.int64)
    then: Days = month + months.astype("timedelta64[M]")
    days: Days = then.astype("datetime64[D]") + np.minimum(day_of_month, last_day_of(then))
    return days


def last_day_of(month: Days) -> Whole:
    """Number of the last day of each month, counted from 0."""
    length = (month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")
    return np.asarray(length.astype(np.int64) - 1)
