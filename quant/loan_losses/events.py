"""Defaults, one after the other: found by geometric skips, and counted.

In a chunk of borrowers each is a candidate with the probability pi that the cell's longest life defaults on the path;
the distance to the next candidate is geometric, so that the cost grows with defaults and not with loans. A candidate
carries U, uniform below pi: a loan defaults in the first period in which its own cumulated probability is above U.
Loans of one borrower share U. One hash of (seed, path, chunk, number of the pair) gives two candidates skip and U, so
that chosen paths can be gone through again. Borrowers who guarantee loans of others have a U each, at an address of
their own: whoever asks whether the guarantor stands asks for the same U.

The defaults of a chunk on a path are found first, then their collateral, then their losses: in each of these loops a
turn waits for nothing that the one before it computes, so that the processor works on several at once.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
from typing import Any, NamedTuple

import numpy as np

from quant.compiled import compiled_bare, inlined
from quant.draws.random_numbers import Purpose
from quant.draws.sparse_draws import Lanes, philox, to_uniform
from quant.loan_losses.book import Flags
from quant.loan_losses.collateral_table import Records
from quant.loan_losses.credit_cells import CreditCells
from quant.loan_losses.loss_in_default import (
    collateral_in_default,
    default_period,
    guarantor_draw,
    loss_after_collateral,
)
from quant.loan_losses.loss_sums import LARGEST_COUNT, WEIGHT_UNIT, LoanSums, PathSums
from quant.schedules import Array

_DEFAULT = np.uint64(Purpose.DEFAULT)


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
        bank_share: 1 to count the bank's loss before caps of funds, 0 to count what funds cannot pay alone.
        unpaid: share of its claims that each fund cannot pay, where that is known already, [n_paths, n_funds].
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
    bank_share: float
    unpaid: Array


class Chunks(NamedTuple):
    """Borrowers in chunks; see `CreditCells`."""

    borrower_start: Lanes
    start: Lanes
    cell: Lanes
    periods: Lanes
    draws_apart: Flags
    is_alike: Flags
    borrower_address: Lanes

    @classmethod
    def of(cls, credit: CreditCells) -> "Chunks":
        """The chunks of a book."""
        bounds = credit.borrower_start[credit.chunk_start]
        in_chunks_cell = credit.cell == np.repeat(credit.chunk_cell, np.diff(bounds))
        return cls(
            credit.borrower_start, credit.chunk_start, credit.chunk_cell, credit.chunk_periods,
            credit.chunk_draws_apart, np.logical_and.reduceat(in_chunks_cell, bounds[:-1]),
            credit.borrower_address,
        )  # fmt: skip

    def most_loans(self) -> int:
        """Loans in the largest chunk."""
        return int(np.diff(self.borrower_start[self.start]).max(initial=0))


class _Found(NamedTuple):
    """Room for the defaults of one chunk on one path: loan, period and what its pledges bring, CNY."""

    slot: Lanes
    period: Lanes
    collateral: Array

    @classmethod
    def room(cls, most: int) -> "_Found":
        return cls(np.empty(most, dtype=np.intp), np.empty(most, dtype=np.intp), np.empty(most))


@inlined
def _words(seed: Any, path: Any, chunk: Any, number: Any, third: Any, fourth: Any) -> Any:
    """Two random words of a candidate, and two for the next: every other one needs no hash."""
    if number % 2 == 1:
        return third, fourth, third, fourth
    return philox(np.uint64(path), np.uint64(number // 2), np.uint64(chunk), _DEFAULT, seed)


@inlined
def _skipped(word: Any, log_miss: Any) -> Any:
    """Borrowers before the next candidate, as a float since it may be large."""
    # Compiled, math.floor is a whole number of 64 bits, which a chance below 1e-17 overflows.
    return np.floor(math.log(to_uniform(word)) / log_miss)


@compiled_bare
def _log_miss(bound: Any) -> Any:
    return math.log1p(-bound) if bound < 1.0 else -np.inf


def count_events(block: Block, chunks: Chunks, fans: bool, path_sums: PathSums, loan_sums: LoanSums) -> None:
    """Simulate a block of paths, chunk by chunk.

    Args:
        block: the paths in front of the book.
        chunks: its borrowers.
        fans: whether to sum defaulted and vanished exposure.
        path_sums: added to.
        loan_sums: added to.
    """
    _count_events(block, chunks, fans, path_sums, loan_sums, _Found.room(chunks.most_loans()))


@inlined
def _find(
    slots: Any, ends: Any, borrower_start: Any, cumulated: Any, cell: Any, alike: Any, p: Any, last: Any, seed: Any,
    path: Any, chunk: Any, borrower: Any, stop: Any, found_slot: Any, found_period: Any,
) -> Any:  # fmt: skip
    """Write down which loans of the borrowers up to `stop` default, and when; returns how many."""
    bound = cumulated[cell, p, last]
    log_miss = _log_miss(bound)
    n, number = 0, 0
    third = fourth = np.uint64(0)
    while bound > 0.0 and borrower < stop:
        first, second, third, fourth = _words(seed, path, chunk, number, third, fourth)
        skipped, height = _skipped(first, log_miss), to_uniform(second)
        if skipped >= stop - borrower:
            break
        number += 1
        borrower += np.int64(skipped)
        for slot in range(borrower_start[borrower], borrower_start[borrower + 1]):
            k = default_period(
                slots, ends, slot, height * bound, cumulated, cell if alike else slots[slot].cell, p
            )
            if k >= 0:
                found_slot[n], found_period[n] = slot, k
                n += 1
        borrower += 1
    return n


@inlined
def _find_each(
    slots: Any, ends: Any, borrower_start: Any, address: Any, cumulated: Any, p: Any, seed: Any, path: Any,
    borrower: Any, stop: Any, found_slot: Any, found_period: Any,
) -> Any:  # fmt: skip
    """The same for borrowers who draw apart: each has a draw that can be asked for, and none is bounded."""
    n = 0
    while borrower < stop:
        height = guarantor_draw(seed, path, address[borrower])
        for slot in range(borrower_start[borrower], borrower_start[borrower + 1]):
            k = default_period(slots, ends, slot, height, cumulated, slots[slot].cell, p)
            if k >= 0:
                found_slot[n], found_period[n] = slot, k
                n += 1
        borrower += 1
    return n


@compiled_bare
def _count_events(block: Any, chunks: Any, fans: Any, path_sums: Any, loan_sums: Any, found: Any) -> None:
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
        bank_share,
        unpaid,
    ) = block
    borrower_start, chunk_start, chunk_cell, chunk_periods, chunk_draws_apart, chunk_is_alike, address = (
        chunks
    )
    path_loss, claims, defaulted, vanished, events = path_sums
    loan_loss, loan_defaults, loan_collateral = loan_sums
    found_slot, found_period, found_collateral = found
    for chunk in range(len(chunk_cell)):
        cell, last = chunk_cell[chunk], chunk_periods[chunk] - 1
        for p in range(len(paths)):
            path, weight = paths[p], weights[p]
            if chunk_draws_apart[chunk]:
                n = _find_each(
                    slots, ends, borrower_start, address, cumulated, p, seed, path,
                    chunk_start[chunk], chunk_start[chunk + 1], found_slot, found_period,
                )  # fmt: skip
            else:
                n = _find(
                    slots, ends, borrower_start, cumulated, cell, chunk_is_alike[chunk], p, last, seed, path,
                    chunk, chunk_start[chunk], chunk_start[chunk + 1], found_slot, found_period,
                )  # fmt: skip
            for i in range(n):
                found_collateral[i] = collateral_in_default(
                    slots,
                    pledges,
                    schedules,
                    sales,
                    rows,
                    cells,
                    seed,
                    path,
                    found_slot[i],
                    found_period[i],
                    p,
                )
            for i in range(n):
                slot, k, collateral = found_slot[i], found_period[i], found_collateral[i]
                left = loss_after_collateral(slots, exposure, cumulated, seed, path, slot, k, p, collateral)
                claim = slots[slot].compensation * left
                short = 0.0
                if claim > 0.0 and slots[slot].is_capped:
                    claims[p, slots[slot].fund] += claim
                    short = claim * unpaid[p, slots[slot].fund]
                loss = np.int64((bank_share * (left - claim) + short) * per_unit + 0.5)
                path_loss[p] += loss
                loan_loss[slot] += loss if weight == 1.0 else np.int64(loss * weight + 0.5)
                loan_defaults[slot] += np.int64(weight * WEIGHT_UNIT + 0.5)
                loan_collateral[slot] += np.int64(
                    min(collateral * slots[slot].collateral_units * weight, LARGEST_COUNT) + 0.5
                )
                if fans:
                    defaulted[p, k] += exposure[slot, k]
                    for j in range(k, len(ends)):
                        vanished[p, j] += exposure[slot, j]
            events[p] += n
