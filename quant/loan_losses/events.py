"""Defaults, one after the other: found by geometric skips, each with its period, exposure, collateral and guarantees.

In a chunk of borrowers each is a candidate with the probability pi that the cell's longest life defaults on the path;
the distance to the next candidate is geometric, so that the cost grows with defaults and not with loans. A candidate
carries U, uniform below pi: a loan defaults in the first period in which its own cumulated probability is above U.
Loans of one borrower share U. One hash of (seed, path, chunk, number of the candidate) gives skip and U.

What a loan loses, in this order: what collateral does not cover, times the unsecured loss; the guarantor's share
unless it failed by then; the share of the risk-compensation fund, up to its cap; the rest is the bank's.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
from typing import Any, NamedTuple

import numpy as np

from quant.compiled import compiled
from quant.loan_losses.book import NO_FUND, LoanBook
from quant.loan_losses.collateral_table import PledgeArrays
from quant.loan_losses.credit_cells import Counts, CreditCells
from quant.random_numbers import Purpose
from quant.right_loss import events_of
from quant.schedules import Array
from quant.sparse_draws import Lanes, philox, to_uniform

# A weight of 1 in the whole numbers that loans are counted in.
WEIGHT_UNIT = 2**20
_DEFAULT, _GUARANTOR = np.uint64(Purpose.DEFAULT), np.uint64(Purpose.GUARANTOR)
_NOISE = np.uint64(Purpose.QUANTITY_ERROR)
_ZERO = np.uint64(0)
# No single count is larger, so that ten million of them fit 64 bits.
_LARGEST_COUNT = 2.0**39


class SlotArrays(NamedTuple):
    """The book in the order of `CreditCells`, as compiled code reads it; see there and `LoanBook`."""

    exposure: Array
    lgd: Array
    power: Array
    periods: Lanes
    years: Array
    guarantee: Array
    guarantor: Lanes
    guarantor_cell: Lanes
    guarantor_power: Array
    compensation: Array
    fund: Lanes
    fund_is_capped: Array
    borrower_start: Lanes
    chunk_start: Lanes
    chunk_cell: Lanes
    chunk_periods: Lanes
    ends: Array

    @classmethod
    def of(cls, book: LoanBook, cells: CreditCells) -> "SlotArrays":
        """The tables of a book."""
        slot = cells.loan_of_slot
        return cls(
            np.ascontiguousarray(book.exposure_cny[slot], dtype=np.float64),
            book.unsecured_lgd[slot],
            cells.power,
            cells.periods,
            cells.years,
            book.guarantee_share[slot],
            np.asarray(book.guarantor_of_loan, dtype=np.intp)[slot],
            cells.guarantor_cell,
            cells.guarantor_power,
            np.where(book.fund_of_loan[slot] == NO_FUND, 0.0, book.compensation_share[slot]),
            np.asarray(book.fund_of_loan, dtype=np.intp)[slot],
            np.isfinite(book.fund_cap_cny).astype(np.float64),
            cells.borrower_start,
            cells.chunk_start,
            cells.chunk_cell,
            cells.chunk_periods,
            np.asarray(book.period_ends_years, dtype=np.float64),
        )


class PathSums(NamedTuple):
    """What is summed on every path of a block; money in CNY except `loss`, in whole units.

    Attributes:
        loss: the bank's loss before caps of funds, whole units, [n_paths].
        claims: on funds with a cap, [n_paths, n_funds].
        defaulted: exposure that defaults in each period, [n_paths, n_periods].
        vanished: scheduled exposure of loans that have defaulted by each period, [n_paths, n_periods].
        events: defaults, [n_paths].
    """

    loss: Counts
    claims: Array
    defaulted: Array
    vanished: Array
    events: Counts

    @classmethod
    def zeros(cls, n_paths: int, n_periods: int, n_funds: int) -> "PathSums":
        """Nothing summed yet."""
        return cls(
            np.zeros(n_paths, dtype=np.int64),
            np.zeros((n_paths, n_funds)),
            np.zeros((n_paths, n_periods)),
            np.zeros((n_paths, n_periods)),
            np.zeros(n_paths, dtype=np.int64),
        )


class Block(NamedTuple):
    """A block of paths in front of a book.

    Attributes:
        slots, pledges: the book.
        cumulated: probability of having defaulted by the end of each period, [n_cells, n_paths, n_periods].
        cells: collateral cells, [n_paths, n_periods, n_collateral_cells].
        seed: of the scenario universe.
        paths: number of each path, [n_paths].
        weights: of each path, [n_paths].
        per_unit: whole units in one CNY, a power of 2.
    """

    slots: SlotArrays
    pledges: PledgeArrays
    cumulated: Array
    cells: Array
    seed: np.uint64
    paths: Lanes
    weights: Array
    per_unit: float


class LoanSums(NamedTuple):
    """What is summed over paths for every slot, in whole numbers, so that the order of summing leaves no trace.

    Attributes:
        loss: weight times loss in whole units, [n_slots].
        defaults: weight in units of 1 / WEIGHT_UNIT, [n_slots].
        collateral: weight times collateral in default, whole units, [n_slots].
    """

    loss: Counts
    defaults: Counts
    collateral: Counts

    @classmethod
    def zeros(cls, n_slots: int) -> "LoanSums":
        """Nothing summed yet."""
        return cls(*(np.zeros(n_slots, dtype=np.int64) for _ in range(3)))


@compiled
def default_period(slots: Any, slot: Any, draw: Any, curve: Any) -> Any:
    """Period in which a loan defaults, -1 if not within its life.

    Args:
        slots: `SlotArrays`.
        slot: which loan.
        draw: U of its borrower.
        curve: the cell's cumulated probability on the path, [n_periods].
    """
    power = slots.power[slot]
    level = draw if power == 1.0 else -math.expm1(math.log1p(-draw) / power)
    last = slots.periods[slot] - 1
    if level >= curve[last]:
        return -1
    k = 0
    while curve[k] <= level:
        k += 1
    if k == last and slots.years[slot] < slots.ends[k]:
        # The hazard is constant within a period; a default after the last instalment is none.
        before = curve[k - 1] if k > 0 else 0.0
        start = slots.ends[k - 1] if k > 0 else 0.0
        share = (math.log1p(-before) - math.log1p(-level)) / (math.log1p(-before) - math.log1p(-curve[k]))
        if start + share * (slots.ends[k] - start) > slots.years[slot]:
            return -1
    return k


@compiled
def asset_value(pledges: Any, pledge: Any, k: Any, cells: Any) -> Any:
    """What one pledge brings before valuation error and loss of the right.

    Args:
        pledges: `PledgeArrays`.
        pledge: which.
        k: period.
        cells: cell values of the path and period, [n_cells].
    """
    schedule = pledges.schedule[pledge]
    value = 0.0
    for row in range(pledges.row_start[schedule], pledges.row_start[schedule + 1]):
        value += pledges.row_weight[row] * cells[pledges.row_cell[row]]
    return max(value, 0.0) * pledges.scale[schedule, k] * pledges.multiple[pledge]


@compiled
def asset_noise(pledges: Any, pledge: Any, k: Any, seed: Any, path: Any) -> Any:
    """Valuation error times what losses of the right leave; 1 where an asset has neither."""
    schedule = pledges.schedule[pledge]
    log_sd, events = pledges.log_sd[schedule], pledges.mean_events[schedule, k]
    noise = 1.0
    if log_sd > 0.0 or events > 0.0:
        words = philox(np.uint64(path), _ZERO, np.uint64(pledges.lane[pledge]), _NOISE, seed)
        if log_sd > 0.0:
            radius = math.sqrt(-2.0 * math.log(to_uniform(words[0])))
            normal = radius * math.cos(2.0 * math.pi * to_uniform(words[1]))
            noise = math.exp(log_sd * normal - 0.5 * log_sd * log_sd)
        if events > 0.0:
            noise *= (1.0 - pledges.severity[schedule]) ** events_of(to_uniform(words[2]), events)
    return noise


@compiled
def collateral_in_default(block: Any, slot: Any, k: Any, p: Any) -> Any:
    """What all pledges of a loan bring, one after the other in a fixed order."""
    pledges = block.pledges
    total = 0.0
    for pledge in range(pledges.start[slot], pledges.start[slot + 1]):
        value = asset_value(pledges, pledge, k, block.cells[p, k])
        if value > 0.0:
            total += value * asset_noise(pledges, pledge, k, block.seed, block.paths[p])
    return total


@compiled
def _guarantor_fails(block: Any, slot: Any, k: Any, p: Any) -> Any:
    """Whether the guarantor has failed by the end of the period."""
    slots = block.slots
    cell, power = slots.guarantor_cell[slot], slots.guarantor_power[slot]
    if cell < 0:
        return False
    gone = block.cumulated[cell, p, k]
    if power != 1.0:
        gone = -math.expm1(math.log1p(-gone) * power)
    words = philox(np.uint64(block.paths[p]), _ZERO, np.uint64(slots.guarantor[slot]), _GUARANTOR, block.seed)
    return to_uniform(words[0]) < gone


@compiled
def _loss_of(block: Any, slot: Any, k: Any, p: Any) -> Any:
    """Collateral, the bank's loss before caps in whole units, and the claim on a fund."""
    slots = block.slots
    exposure = slots.exposure[slot, k]
    collateral = collateral_in_default(block, slot, k, p)
    left = slots.lgd[slot] * max(exposure - collateral, 0.0)
    if left > 0.0 and slots.guarantee[slot] > 0.0 and not _guarantor_fails(block, slot, k, p):
        left *= 1.0 - slots.guarantee[slot]
    claim = slots.compensation[slot] * left
    return collateral, np.int64((left - claim) * block.per_unit + 0.5), claim


