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

from quant.compiled import compiled_bare, inlined
from quant.loan_losses.book import NO_FUND, LoanBook
from quant.loan_losses.collateral_table import Records
from quant.loan_losses.credit_cells import Counts, CreditCells
from quant.normal_quantile import normal_quantile
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


SLOT = np.dtype(
    [(name, np.float64) for name in ("lgd", "power", "years", "guarantee", "guarantor_power", "compensation")]
    + [
        (name, np.int64)
        for name in (
            "periods",
            "guarantor",
            "guarantor_cell",
            "fund",
            "is_capped",
            "first_pledge",
            "stop_pledge",
        )
    ],
    align=True,
)
"""A loan in the order of `CreditCells`, as compiled code reads it; see there and `LoanBook`."""


def slot_records(book: LoanBook, cells: CreditCells, pledge_start: Lanes) -> Records:
    """The loans in order, SLOT [n_slots].

    Args:
        book: the loans.
        cells: their order.
        pledge_start: pledges of slot i are pledge_start[i] .. pledge_start[i + 1] - 1, [n_slots + 1].
    """
    slot = cells.loan_of_slot
    out = np.zeros(len(slot), dtype=SLOT)
    out["lgd"], out["guarantee"] = book.unsecured_lgd[slot], book.guarantee_share[slot]
    out["power"], out["years"], out["periods"] = cells.power, cells.years, cells.periods
    out["guarantor"] = book.guarantor_of_loan[slot]
    out["guarantor_cell"], out["guarantor_power"] = cells.guarantor_cell, cells.guarantor_power
    funded = book.fund_of_loan[slot] != NO_FUND
    out["compensation"] = np.where(funded, book.compensation_share[slot], 0.0)
    out["fund"] = np.where(funded, book.fund_of_loan[slot], 0)
    out["is_capped"][funded] = np.isfinite(book.fund_cap_cny)[book.fund_of_loan[slot[funded]]]
    out["first_pledge"], out["stop_pledge"] = pledge_start[:-1], pledge_start[1:]
    return out


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

    def part(self, paths: slice) -> "PathSums":
        """The sums of some of the paths, not a copy."""
        return PathSums(
            self.loss[paths],
            self.claims[paths],
            self.defaulted[paths],
            self.vanished[paths],
            self.events[paths],
        )


class Block(NamedTuple):
    """A block of paths in front of a book.

    Attributes:
        slots, exposure: the loans, SLOT [n_slots], and their exposure, [n_slots, n_periods].
        ends: ends of the periods, years, [n_periods].
        pledges, schedules, sales, rows: of `PledgeTables`.
        cumulated: probability of having defaulted by the end of each period, [n_cells, n_paths, n_periods].
        cells: collateral cells, [n_paths, n_periods, n_collateral_cells].
        seed: of the scenario universe.
        paths: number of each path, [n_paths].
        weights: of each path, [n_paths].
        per_unit: whole units in one CNY, a power of 2.
    """

    slots: Records
    exposure: Array
    ends: Array
    pledges: Records
    schedules: Records
    sales: Records
    rows: Records
    cumulated: Array
    cells: Array
    seed: np.uint64
    paths: Lanes
    weights: Array
    per_unit: float


