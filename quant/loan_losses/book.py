"""A book of secured loans as the simulation needs it: arrays, one entry a loan, a pledge or a fund.

Time is cut into periods that end at `period_ends_years`; quarters as a rule, one period for a result over one horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from quant.draws.sparse_draws import Lanes, lane_of_name
from quant.schedules import Array, ExposureSchedule

_LARGEST = float(np.finfo(np.float64).max)
NO_FUND = -1
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pledges:
    """What secures the loans. Many pledges may share one schedule, so that like assets cost memory once.

    Attributes:
        schedules: rows of the assets, times counted from the date of the book, [n_schedules].
        schedule: schedule of each pledge, [n_pledges].
        loan: loan that each secures, ascending, [n_pledges].
        multiple: how many times the schedule is pledged, >= 0: a share of an asset, or the size of one of its kind.
        asset_lane: address of the asset's own draws; pledges of parts of one asset share it, [n_pledges].

    Raises:
        ValueError: if lengths differ, a number is outside its domain or the pledges are not in order of loan.
    """

    schedules: tuple[ExposureSchedule, ...]
    schedule: Lanes
    loan: Lanes
    multiple: Array
    asset_lane: Lanes

    def __post_init__(self) -> None:
        if not len(self.schedule) == len(self.loan) == len(self.multiple) == len(self.asset_lane):
            raise ValueError("pledges: expected schedule, loan, multiple and asset_lane of the same length")
        if np.any(np.diff(self.loan) < 0):
            raise ValueError("pledges: expected them in order of their loan")
        _require("multiple", self.multiple, 0.0, _LARGEST)
        if len(self) and not 0 <= int(self.schedule.min()) <= int(self.schedule.max()) < len(self.schedules):
            raise ValueError(f"schedule: found a number outside 0 to {len(self.schedules) - 1}")

    def __len__(self) -> int:
        return len(self.loan)

    @classmethod
    def each_its_own(
        cls, schedules: Sequence[ExposureSchedule], loan: Lanes, pledged_share: Array
    ) -> "Pledges":
        """One schedule a pledge; the asset's address is its name."""
        lanes = np.array([lane_of_name(schedule.asset_id) for schedule in schedules], dtype=np.intp)
        return cls(
            tuple(schedules), np.arange(len(schedules)), np.asarray(loan, dtype=np.intp), pledged_share, lanes
        )

    @classmethod
    def none(cls) -> "Pledges":
        """No collateral at all."""
        return cls.each_its_own((), np.empty(0, dtype=np.intp), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class LoanBook:
    """Loans, pledges and funds; arrays [n_loans] unless said.

    Attributes:
        exposure_cny: exposure at default in each period, >= 0, [n_loans, n_periods].
        default_probability_annual: of the borrower, as a hazard -ln(1 - p); in [0, 1].
        years_at_risk: until the last instalment; 0 for a loan that has matured.
        asset_correlation: R2, in [0, 1).
        index_of_loan: row of `index_weights`.
        borrower_of_loan: address of the borrower; loans of one borrower with one index and one R2 share a draw.
        unsecured_lgd: share of what collateral does not cover that is lost.
        guarantee_share: share of the loss that the guarantor bears.
        guarantor_of_loan: address of the guarantor's draw.
        guarantor_default_probability_annual: a constant hazard, with the loan's index and R2; in [0, 1].
        compensation_share: share of what is left after the guarantor that a risk-compensation fund pays.
        fund_of_loan: number of that fund, NO_FUND for none.
        index_weights: weights of the primary factors, [n_indices, n_primary].
        period_ends_years: ascending, above 0, [n_periods].
        fund_cap_cny: most that each fund pays over all periods, inf for no cap, [n_funds].
        pledges: the collateral.
        hazard_multiples: term structures: what the hazard is multiplied by in each period, >= 0 and finite,
            [n_curves, n_periods]; None for hazards that stay. See `quant.credit_risk.default_curves`.
        curve_of_loan: row of `hazard_multiples`, given with them; loans of one borrower with other rows draw apart.
        guarantor_borrows: where true and a loan of the guarantor's is at risk, `guarantor_of_loan` is its address in
            `borrower_of_loan`, and it fails as guarantor when it defaults as borrower: on that one draw, with the
            hazard, index and R2 of its loans; None where no guarantor borrows.
        npl_stock_cny: non-performing exposure today, of loans that are not in this book: they do not default again.

    Raises:
        ValueError: if lengths differ or a figure is outside its domain.
    """

    exposure_cny: Array
    default_probability_annual: Array
    years_at_risk: Array
    asset_correlation: Array
    index_of_loan: Lanes
    borrower_of_loan: Lanes
    unsecured_lgd: Array
    guarantee_share: Array
    guarantor_of_loan: Lanes
    guarantor_default_probability_annual: Array
    compensation_share: Array
    fund_of_loan: Lanes
    index_weights: Array
    period_ends_years: Array
    fund_cap_cny: Array
    pledges: Pledges
    hazard_multiples: Array | None = None
    curve_of_loan: Lanes | None = None
    guarantor_borrows: Flags | None = None
    npl_stock_cny: float = 0.0

    def __post_init__(self) -> None:
        n = len(self.default_probability_annual)
        for field in fields(self)[:12]:
            if len(getattr(self, field.name)) != n:
                raise ValueError(
                    f"{field.name}: found {len(getattr(self, field.name))} entries, expected {n}"
                )
        _require_periods(self.period_ends_years)
        if self.exposure_cny.shape != (n, self.n_periods):
            raise ValueError(
                f"exposure_cny: found shape {self.exposure_cny.shape}, expected {(n, self.n_periods)}"
            )
        for name in (
            "default_probability_annual", "unsecured_lgd", "guarantee_share",
            "guarantor_default_probability_annual", "compensation_share",
        ):  # fmt: skip
            _require(name, getattr(self, name), 0.0, 1.0)
        _require("exposure_cny", self.exposure_cny, 0.0, _LARGEST)
        _require("years_at_risk", self.years_at_risk, 0.0, np.inf)
        _require("asset_correlation", self.asset_correlation, 0.0, np.nextafter(1.0, 0.0))
        _require("npl_stock_cny", np.array([self.npl_stock_cny]), 0.0, _LARGEST)
        _require("fund_cap_cny", self.fund_cap_cny, 0.0, np.inf)
        _require("fund_of_loan", self.fund_of_loan, NO_FUND, len(self.fund_cap_cny) - 1)
        _require("index_of_loan", self.index_of_loan, 0, len(self.index_weights) - 1)
        self._require_curves(n)
        if self.guarantor_borrows is not None and len(self.guarantor_borrows) != n:
            raise ValueError(f"guarantor_borrows: found {len(self.guarantor_borrows)} entries, expected {n}")
        self._require_other_guarantors()
        if len(self.pledges) and not int(self.pledges.loan.max()) < n:
            raise ValueError(f"pledges: found loan {int(self.pledges.loan.max())}, expected below {n}")

    def _require_other_guarantors(self) -> None:
        if self.guarantor_borrows is None:
            return
        by_itself = self.guarantor_borrows & (self.guarantee_share > 0.0)
        by_itself &= self.guarantor_of_loan == self.borrower_of_loan
        if by_itself.any():
            raise ValueError(
                f"guarantor_of_loan[{int(np.flatnonzero(by_itself)[0])}]: found its own borrower, expected another"
            )

    def __len__(self) -> int:
        return len(self.default_probability_annual)

    @property
    def n_periods(self) -> int:
        """Periods of the grid."""
        return len(self.period_ends_years)

    def curves(self) -> tuple[Array, Lanes]:
        """Multiples of the hazard, [n_curves, n_periods], and the row of each loan, [n_loans]."""
        if self.hazard_multiples is None or self.curve_of_loan is None:
            return np.ones((1, self.n_periods)), np.zeros(len(self), dtype=np.intp)
        return self.hazard_multiples, self.curve_of_loan

    def _require_curves(self, n_loans: int) -> None:
        if (self.hazard_multiples is None) != (self.curve_of_loan is None):
            raise ValueError("hazard_multiples: expected them together with curve_of_loan, found one alone")
        multiples, curve = self.curves()
        if multiples.ndim != 2 or multiples.shape[1] != self.n_periods or len(curve) != n_loans:  # a matrix
            raise ValueError(
                f"hazard_multiples: found shape {multiples.shape} for {len(curve)} loans, expected "
                f"{self.n_periods} columns for {n_loans} loans"
            )
        _require("hazard_multiples", multiples, 0.0, _LARGEST)
        _require("curve_of_loan", curve, 0, len(multiples) - 1)

    def hazards_annual(self) -> Array:
        """Hazard of each loan, -ln(1 - p), before its multiples, [n_loans]."""
        return hazard(self.default_probability_annual)


def hazard(probability_annual: Array) -> Array:
    """Constant hazard of a probability over one year; certainty is a hazard that leaves nothing after a day."""
    with np.errstate(divide="ignore"):
        rate: Array = -np.log1p(-np.asarray(probability_annual, dtype=np.float64))
    return np.minimum(rate, _CERTAIN)


_CERTAIN = 1e5


def _require_periods(ends: Array) -> None:
    if ends.ndim != 1 or len(ends) == 0 or not np.all(np.isfinite(ends)):
        raise ValueError("period_ends_years: expected a non-empty list of finite years")
    if ends[0] <= 0.0 or np.any(np.diff(ends) <= 0.0):
        raise ValueError("period_ends_years: expected strictly increasing years above 0")


def _require(name: str, values: Array | Lanes, low: float, high: float) -> None:
    wrong = ~((values >= low) & (values <= high))
    if np.any(wrong):
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = ", ".join(map(str, at))
        raise ValueError(f"{name}[{place}]: found {values[at]}, expected a number from {low} to {high}")