@compiled
def _skipped(block: Any, chunk: Any, p: Any, number: Any, log_miss: Any) -> Any:
    """Borrowers before the next candidate, as a float since it may be large, and a uniform for its period."""
    words = philox(np.uint64(block.paths[p]), np.uint64(number), np.uint64(chunk), _DEFAULT, block.seed)
    return math.floor(math.log(to_uniform(words[0])) / log_miss), to_uniform(words[1])


@compiled
def _log_miss(bound: Any) -> Any:
    return math.log1p(-bound) if bound < 1.0 else -np.inf


@compiled
def _count(
    block: Any, slot: Any, p: Any, draw: Any, curve: Any, fans: Any, path_sums: Any, loan_sums: Any
) -> Any:
    """Add one candidate's default, if it is one, to the sums."""
    slots = block.slots
    k = default_period(slots, slot, draw, curve)
    if k < 0:
        return
    collateral, loss, claim = _loss_of(block, slot, k, p)
    weight = block.weights[p]
    if claim > 0.0 and slots.fund_is_capped[slots.fund[slot]]:
        path_sums.claims[p, slots.fund[slot]] += claim
    path_sums.loss[p] += loss
    path_sums.events[p] += 1
    loan_sums.loss[slot] += loss if weight == 1.0 else np.int64(loss * weight + 0.5)
    loan_sums.defaults[slot] += np.int64(weight * WEIGHT_UNIT + 0.5)
    loan_sums.collateral[slot] += np.int64(min(collateral * block.per_unit * weight, _LARGEST_COUNT) + 0.5)
    if fans:
        path_sums.defaulted[p, k] += slots.exposure[slot, k]
        for j in range(k, slots.exposure.shape[1]):
            path_sums.vanished[p, j] += slots.exposure[slot, j]


