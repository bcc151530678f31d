"""What a loan is: terms of repayment, borrower, guarantee. Values only; nothing here computes."""

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quant.repayment.daycount import DayCount
from services.loans.conditions import BorrowerSize, GuaranteeMode, InterestSubsidy
from services.loans.repayment.changes import Prepayment, RateReset

MAX_ID_CHARS = 64
MAX_PERIODS = 600
MAX_INDEX_WEIGHT = 1e6
MONTHS_PER_PERIOD = (1, 3, 6, 12)
# Balances are whole cents in float64 products (quant.repayment.amortisation).
MAX_PRINCIPAL_CNY = Decimal(10) ** 13


class RepaymentKind(StrEnum):
    """How principal is repaid."""

    EQUAL_INSTALMENT = "equal_instalment"  # 等额本息
    EQUAL_PRINCIPAL = "equal_principal"  # 等额本金
    BULLET = "bullet"  # 到期一次还本
    CUSTOM = "custom"  # 按约定计划还本


@dataclass(frozen=True, slots=True)
class RepaymentTerms:
    """Terms on which a loan is repaid.

    Attributes:
        principal_cny: > 0, whole cents.
        drawn_on: day of drawing.
        periods: until maturity, 1 to 600.
        rate_annual: nominal, 0 to 1.
        kind: how principal is repaid.
        months_per_period: 1, 3, 6 or 12.
        grace_periods: first periods in which only interest is paid, below `periods`; a bullet has no others.
        day_count: None for equal periods, each rate x months / 12.
        rate_reset: how the rate follows the loan prime rate, None for a fixed rate; until the first reset
            `rate_annual` holds.
        prepayments: in order of day, from the drawing to before maturity; together at most the principal.
        custom_principal_cny: principal of each period in whole cents under `RepaymentKind.CUSTOM`, where it adds up to
            `principal_cny`; empty otherwise.

    Raises:
        ValueError: if a term is outside its domain.
    """

    principal_cny: Decimal
    drawn_on: dt.date
    periods: int
    rate_annual: float
    kind: RepaymentKind
    months_per_period: int = 1
    grace_periods: int = 0
    day_count: DayCount | None = None
    rate_reset: RateReset | None = None
    prepayments: tuple[Prepayment, ...] = ()
    custom_principal_cny: tuple[Decimal, ...] = ()

    def __post_init__(self) -> None:
        principal = self.principal_cny
        if not (principal.is_finite() and 0 < principal <= MAX_PRINCIPAL_CNY):
            raise ValueError(
                f"principal: found {principal}, expected above 0 and at most {MAX_PRINCIPAL_CNY:,}"
            )
        if principal != round(principal, 2):
            raise ValueError(f"principal: found {principal}, expected whole cents")
        if not 1 <= self.periods <= MAX_PERIODS:
            raise ValueError(f"periods: found {self.periods}, expected 1 to {MAX_PERIODS}")
        if self.months_per_period not in MONTHS_PER_PERIOD:
            raise ValueError(f"months_per_period: found {self.months_per_period}, expected 1, 3, 6 or 12")
        if not 0 <= self.grace_periods < self.periods:
            raise ValueError(
                f"grace_periods: found {self.grace_periods}, expected 0 to below periods ({self.periods})"
            )
        _require_fraction("rate_annual", self.rate_annual)
        if self.drawn_on.year + self.periods * self.months_per_period // 12 + 1 > dt.MAXYEAR:
            raise ValueError(
                f"drawn_on: found {self.drawn_on}, expected a maturity before the year {dt.MAXYEAR}"
            )
        if self.kind is RepaymentKind.CUSTOM or self.custom_principal_cny:
            self._check_custom_principal()
        if self.prepayments:
            self._check_prepayments()

    @property
    def matures_on(self) -> dt.date:
        """Day of the last instalment, prepayments apart."""
        return due_date(self.drawn_on, self.periods * self.months_per_period)

    def _check_custom_principal(self) -> None:
        parts = self.custom_principal_cny
        if self.kind is not RepaymentKind.CUSTOM:
            raise ValueError(
                f"custom_principal: found {len(parts)} parts, expected none unless kind is custom"
            )
        if self.grace_periods > 0:
            raise ValueError(
                f"grace_periods: found {self.grace_periods}, expected 0 where the parts are given"
            )
        if len(parts) != self.periods:
            raise ValueError(
                f"custom_principal: found {len(parts)} parts, expected {self.periods}, one a period"
            )
        if any(not part.is_finite() or part < 0 or part != round(part, 2) for part in parts):
            raise ValueError("custom_principal: found a part that is not 0 or more in whole cents")
        if sum(parts) != self.principal_cny:
            raise ValueError(f"custom_principal: found {sum(parts)} in total, expected {self.principal_cny}")

    def _check_prepayments(self) -> None:
        days = [prepayment.day for prepayment in self.prepayments]
        if len(days) > MAX_PERIODS:
            raise ValueError(f"prepayments: found {len(days)}, expected at most {MAX_PERIODS}")
        if days != sorted(days) or not self.drawn_on <= days[0] <= days[-1] < self.matures_on:
            raise ValueError(
                f"prepayments: found the days {days[0]} to {days[-1]}, expected them in order from {self.drawn_on} to "
                f"before {self.matures_on}"
            )
        total = sum(prepayment.amount_cny for prepayment in self.prepayments)
        if total > self.principal_cny:
            raise ValueError(f"prepayments: found {total} in total, expected at most {self.principal_cny}")


