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
    credit = prepared.credit
    cell = credit.cell
    hazards = np.maximum(credit.hazard_annual[cell] * prepared.slots["power"], _TINY)
    # Who cannot default is told what the pledges would bring all the same.
    multiples = np.maximum(
        np.diff(credit.hazard_years, axis=1, prepend=0.0) / np.diff(ends, prepend=0.0), _TINY
    )
    out = np.zeros(len(prepared.slots))
    pledges = prepared.collateral.tables.pledges
    _weigh(prepared.slots, pledges, values, hazards, multiples, credit.curve[cell], ends, out)
    return prepared.by_loan(out)


@compiled_bare
def _weigh(
    slots: Any, pledges: Any, values: Any, hazards: Any, multiples: Any, curve: Any, ends: Any, out: Any
) -> None:
    for slot in range(len(out)):
        before, total, start, spent = 0.0, 0.0, 0.0, 0.0
        for k in range(slots[slot].periods):
            spent += multiples[curve[slot], k] * (min(ends[k], slots[slot].years) - start)
            start = ends[k]
            gone = -math.expm1(-hazards[slot] * spent)
            for pledge in range(slots[slot].first_pledge, slots[slot].stop_pledge):
                total += (gone - before) * values[pledges[pledge].schedule, k] * pledges[pledge].multiple
            before = gone
        out[slot] = total / before
