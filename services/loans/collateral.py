"""What secures a loan: a schedule of exposures that somebody valued, and the share of it that is pledged."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from quant.schedules import ExposureSchedule
from services.loans.loan import require_id

DAYS_PER_YEAR = 365.0
MAX_VALUE_CNY = 1e15
MAX_WARNINGS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Collateral:
    """A pledged asset behind a loan.

    Attributes:
        collateral_id, loan_id: 1 to 64 characters.
        schedule: exposures of the asset; times count from `valuation_date`.
        valuation_date: day of the valuation.
        snapshot_id: market snapshot under which the schedule was made; may be empty.
        pledged_share: share of the asset that secures the loan, 0 to 1.
        value_cny: what the valuation found the whole asset to be worth, >= 0; None where it was not told.
        valuation_warnings: codes of the warnings that the valuation carried.

    Raises:
        ValueError: if a field is outside its domain or the schedule has no row.
    """

    collateral_id: str
    loan_id: str
    schedule: ExposureSchedule
    valuation_date: dt.date
    snapshot_id: str = ""
    pledged_share: float = 1.0
    value_cny: float | None = None
    valuation_warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_id("collateral_id", self.collateral_id)
        require_id("loan_id", self.loan_id)
        if not 0.0 <= self.pledged_share <= 1.0:
            raise ValueError(f"pledged_share: found {self.pledged_share}, expected a fraction from 0 to 1")
        if self.value_cny is not None and not 0.0 <= self.value_cny <= MAX_VALUE_CNY:
            raise ValueError(f"value_cny: found {self.value_cny}, expected 0 to {MAX_VALUE_CNY:,.0f}")
        if len(self.valuation_warnings) > MAX_WARNINGS:
            raise ValueError(
                f"valuation_warnings: found {len(self.valuation_warnings)}, expected at most {MAX_WARNINGS}"
            )
        if len(self.schedule) == 0:
            raise ValueError("schedule: has no exposures, expected at least one")

    @property
    def is_pledged(self) -> bool:
        """Whether any of it secures the loan; a share of 0 says that it was released."""
        return self.pledged_share > 0.0

    @property
    def pledged_value_cny(self) -> float | None:
        """The pledged share of the value that the valuation found; None where it was not told."""
        return None if self.value_cny is None else self.pledged_share * self.value_cny

    def schedule_from(self, day: dt.date) -> ExposureSchedule:
        """The schedule with times counted from another day (ACT/365); rows before that day drop out."""
        shift_years = (day - self.valuation_date).days / DAYS_PER_YEAR
        if shift_years == 0.0:
            return self.schedule
        given = self.schedule
        times = given.times_years - shift_years
        kept = np.flatnonzero(times >= 0.0)
        return ExposureSchedule(
            given.asset_id,
            times[kept],
            tuple(given.factors[i] for i in kept),
            given.quantities[kept],
            tuple(given.labels[i] for i in kept),
            given.terms,
        )
