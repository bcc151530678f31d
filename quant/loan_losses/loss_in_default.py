"""One loan on one path: the period in which it defaults, what its pledges then bring, and who bears what is missing.

What a loan loses, in this order: what collateral does not cover, times the unsecured loss; the guarantor's share
unless it failed by then; the share of the risk-compensation fund, up to its cap; the rest is the bank's.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
from typing import Any

import numpy as np

from quant.compiled import inlined
from quant.draws.normal_quantile import normal_quantile
from quant.draws.random_numbers import Purpose
from quant.draws.sparse_draws import philox, to_uniform
from quant.pledges.right_loss import events_of

_GUARANTOR, _NOISE = np.uint64(Purpose.GUARANTOR), np.uint64(Purpose.QUANTITY_ERROR)
_ZERO, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)

# What follows takes arrays one by one: compiled code counts references whenever it takes one out of a tuple.


@inlined
def default_period(slots: Any, ends: Any, slot: Any, draw: Any, cumulated: Any, cell: Any, p: Any) -> Any:
    """Period in which a loan defaults, -1 if not within its life.

    Args:
        slots: SLOT.
        ends: of the periods.
        slot: which loan.
        draw: U of its borrower.
        cumulated: [n_cells, n_paths, n_periods].
        cell: the loan's.
        p: place of the path in the block.
    """
    power, last = slots[slot].power, slots[slot].periods - 1
    level = draw
    if power != 1.0:
        if power <= 0.0:
            # In a class of tiny hazards, a loan without any.
            return -1
        level = -math.expm1(math.log1p(-draw) / power)
    if level >= cumulated[cell, p, last]:
        return -1
    k = 0
    while cumulated[cell, p, k] <= level:
        k += 1
    if k == last and slots[slot].years < ends[k]:
        # The hazard is constant within a period; a default after the last instalment is none.
        before = cumulated[cell, p, k - 1] if k > 0 else 0.0
        start = ends[k - 1] if k > 0 else 0.0
        log_before, log_after = math.log1p(-before), math.log1p(-cumulated[cell, p, k])
        share = (log_before - math.log1p(-level)) / (log_before - log_after)
        if start + share * (ends[k] - start) > slots[slot].years:
            return -1
    return k


@inlined
def asset_value(
    pledges: Any, schedules: Any, sales: Any, rows: Any, pledge: Any, k: Any, cells: Any, p: Any
) -> Any:
    """What one pledge brings at the end of a period before valuation error and loss of the right.

    Args:
        pledges: PLEDGE.
        schedules: SCHEDULE.
        sales: SALE.
        rows: ROW.
        pledge: which.
        k: period.
        cells: [n_paths, n_periods, n_cells].
        p: place of the path in the block.
    """
    schedule = pledges[pledge].schedule
    row, stop = schedules[schedule].first_row, schedules[schedule].stop_row
    here = cells[p, k]
    # Two sums side by side: the next addition need not wait for the last.
    even, odd = 0.0, 0.0
    while row + _ONE < stop:
        even += rows[row].weight * here[rows[row].cell]
        odd += rows[row + _ONE].weight * here[rows[row + _ONE].cell]
        row += _TWO
    if row < stop:
        even += rows[row].weight * here[rows[row].cell]
    return max(even + odd, 0.0) * sales[schedule, k].scale * pledges[pledge].multiple


@inlined
def asset_noise(pledges: Any, schedules: Any, sales: Any, pledge: Any, k: Any, seed: Any, path: Any) -> Any:
    """Valuation error times what losses of the right leave; 1 where an asset has neither."""
    schedule = pledges[pledge].schedule
    log_sd, events = schedules[schedule].log_sd, sales[schedule, k].mean_events
    noise = 1.0
    if log_sd > 0.0 or events > 0.0:
        words = philox(np.uint64(path), _ZERO, np.uint64(pledges[pledge].lane), _NOISE, seed)
        if log_sd > 0.0:
            noise = math.exp(log_sd * normal_quantile(to_uniform(words[0])) - 0.5 * log_sd * log_sd)
        if events > 0.0:
            draw = to_uniform(words[1])
            # 1 - e^-m < m: most draws tell without an exponential that nothing happened.
            if draw < events:
                noise *= (1.0 - schedules[schedule].severity) ** events_of(draw, events)
    return noise


@inlined
def collateral_in_default(
    slots: Any, pledges: Any, schedules: Any, sales: Any, rows: Any, cells: Any, seed: Any, path: Any, slot: Any,
    k: Any, p: Any,
) -> Any:  # fmt: skip
    """What all pledges of a loan bring, one after the other in a fixed order."""
    total = 0.0
    for pledge in range(slots[slot].first_pledge, slots[slot].stop_pledge):
        value = asset_value(pledges, schedules, sales, rows, pledge, k, cells, p)
        if value > 0.0:
            total += value * asset_noise(pledges, schedules, sales, pledge, k, seed, path)
    return total


@inlined
def guarantor_draw(seed: Any, path: Any, address: Any) -> Any:
    """U of a guarantor: it has failed where its cumulated probability is above."""
    words = philox(np.uint64(path), _ZERO, np.uint64(address), _GUARANTOR, seed)
    return to_uniform(words[0])


@inlined
def kept_after_guarantor(slots: Any, cumulated: Any, seed: Any, path: Any, slot: Any, k: Any, p: Any) -> Any:
    """Share of the loss that the guarantor leaves; all of it if it has failed by the end of the period."""
    share, cell = slots[slot].guarantee, slots[slot].guarantor_cell
    if share > 0.0 and cell >= 0:
        gone = cumulated[cell, p, k]
        if slots[slot].guarantor_power != 1.0:
            gone = -math.expm1(math.log1p(-gone) * slots[slot].guarantor_power)
        if guarantor_draw(seed, path, slots[slot].guarantor) < gone:
            return 1.0
    return 1.0 - share


@inlined
def loss_after_collateral(
    slots: Any,
    exposure: Any,
    cumulated: Any,
    seed: Any,
    path: Any,
    slot: Any,
    k: Any,
    p: Any,
    collateral: Any,
) -> Any:
    """What the loan loses after its collateral and its guarantor, before a fund."""
    left = slots[slot].lgd * max(exposure[slot, k] - collateral, 0.0)
    if left > 0.0:
        left *= kept_after_guarantor(slots, cumulated, seed, path, slot, k, p)
    return left