def due_date(drawn_on: dt.date, months: int) -> dt.date:
    """The same day of the month, `months` after the drawing, or the last day of a month that is too short.

    Counted from the drawing and not from due date to due date: drawn on 31 January, a loan is due on 28 February
    and then on 31 March.
    """
    year, month_index = divmod(drawn_on.year * 12 + drawn_on.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month_index + 1)[1]
    return dt.date(year, month_index + 1, min(drawn_on.day, last_day))


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Guarantee behind a loan.

    Attributes:
        guarantor_id: empty for a fund or pool without a name.
        share: of the loss that it bears, 0 to 1.
        default_probability_annual: that the guarantor fails within a year.
    """

    guarantor_id: str
    share: float
    default_probability_annual: float

    def __post_init__(self) -> None:
        if len(self.guarantor_id) > MAX_ID_CHARS:
            raise ValueError(f"guarantor_id: found {len(self.guarantor_id)} characters, expected at most 64")
        _require_fraction("share", self.share)
        _require_fraction("default_probability_annual", self.default_probability_annual)


@dataclass(frozen=True, slots=True)
class IndexWeight:
    """Weight of a primary factor in a borrower's index; positive: a high factor is good for the borrower."""

    factor: str
    weight: float

    def __post_init__(self) -> None:
        if not self.factor:
            raise ValueError("factor: is empty, expected the name of a primary factor")
        if not abs(self.weight) <= MAX_INDEX_WEIGHT or self.weight == 0.0:
            raise ValueError(
                f"weight: found {self.weight}, expected a number other than 0 between -{MAX_INDEX_WEIGHT:g} "
                f"and {MAX_INDEX_WEIGHT:g}"
            )


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan as the bank has it on its books.

    Attributes:
        loan_id, borrower_id: 1 to 64 characters.
        name, county, industry, product: for people and for grouping; may be empty.
        terms: of repayment.
        default_probability_annual: that the borrower defaults within a year.
        asset_correlation: R2, share of the borrower's fortunes that its index explains, 0 to below 1.
        unsecured_lgd: share of what no collateral covers that is lost.
        index_weights: the index; empty means the credit cycle alone.
        guarantee: None for none.
        purpose: code of what the money is for, in a taxonomy of green loans; empty for none.
        approved_on: day of approval, which may be before the first drawing.
        guarantee_mode, borrower_size: None where the bank does not say.
        is_investment_grade: whether the borrower meets the capital rule's tests of an investment-grade corporate.
        subsidy: interest that somebody else pays, None for none.
        compensation_share: share of the loss that a risk-compensation fund bears of what collateral and guarantee
            leave, 0 to 1.
        restructured_on: day on which the bank last eased the terms of a borrower in difficulty, None for never.

    Raises:
        ValueError: if a field is outside its domain.
    """

    loan_id: str
    borrower_id: str
    name: str
    county: str
    industry: str
    product: str
    terms: RepaymentTerms
    default_probability_annual: float
    asset_correlation: float
    unsecured_lgd: float
    index_weights: tuple[IndexWeight, ...] = ()
    guarantee: Guarantee | None = None
    purpose: str = ""
    approved_on: dt.date | None = None
    guarantee_mode: GuaranteeMode | None = None
    borrower_size: BorrowerSize | None = None
    is_investment_grade: bool = False
    subsidy: InterestSubsidy | None = None
    compensation_share: float = 0.0
    restructured_on: dt.date | None = None

    def __post_init__(self) -> None:
        require_id("loan_id", self.loan_id)
        require_id("borrower_id", self.borrower_id)
        _require_fraction("default_probability_annual", self.default_probability_annual)
        _require_fraction("unsecured_lgd", self.unsecured_lgd)
        _require_fraction("compensation_share", self.compensation_share)
        if len(self.purpose) > MAX_ID_CHARS:
            raise ValueError(
                f"purpose: found {len(self.purpose)} characters, expected at most {MAX_ID_CHARS}"
            )
        if not 0.0 <= self.asset_correlation < 1.0:
            raise ValueError(f"asset_correlation: found {self.asset_correlation}, expected from 0 to below 1")
        factors = [weight.factor for weight in self.index_weights]
        if len(set(factors)) < len(factors):
            raise ValueError(f"index_weights: found {sorted(factors)}, expected each factor once")


@dataclass(frozen=True, slots=True)
class LoanRecord:
    """A loan with the facts about its record.

    Attributes:
        loan: the state.
        as_of: business date of the state.
        recorded_at: moment of the record, in UTC.
        collateral_ids: collateral that secures it, in order.
    """

    loan: Loan
    as_of: dt.date
    recorded_at: dt.datetime
    collateral_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoanPage:
    """A page of records; `next_after` is the last id, None on the last page."""

    records: tuple[LoanRecord, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class PutCounts:
    """What a writing call did: stored for the first time, got a new state, was the same already."""

    created: int
    updated: int
    unchanged: int

    def plus(self, other: "PutCounts") -> "PutCounts":
        """What two calls did together."""
        return PutCounts(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


def require_id(field: str, value: str) -> None:
    """Refuse an identifier that is blank or too long.

    Raises:
        ValueError: if it is not 1 to 64 characters that are more than white space.
    """
    if not value.strip() or len(value) > MAX_ID_CHARS:
        raise ValueError(f"{field}: found {value[:80]!r}, expected 1 to {MAX_ID_CHARS} characters")


def _require_fraction(field: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{field}: found {value}, expected a fraction from 0 to 1")
