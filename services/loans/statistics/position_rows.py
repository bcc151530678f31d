"""Positions in force on a day as arrays: a row a loan, so that a million of them take no more room than they need."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.loans.statistics.facts import PositionFacts
from services.loans.statistics.result import CLASSES

NO_CLASS = len(CLASSES) - 1
CLASS_NUMBER = {quality: number for number, quality in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True, eq=False)
class PositionRows:
    """Positions of distinct loans; every array is [n_rows].

    Attributes:
        loan_ids: the loans, in any order.
        as_of: day for which each was reported, as an ordinal of the proleptic calendar.
        balance_cents: principal outstanding.
        rate_annual: contract rate.
        quality: counts in `services.loans.statistics.result.CLASSES`.
    """

    loan_ids: Sequence[str]
    as_of: npt.NDArray[np.int64]
    balance_cents: npt.NDArray[np.int64]
    rate_annual: npt.NDArray[np.float64]
    quality: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.loan_ids)


def position_rows(positions: Sequence[PositionFacts] = ()) -> PositionRows:
    """Positions as rows."""
    return PositionRows(
        [position.loan_id for position in positions],
        np.array([position.as_of.toordinal() for position in positions], np.int64),
        np.array([position.balance_cents for position in positions], np.int64),
        np.array([position.rate_annual for position in positions], np.float64),
        np.array([CLASS_NUMBER[position.quality] for position in positions], np.int64),
    )
