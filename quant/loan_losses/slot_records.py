"""The loans as compiled code reads them: one record each, in the order of `CreditCells`."""

import numpy as np

from quant.loan_losses.book import NO_FUND, LoanBook
from quant.loan_losses.collateral_table import CollateralTable, Records
from quant.loan_losses.credit_cells import CreditCells
from quant.schedules import Array

# The mean of a collateral has at most so many bits: 256 times as much still counts (`loss_sums.LARGEST_COUNT`).
_UNITS_BITS = 31

# What every candidate asks for stands first, in one line of the cache.
SLOT = np.dtype(
    [
        ("power", np.float64),
        ("cell", np.int64),
        ("periods", np.int64),
        ("years", np.float64),
        ("first_pledge", np.int64),
        ("stop_pledge", np.int64),
        ("lgd", np.float64),
        ("guarantee", np.float64),
        ("guarantor", np.int64),
        ("guarantor_cell", np.int64),
        ("guarantor_power", np.float64),
        ("compensation", np.float64),
        ("fund", np.int64),
        ("is_capped", np.int64),
        ("collateral_units", np.float64),
    ],
    align=True,
)
"""A loan; see `CreditCells` and `LoanBook`. `collateral_units`: whole units of its collateral in one CNY."""


def slot_records(book: LoanBook, cells: CreditCells, collateral: CollateralTable) -> Records:
    """The loans in order, SLOT [n_slots].

    Args:
        book: the loans.
        cells: their order.
        collateral: their pledges, in the same order.
    """
    slot = cells.loan_of_slot
    out = np.zeros(len(slot), dtype=SLOT)
    out["lgd"], out["guarantee"] = book.unsecured_lgd[slot], book.guarantee_share[slot]
    out["cell"], out["power"], out["years"], out["periods"] = (
        cells.cell,
        cells.power,
        cells.years,
        cells.periods,
    )
    out["guarantor"] = book.guarantor_of_loan[slot]
    out["guarantor_cell"], out["guarantor_power"] = cells.guarantor_cell, cells.guarantor_power
    funded = book.fund_of_loan[slot] != NO_FUND
    out["compensation"] = np.where(funded, book.compensation_share[slot], 0.0)
    out["fund"] = np.where(funded, book.fund_of_loan[slot], 0)
    out["is_capped"][funded] = np.isfinite(book.fund_cap_cny)[book.fund_of_loan[slot[funded]]]
    return with_collateral(out, collateral)


def with_collateral(slots: Records, collateral: CollateralTable) -> Records:
    """The same loans with other pledges, or with theirs in another market."""
    out = slots.copy()
    out["first_pledge"], out["stop_pledge"] = collateral.start[:-1], collateral.start[1:]
    out["collateral_units"] = _units(collateral)
    return out


def _units(collateral: CollateralTable) -> Array:
    """A power of 2 for each loan, so that collateral of any size is counted as finely, [n_slots]."""
    pledges = collateral.tables.pledges
    slot = np.repeat(np.arange(len(collateral.start) - 1), np.diff(collateral.start))
    largest = collateral.largest_values()[pledges["schedule"]] * pledges["multiple"]
    worth = np.bincount(slot, largest, len(collateral.start) - 1)
    _, exponent = np.frexp(worth)
    units: Array = np.where(worth > 0.0, np.ldexp(1.0, np.clip(_UNITS_BITS - exponent, -900, 900)), 1.0)
    return units