class Chunks(NamedTuple):
    """Borrowers in chunks; see `CreditCells`."""

    borrower_start: Lanes
    start: Lanes
    cell: Lanes
    periods: Lanes


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
        cell: the borrower's.
        p: place of the path in the block.
    """
    power, last = slots[slot].power, slots[slot].periods - 1
    level = draw if power == 1.0 else -math.expm1(math.log1p(-draw) / power)
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
    # Two sums side by side: the next addition need not wait for the last.
    even, odd = 0.0, 0.0
    while row + 1 < stop:
        even += rows[row].weight * cells[p, k, rows[row].cell]
        odd += rows[row + 1].weight * cells[p, k, rows[row + 1].cell]
        row += 2
    if row < stop:
        even += rows[row].weight * cells[p, k, rows[row].cell]
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
def _kept_after_guarantor(slots: Any, cumulated: Any, seed: Any, path: Any, slot: Any, k: Any, p: Any) -> Any:
    """Share of the loss that the guarantor leaves; all of it if it has failed by the end of the period."""
    share, cell = slots[slot].guarantee, slots[slot].guarantor_cell
    if share > 0.0 and cell >= 0:
        gone = cumulated[cell, p, k]
        if slots[slot].guarantor_power != 1.0:
            gone = -math.expm1(math.log1p(-gone) * slots[slot].guarantor_power)
        words = philox(np.uint64(path), _ZERO, np.uint64(slots[slot].guarantor), _GUARANTOR, seed)
        if to_uniform(words[0]) < gone:
            return 1.0
    return 1.0 - share


@inlined
def _loss_of(
    slots: Any, exposure: Any, pledges: Any, schedules: Any, sales: Any, rows: Any, cumulated: Any, cells: Any,
    seed: Any, path: Any, slot: Any, k: Any, p: Any,
) -> Any:  # fmt: skip
    """Collateral, the loss after the guarantor, and the part of it that is claimed from a fund."""
    collateral = collateral_in_default(slots, pledges, schedules, sales, rows, cells, seed, path, slot, k, p)
    left = slots[slot].lgd * max(exposure[slot, k] - collateral, 0.0)
    if left > 0.0:
        left *= _kept_after_guarantor(slots, cumulated, seed, path, slot, k, p)
    return collateral, left, slots[slot].compensation * left


@compiled_bare
def _candidate(seed: Any, path: Any, chunk: Any, number: Any, log_miss: Any) -> Any:
    """Borrowers before the next candidate, as a float since it may be large, and a uniform for its period."""
    words = philox(np.uint64(path), np.uint64(number), np.uint64(chunk), _DEFAULT, seed)
    return math.floor(math.log(to_uniform(words[0])) / log_miss), to_uniform(words[1])


@compiled_bare
def _log_miss(bound: Any) -> Any:
    return math.log1p(-bound) if bound < 1.0 else -np.inf


@compiled_bare
def count_events(block: Any, chunks: Any, fans: Any, path_sums: Any, loan_sums: Any) -> None:
    """Simulate a block of paths, chunk by chunk.

    Args:
        block: `Block`.
        chunks: `Chunks`.
        fans: whether to sum defaulted and vanished exposure.
        path_sums: `PathSums`, added to.
        loan_sums: `LoanSums`, added to.
    """
    (
        slots,
        exposure,
        ends,
        pledges,
        schedules,
        sales,
        rows,
        cumulated,
        cells,
        seed,
        paths,
        weights,
        per_unit,
    ) = block
    borrower_start, chunk_start, chunk_cell, chunk_periods = chunks
    path_loss, claims, defaulted, vanished, events = path_sums
    loan_loss, loan_defaults, loan_collateral = loan_sums
    for chunk in range(len(chunk_cell)):
        cell, last, stop = chunk_cell[chunk], chunk_periods[chunk] - 1, chunk_start[chunk + 1]
        for p in range(len(paths)):
            bound = cumulated[cell, p, last]
            log_miss, weight = _log_miss(bound), weights[p]
            borrower, number = chunk_start[chunk], 0
            while bound > 0.0 and borrower < stop:
                skipped, height = _candidate(seed, paths[p], chunk, number, log_miss)
                if skipped >= stop - borrower:
                    break
                number += 1
                borrower += np.int64(skipped)
                for slot in range(borrower_start[borrower], borrower_start[borrower + 1]):
                    k = default_period(slots, ends, slot, height * bound, cumulated, cell, p)
                    if k < 0:
                        continue
                    collateral, left, claim = _loss_of(
                        slots,
                        exposure,
                        pledges,
                        schedules,
                        sales,
                        rows,
                        cumulated,
                        cells,
                        seed,
                        paths[p],
                        slot,
                        k,
                        p,
                    )
                    if claim > 0.0 and slots[slot].is_capped:
                        claims[p, slots[slot].fund] += claim
                    loss = np.int64((left - claim) * per_unit + 0.5)
                    path_loss[p] += loss
                    events[p] += 1
                    loan_loss[slot] += loss if weight == 1.0 else np.int64(loss * weight + 0.5)
                    loan_defaults[slot] += np.int64(weight * WEIGHT_UNIT + 0.5)
                    loan_collateral[slot] += np.int64(
                        min(collateral * per_unit * weight, _LARGEST_COUNT) + 0.5
                    )
                    if fans:
                        defaulted[p, k] += exposure[slot, k]
                        for j in range(k, len(ends)):
                            vanished[p, j] += exposure[slot, j]
                borrower += 1


@compiled_bare
def weigh_events(block: Any, chunks: Any, unpaid: Any, bank_weight: Any, out: Any) -> None:
    """Replay chosen paths and add weight times loss of every loan, fund shortfalls included.

    Args:
        block: `Block`; paths in ascending order make the sums independent of blocks.
        chunks: `Chunks`.
        unpaid: share of its claims that each fund does not pay, [n_paths, n_funds].
        bank_weight: 1 to add the bank's loss before caps, 0 to add shortfalls alone.
        out: CNY, [n_slots].
    """
    (
        slots,
        exposure,
        ends,
        pledges,
        schedules,
        sales,
        rows,
        cumulated,
        cells,
        seed,
        paths,
        weights,
        per_unit,
    ) = block
    borrower_start, chunk_start, chunk_cell, chunk_periods = chunks
    for chunk in range(len(chunk_cell)):
        cell, last, stop = chunk_cell[chunk], chunk_periods[chunk] - 1, chunk_start[chunk + 1]
        for p in range(len(paths)):
            bound = cumulated[cell, p, last] if weights[p] != 0.0 else 0.0
            log_miss = _log_miss(bound)
            borrower, number = chunk_start[chunk], 0
            while bound > 0.0 and borrower < stop:
                skipped, height = _candidate(seed, paths[p], chunk, number, log_miss)
                if skipped >= stop - borrower:
                    break
                number += 1
                borrower += np.int64(skipped)
                for slot in range(borrower_start[borrower], borrower_start[borrower + 1]):
                    k = default_period(slots, ends, slot, height * bound, cumulated, cell, p)
                    if k < 0:
                        continue
                    _, left, claim = _loss_of(
                        slots,
                        exposure,
                        pledges,
                        schedules,
                        sales,
                        rows,
                        cumulated,
                        cells,
                        seed,
                        paths[p],
                        slot,
                        k,
                        p,
                    )
                    loss = np.int64((left - claim) * per_unit + 0.5) / per_unit
                    short = claim * unpaid[p, slots[slot].fund] if slots[slot].is_capped else 0.0
                    out[slot] += weights[p] * (bank_weight * loss + short)
                borrower += 1
