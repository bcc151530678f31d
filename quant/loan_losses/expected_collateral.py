"""Collateral of a loan at large: what its pledges bring when it would default, if default had nothing to do with it."""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
from typing import Any

import numpy as np

from quant.compiled import compiled_bare
from quant.loan_losses.path_sampling import mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array

_SAMPLE_PATHS = 4_096
_TINY = 1e-12


def expected_collateral(prepared: PreparedBook, seed: int) -> Array:
    """Mean collateral of every loan, weighted by when it would default, CNY, [n_loans].

    Args:
        prepared: the book in its market.
        seed: of the sample behind assets whose value may be negative.
    """
    ends = prepared.book.period_ends_years
    values = prepared.collateral.expected_values(mirrored_states(prepared.model, ends, _SAMPLE_PATHS, seed))
    hazards = prepared.credit.hazard_annual[prepared.credit.cell_of_slot()] * prepared.slots["power"]
    out = np.zeros(len(prepared.slots))
    _weigh(prepared.slots, prepared.collateral.tables.pledges, values, np.maximum(hazards, _TINY), ends, out)
    return prepared.by_loan(out)


@compiled_bare
def _weigh(slots: Any, pledges: Any, values: Any, hazards: Any, ends: Any, out: Any) -> None:
    for slot in range(len(out)):
        before, total = 0.0, 0.0
        for k in range(slots[slot].periods):
            gone = -math.expm1(-hazards[slot] * min(ends[k], slots[slot].years))
            for pledge in range(slots[slot].first_pledge, slots[slot].stop_pledge):
                total += (gone - before) * values[pledges[pledge].schedule, k] * pledges[pledge].multiple
            before = gone
        out[slot] = total / before
