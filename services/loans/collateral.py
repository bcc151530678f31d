"""What secures a loan: a schedule of exposures that somebody valued, and the share of it that is pledged."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from quant.schedules import ExposureSchedule
from services.loans.loan import require_id

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True, eq=False)
class Collateral:
    """A pledged asset behind a loan.

    Attributes:
        collateral_id, loan_id: 1 to 64 characters.
        schedule: exposures of the asset; times count from `valuation_date`.
        valuation_date: day of the valuation.
        snapshot_id: market snapshot under which the schedule was made; may be empty.
        pledged_share: share of the asset that secures the loan, 0 to 1.

    Raises:
        ValueError: if a field is outside its domain or the schedule has no row.
    """

    collateral_id: str
    loan_id: str
    schedule: ExposureSchedule
    valuation_date: dt.date
    snapshot_id: str = ""
    pledged_share: float = 1.0

    def __post_init__(self) -> None:
        require_id("collateral_id", self.collateral_id)
        require_id("loan_id", self.loan_id)
        if not 0.0 <= self.pledged_share <= 1.0:
            raise ValueError(f"pledged_share: found {self.pledged_share}, expected a fraction from 0 to 1")
        if len(self.schedule) == 0:
            raise ValueError("schedule: has no exposures, expected at least one")

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
