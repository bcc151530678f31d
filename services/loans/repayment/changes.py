"""What changes a repayment on its way: resets of the rate with the loan prime rate, and prepayments. Values only."""

import datetime as dt
import itertools
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MAX_FIXINGS = 600
MAX_MONTHS_BETWEEN = 120
MAX_SPREAD_BP = 10_000.0


class LprTenor(StrEnum):
    """Which loan prime rate a loan follows."""

    ONE_YEAR = "1Y"  # 一年期
    FIVE_YEARS = "5Y"  # 五年期以上


@dataclass(frozen=True, slots=True)
class LprFixing:
    """A published loan prime rate.

    Attributes:
        published_on: day from which it holds.
        rate_annual: 0 to 1.
    """

    published_on: dt.date
    rate_annual: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate_annual <= 1.0:
            raise ValueError(f"rate_annual: found {self.rate_annual}, expected a fraction from 0 to 1")


@dataclass(frozen=True, slots=True)
class RateReset:
    """How the rate of a loan follows the loan prime rate (LPR 重定价).

    On each reset day the rate becomes the last rate published by then, and the spread. Until the first reset, and on a
    reset day before which nothing is given, the rate stays. Beyond the last fixing the last one is carried on: nothing
    is forecast.

    Attributes:
        tenor: which rate.
        spread_bp: points of 0.01 % above (or below) it, -10,000 to 10,000.
        months_between: between resets, 1 to 120.
        fixings: published rates in order of day, up to 600; at least those of the loan's reset days.
        first_on: first reset day; `months_between` after the drawing where it is None.

    Raises:
        ValueError: if a field is outside its domain or the fixings are not in order.
    """

    tenor: LprTenor
    spread_bp: float
    months_between: int
    fixings: tuple[LprFixing, ...] = ()
    first_on: dt.date | None = None

    def __post_init__(self) -> None:
        if not abs(self.spread_bp) <= MAX_SPREAD_BP:
            raise ValueError(f"spread_bp: found {self.spread_bp}, expected -10,000 to 10,000")
        if not 1 <= self.months_between <= MAX_MONTHS_BETWEEN:
            raise ValueError(
                f"months_between: found {self.months_between}, expected 1 to {MAX_MONTHS_BETWEEN}"
            )
        if len(self.fixings) > MAX_FIXINGS:
            raise ValueError(f"fixings: found {len(self.fixings)}, expected at most {MAX_FIXINGS}")
        for before, after in itertools.pairwise(self.fixings):
            if before.published_on >= after.published_on:
                raise ValueError(
                    f"fixings: found {after.published_on} after {before.published_on}, expected later days in order"
                )


class PrepaymentEffect(StrEnum):
    """What a prepayment leaves as it is."""

    TERM_KEPT = "term_kept"  # 期限不变，月供减少
    INSTALMENT_KEPT = "instalment_kept"  # 月供不变，期限缩短


@dataclass(frozen=True, slots=True)
class Prepayment:
    """Principal repaid before it was due.

    On a due date it comes after the instalment of that day.

    Attributes:
        day: of the payment.
        amount_cny: > 0, whole cents.
        effect: what stays as it is.
    """

    day: dt.date
    amount_cny: Decimal
    effect: PrepaymentEffect = PrepaymentEffect.TERM_KEPT

    def __post_init__(self) -> None:
        if not (
            self.amount_cny.is_finite()
            and self.amount_cny > 0
            and self.amount_cny == round(self.amount_cny, 2)
        ):
            raise ValueError(f"amount: found {self.amount_cny}, expected above 0 in whole cents")
