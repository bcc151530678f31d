"""Expected losses loan by loan and period by period: the factors on paths, the noise of default integrated out.

On a path of the factors loan i defaults in period k with a known probability p_ik, so that no default need be drawn:

    marginal PD = E p_ik,   expected loss = E[ p_ik * E[loss in default | path] ]

with collateral repriced on the path, the guarantor's probability of standing on the same path, and the shares of
guarantor and compensation fund (without its cap). A valuation error and losses of the right are integrated out in
closed form where one pledge secures the loan, and drawn once a path where several do. The results are undiscounted.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from quant.compiled import compiled_bare, inlined
from quant.draws.sparse_draws import Lanes
from quant.factors import FactorModel
from quant.loan_losses.book import LoanBook
from quant.loan_losses.events import Block
from quant.loan_losses.loss_in_default import asset_value, collateral_in_default
from quant.loan_losses.path_sampling import mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array, DiscountFactors

DEFAULT_PATHS = 1_024
_BLOCK_PATHS = 256
_MOST_SLOTS_PER_TASK = 512
_TASKS_PER_THREAD = 4
_ROOT_HALF = math.sqrt(0.5)
_RARE = 1e-10
_FAR = 8.5


@dataclass(frozen=True, slots=True, eq=False)
class LossTerms:
    """What is expected of every loan in every period; arrays [n_loans, n_periods].

    Attributes:
        marginal_pd: probability of defaulting in the period, seen from today.
        expected_loss_cny: undiscounted; the sum over periods is the loan's lifetime expected loss.
        exposure_cny: exposure at default, as given.
        expected_collateral_cny: mean of what the pledges bring, given default in the period; 0 where that cannot be.
        n_paths: paths of the factors that it stands on.
    """

    marginal_pd: Array
    expected_loss_cny: Array
    exposure_cny: Array
    expected_collateral_cny: Array
    n_paths: int


def conditional_expected_losses(
    book: LoanBook,
    model: FactorModel,
    discount: DiscountFactors,
    *,
    n_paths: int = DEFAULT_PATHS,
    seed: int,
    base: FactorModel | None = None,
    n_threads: int = 2,
) -> LossTerms:
    """Expected losses of every loan and period.

    Args:
        book: the loans, their periods and pledges.
        model: the market.
        discount: discount factors of its curve.
        n_paths: paths of the factors, even; mirrored pairs are used.
        seed: seed of the scenario universe.
        base: the market that sets indices and thresholds, where `model` is a changed one.
        n_threads: threads; they do not change a bit.

    Raises:
        ValueError: if an argument is outside its domain.
        KeyError: if a schedule names a factor that the model does not have.
    """
    return expected_losses(
        PreparedBook.of(book, model, discount, base=base), n_paths, seed, n_threads=n_threads
    )


def expected_losses(
    prepared: PreparedBook,
    n_paths: int,
    seed: int,
    *,
    collateral_states: Array | None = None,
    n_threads: int = 2,
    check_alive: Callable[[], None] = lambda: None,
) -> LossTerms:
    """The same for a prepared book.

    Args:
        prepared: the book in its market.
        n_paths: even.
        seed: seed of the scenario universe.
        collateral_states: what collateral sees, [n_primary, n_periods, n_paths], where it is not what borrowers see.
        n_threads: threads; they do not change a bit.
        check_alive: called before each block of paths; what it raises ends the work.
    """
    if n_paths < 2 or n_paths % 2:
        raise ValueError(f"n_paths: found {n_paths}, expected an even number, at least 2")
    states = mirrored_states(prepared.model, prepared.book.period_ends_years, n_paths, seed)
    everyone = np.arange(len(prepared.slots))
    terms = slot_terms(
        prepared,
        everyone,
        states,
        seed,
        collateral_states=collateral_states,
        n_threads=n_threads,
        check_alive=check_alive,
    )
    pd, loss, collateral = (prepared.by_loan(terms[:, term]) for term in range(3))
    mean = np.divide(collateral, pd, out=np.zeros_like(pd), where=pd > 0.0)
    return LossTerms(pd, loss, prepared.book.exposure_cny, mean, n_paths)


def slot_terms(
    prepared: PreparedBook,
    slots: Lanes,
    states: Array,
    seed: int,
    *,
    collateral_states: Array | None = None,
    n_threads: int,
    check_alive: Callable[[], None] = lambda: None,
) -> Array:
    """Terms of chosen loans: chance of default, loss, and what collateral brings times that chance.

    Args:
        prepared: the book in its market.
        slots: the loans by place, ascending, [n].
        states: deviations x of the paths, [n_primary, n_periods, n_paths].
        seed: of the draws behind several pledges of one loan.
        collateral_states: those that collateral sees, where they are others.
        n_threads: threads; they do not change a bit.
        check_alive: called before each block of paths; what it raises ends the work.

    Returns:
        [n, 3, n_periods].
    """
    n_paths = states.shape[2]
    sums = np.zeros((len(slots), 3, prepared.book.n_periods))
    cell_of_slot = prepared.credit.cell
    per_task = min(-(-len(slots) // (_TASKS_PER_THREAD * n_threads)), _MOST_SLOTS_PER_TASK)
    starts = range(0, len(slots), max(per_task, 1))
    with ThreadPoolExecutor(n_threads) as pool:
        for first in range(0, n_paths, _BLOCK_PATHS):
            check_alive()
            paths = slice(first, min(first + _BLOCK_PATHS, n_paths))
            seen = None if collateral_states is None else collateral_states[:, :, paths]
            tables = prepared.block(
                np.arange(paths.start, paths.stop), seed, states[:, :, paths], seen, slots=slots
            )

            def add(start: int, tables: Block = tables) -> None:
                part = slice(start, start + starts.step)
                _add_terms(tables, cell_of_slot, slots[part], sums[part], np.empty(0))

            list(pool.map(add, starts))
    terms: Array = sums / n_paths
    return terms


def path_expected_losses(
    prepared: PreparedBook,
    states: Array,
    seed: int,
    most_terms: int | None = None,
    *,
    slots: Lanes | None = None,
    collateral_states: Array | None = None,
    n_threads: int = 1,
) -> Array:
    """Expected loss of the book on given paths, [n_paths]: of the whole book or, scaled, of evenly chosen loans of it.

    Args:
        prepared: the book in its market.
        states: deviations x, [n_primary, n_periods, n_paths].
        seed: of the draws behind several pledges of one loan.
        most_terms: loans x periods x paths to evaluate at most; all where absent.
        slots: chosen loans by place, ascending, instead; their losses alone, not scaled.
        collateral_states: what collateral sees, in the same shape, where it is not what borrowers see.
        n_threads: threads; they do not change a bit.
    """
    n_paths, n_slots = states.shape[2], len(prepared.credit.loan_of_slot)
    if slots is None:
        terms = n_slots * prepared.book.n_periods * n_paths
        step = 1 if most_terms is None else max(1, -(-terms // most_terms))
        slots = np.arange(0, n_slots, step)
    else:
        step = 1
    chosen = slots
    out, cell_of_slot = np.zeros(n_paths), prepared.credit.cell
    per_task = max(1, min(-(-n_paths // n_threads), _BLOCK_PATHS // n_threads))

    def add(first: int) -> None:
        part = slice(first, min(first + per_task, n_paths))
        seen = None if collateral_states is None else collateral_states[:, :, part]
        block = prepared.block(np.arange(part.start, part.stop), seed, states[:, :, part], seen, slots=chosen)
        _add_terms(block, cell_of_slot, chosen, np.empty((0, 3, 0)), out[part])

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(add, range(0, n_paths, per_task)))
    scaled: Array = out * step
    return scaled


@inlined
def _power(base: Any, exponent: Any) -> Any:
    """The power, which most often is the first."""
    return base if exponent == 1.0 else base**exponent


@inlined
def _put(short_of: Any, forward: Any, log_sd: Any) -> Any:
    """E max(short_of - V, 0) for a lognormal V of the given mean (Black 1976)."""
    if forward <= 0.0 or short_of <= 0.0:
        return max(short_of, 0.0)
    if log_sd <= 0.0:
        return max(short_of - forward, 0.0)
    d1 = math.log(forward / short_of) / log_sd + 0.5 * log_sd
    d2 = d1 - log_sd
    # So far out the distribution function is 0 or 1 to the last bit.
    if d2 > _FAR:
        return 0.0
    if d1 < -_FAR:
        return short_of - forward
    return short_of * 0.5 * math.erfc(d2 * _ROOT_HALF) - forward * 0.5 * math.erfc(d1 * _ROOT_HALF)


@inlined
def _one_pledge(
    pledges: Any,
    schedules: Any,
    sales: Any,
    rows: Any,
    pledge: Any,
    k: Any,
    cells: Any,
    p: Any,
    exposure: Any,
) -> Any:
    """Mean collateral and mean shortfall behind one pledge, over its valuation error and losses of the right."""
    schedule = pledges[pledge].schedule
    value = asset_value(pledges, schedules, sales, rows, pledge, k, cells, p)
    log_sd, mean = schedules[schedule].log_sd, sales[schedule, k].mean_events
    chance, left, seen = math.exp(-mean), 1.0, 0.0
    brings, short = 0.0, 0.0
    for events in range(1_000):
        brings += chance * value * left
        short += chance * _put(exposure, value * left, log_sd)
        seen += chance
        if 1.0 - seen < _RARE or mean == 0.0:
            break
        chance *= mean / (events + 1)
        left *= 1.0 - schedules[schedule].severity
    return brings, short + (1.0 - seen) * exposure


@inlined
def _given_default(
    slots: Any, exposure: Any, pledges: Any, schedules: Any, sales: Any, rows: Any, cumulated: Any, cells: Any,
    seed: Any, path: Any, slot: Any, k: Any, p: Any,
) -> Any:  # fmt: skip
    """Mean collateral, and mean loss of the bank, given that the loan defaults in the period on the path."""
    owed = exposure[slot, k]
    first, stop = slots[slot].first_pledge, slots[slot].stop_pledge
    brings, short = 0.0, owed
    if stop - first == 1:
        brings, short = _one_pledge(pledges, schedules, sales, rows, first, k, cells, p, owed)
    elif stop - first > 1:
        brings = collateral_in_default(slots, pledges, schedules, sales, rows, cells, seed, path, slot, k, p)
        short = max(owed - brings, 0.0)
    stands = 1.0
    if slots[slot].guarantor_cell >= 0:
        stands = _power(1.0 - cumulated[slots[slot].guarantor_cell, p, k], slots[slot].guarantor_power)
    kept = (1.0 - slots[slot].guarantee * stands) * (1.0 - slots[slot].compensation)
    return brings, slots[slot].lgd * short * kept


@inlined
def _alive_after(slots: Any, ends: Any, slot: Any, k: Any, cumulated: Any, before: Any) -> Any:
    """Probability of no default by the end of a period, or of the loan's life if that comes first."""
    alive = _power(1.0 - cumulated, slots[slot].power)
    if k == slots[slot].periods - 1 and slots[slot].years < ends[k]:
        start = ends[k - 1] if k > 0 else 0.0
        return before * (alive / before) ** ((slots[slot].years - start) / (ends[k] - start))
    return alive


@compiled_bare
def _add_terms(block: Any, cell_of_slot: Any, chosen: Any, sums: Any, of_paths: Any) -> None:
    """Add the terms of chosen loans to their sums [n_chosen, 3, n_periods] or to those of paths [n_paths]."""
    (slots, exposure, ends, pledges, schedules, sales, rows, cumulated, cells, seed, paths, _, _, _, _) = (
        block
    )
    # Path after path: its tables stay in the processor's cache for all loans.
    for p in range(len(paths)):
        for i in range(len(chosen)):
            slot = chosen[i]
            before = 1.0
            for k in range(slots[slot].periods):
                if before <= 0.0:
                    break
                alive = _alive_after(slots, ends, slot, k, cumulated[cell_of_slot[slot], p, k], before)
                chance = before - alive
                before = alive
                if chance > 0.0:
                    brings, loss = _given_default(
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
                    if len(of_paths):
                        of_paths[p] += chance * loss
                    else:
                        sums[i, 0, k] += chance
                        sums[i, 1, k] += chance * loss
                        sums[i, 2, k] += chance * brings