@compiled
def count_events(block: Any, fans: Any, path_sums: Any, loan_sums: Any) -> None:
    """Simulate a block of paths, chunk by chunk.

    Args:
        block: `Block`.
        fans: whether to sum defaulted and vanished exposure.
        path_sums: `PathSums`, added to.
        loan_sums: `LoanSums`, added to.
    """
    slots = block.slots
    for chunk in range(len(slots.chunk_cell)):
        curves = block.cumulated[slots.chunk_cell[chunk]]
        last, stop = slots.chunk_periods[chunk] - 1, slots.chunk_start[chunk + 1]
        for p in range(len(block.paths)):
            bound = curves[p, last]
            log_miss = _log_miss(bound)
            borrower, number = slots.chunk_start[chunk], 0
            while bound > 0.0 and borrower < stop:
                skipped, height = _skipped(block, chunk, p, number, log_miss)
                if skipped >= stop - borrower:
                    break
                number += 1
                borrower += np.int64(skipped)
                for slot in range(slots.borrower_start[borrower], slots.borrower_start[borrower + 1]):
                    _count(block, slot, p, height * bound, curves[p], fans, path_sums, loan_sums)
                borrower += 1


@compiled
def _weigh(
    block: Any, slot: Any, p: Any, draw: Any, curve: Any, unpaid: Any, bank_weight: Any, out: Any
) -> Any:
    slots = block.slots
    k = default_period(slots, slot, draw, curve)
    if k < 0:
        return
    _, loss, claim = _loss_of(block, slot, k, p)
    short = 0.0
    if claim > 0.0 and slots.fund_is_capped[slots.fund[slot]]:
        short = claim * unpaid[p, slots.fund[slot]]
    out[slot] += block.weights[p] * (bank_weight * (loss / block.per_unit) + short)


@compiled
def weigh_events(block: Any, unpaid: Any, bank_weight: Any, out: Any) -> None:
    """Replay chosen paths and add weight times loss of every loan, fund shortfalls included.

    Args:
        block: `Block`; paths in ascending order make the sums independent of blocks.
        unpaid: share of its claims that each fund does not pay, [n_paths, n_funds].
        bank_weight: 1 to add the bank's loss before caps, 0 to add shortfalls alone.
        out: CNY, [n_slots].
    """
    slots = block.slots
    for chunk in range(len(slots.chunk_cell)):
        curves = block.cumulated[slots.chunk_cell[chunk]]
        last, stop = slots.chunk_periods[chunk] - 1, slots.chunk_start[chunk + 1]
        for p in range(len(block.paths)):
            bound = curves[p, last] if block.weights[p] != 0.0 else 0.0
            log_miss = _log_miss(bound)
            borrower, number = slots.chunk_start[chunk], 0
            while bound > 0.0 and borrower < stop:
                skipped, height = _skipped(block, chunk, p, number, log_miss)
                if skipped >= stop - borrower:
                    break
                number += 1
                borrower += np.int64(skipped)
                for slot in range(slots.borrower_start[borrower], slots.borrower_start[borrower + 1]):
                    _weigh(block, slot, p, height * bound, curves[p], unpaid, bank_weight, out)
                borrower += 1
