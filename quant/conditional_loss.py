"""Expected losses loan by loan and period by period: the factors on paths, the noise of default integrated out.

On a path of the factors loan i defaults in period k with a known probability p_ik, so that no default need be drawn:

    marginal PD = E p_ik,   expected loss = E[ p_ik * E[loss in default | path] ]

with collateral repriced on the path, the guarantor's probability of standing on the same path, and the shares of
guarantor and compensation fund (without its cap). A valuation error and losses of the right are integrated out in
closed form where one pledge secures the loan, and drawn once a path where several do. The results are undiscounted.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from quant.compiled import compiled
from quant.factors import FactorModel
from quant.loan_losses.book import LoanBook
from quant.loan_losses.events import Block, asset_value, collateral_in_default
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array, DiscountFactors
from quant.sparse_draws import Lanes

DEFAULT_PATHS = 1_024
_BLOCK_PATHS = 256
_SLOTS_PER_TASK = 512
_ROOT_HALF = math.sqrt(0.5)
_RARE = 1e-10


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
) -> LossTerms:
    """The same for a prepared book.

    Args:
        prepared: the book in its market.
        n_paths: even.
        seed: seed of the scenario universe.
        collateral_states: what collateral sees, [n_primary, n_periods, n_paths], where it is not what borrowers see.
        n_threads: threads; they do not change a bit.
    """
    if n_paths < 2 or n_paths % 2:
        raise ValueError(f"n_paths: found {n_paths}, expected an even number, at least 2")
    states = mirrored_states(prepared.model, prepared.book.period_ends_years, n_paths, seed)
    n_slots = len(prepared.credit.loan_of_slot)
    sums = np.zeros((3, n_slots, prepared.book.n_periods))
    cell_of_slot = _cell_of_slot(prepared)
    starts = range(0, n_slots, _SLOTS_PER_TASK)
    with ThreadPoolExecutor(n_threads) as pool:
        for first in range(0, n_paths, _BLOCK_PATHS):
            block = slice(first, min(first + _BLOCK_PATHS, n_paths))
            seen = None if collateral_states is None else collateral_states[:, :, block]
            tables = prepared.block(np.arange(block.start, block.stop), seed, states[:, :, block], seen)

            def add(start: int, tables: Block = tables) -> None:
                _add_terms(tables, cell_of_slot, start, min(start + _SLOTS_PER_TASK, n_slots), sums)

            list(pool.map(add, starts))
    pd, loss, collateral = (prepared.by_loan(total / n_paths) for total in sums)
    mean = np.divide(collateral, pd, out=np.zeros_like(pd), where=pd > 0.0)
    return LossTerms(pd, loss, prepared.book.exposure_cny, mean, n_paths)


def mirrored_states(model: FactorModel, ends: Array, n_paths: int, seed: int) -> Array:
    """Deviations x on n / 2 paths and their mirror images, [n_primary, n_periods, n_paths]."""
    half = model.simulate_states(ends, n_paths // 2, seed)
    speeds = np.array([factor.mean_reversion_annual for factor in model.primaries])
    middle = np.exp(-speeds[:, None] * ends) * model.initial_states()[:, None]
    # Pairs side by side, so that a block of an even number of paths holds whole pairs.
    out = np.empty((*half.shape[:2], n_paths))
    out[:, :, 0::2] = half
    out[:, :, 1::2] = 2.0 * middle[:, :, None] - half
    return out


def _cell_of_slot(prepared: PreparedBook) -> Lanes:
    credit = prepared.credit
    of_borrower = np.repeat(credit.chunk_cell, np.diff(credit.chunk_start))
    of_slot: Lanes = np.repeat(of_borrower, np.diff(credit.borrower_start))
    return of_slot


@compiled
def _put(short_of: Any, forward: Any, log_sd: Any) -> Any:
    """E max(short_of - V, 0) for a lognormal V of the given mean (Black 1976)."""
    if forward <= 0.0 or short_of <= 0.0:
        return max(short_of, 0.0)
    if log_sd <= 0.0:
        return max(short_of - forward, 0.0)
    d1 = math.log(forward / short_of) / log_sd + 0.5 * log_sd
    d2 = d1 - log_sd
    return short_of * 0.5 * math.erfc(d2 * _ROOT_HALF) - forward * 0.5 * math.erfc(d1 * _ROOT_HALF)


@compiled
def _one_pledge(pledges: Any, pledge: Any, k: Any, cells: Any, exposure: Any) -> Any:
    """Mean collateral and mean shortfall behind one pledge, over its valuation error and losses of the right."""
    schedule = pledges.schedule[pledge]
    value = asset_value(pledges, pledge, k, cells)
    log_sd, mean = pledges.log_sd[schedule], pledges.mean_events[schedule, k]
    severity = pledges.severity[schedule]
    chance, left, seen = math.exp(-mean), 1.0, 0.0
    brings, short = 0.0, 0.0
    for events in range(1_000):
        brings += chance * value * left
        short += chance * _put(exposure, value * left, log_sd)
        seen += chance
        if 1.0 - seen < _RARE or mean == 0.0:
            break
        chance *= mean / (events + 1)
        left *= 1.0 - severity
    return brings, short + (1.0 - seen) * exposure


@compiled
def _given_default(block: Any, slot: Any, k: Any, p: Any) -> Any:
    """Mean collateral, and mean loss of the bank, given that the loan defaults in the period on the path."""
    slots, pledges = block.slots, block.pledges
    exposure = slots.exposure[slot, k]
    n_pledges = pledges.start[slot + 1] - pledges.start[slot]
    brings, short = 0.0, exposure
    if n_pledges == 1:
        brings, short = _one_pledge(pledges, pledges.start[slot], k, block.cells[p, k], exposure)
    elif n_pledges > 1:
        brings = collateral_in_default(block, slot, k, p)
        short = max(exposure - brings, 0.0)
    stands = 1.0
    if slots.guarantor_cell[slot] >= 0:
        survived = 1.0 - block.cumulated[slots.guarantor_cell[slot], p, k]
        stands = survived ** slots.guarantor_power[slot]
    kept = (1.0 - slots.guarantee[slot] * stands) * (1.0 - slots.compensation[slot])
    return brings, slots.lgd[slot] * short * kept


@compiled
def _alive_after(slots: Any, slot: Any, k: Any, cumulated: Any, before: Any) -> Any:
    """Probability of no default by the end of a period, or of the loan's life if that comes first."""
    alive = (1.0 - cumulated) ** slots.power[slot]
    if k == slots.periods[slot] - 1 and slots.years[slot] < slots.ends[k]:
        start = slots.ends[k - 1] if k > 0 else 0.0
        return before * (alive / before) ** ((slots.years[slot] - start) / (slots.ends[k] - start))
    return alive


@compiled
def _add_terms(block: Any, cell_of_slot: Any, first: Any, stop: Any, sums: Any) -> None:
    slots = block.slots
    for slot in range(first, stop):
        for p in range(len(block.paths)):
            curve = block.cumulated[cell_of_slot[slot], p]
            before = 1.0
            for k in range(slots.periods[slot]):
                if before <= 0.0:
                    break
                alive = _alive_after(slots, slot, k, curve[k], before)
                chance = before - alive
                before = alive
                if chance > 0.0:
                    brings, loss = _given_default(block, slot, k, p)
                    sums[0, slot, k] += chance
                    sums[1, slot, k] += chance * loss
                    sums[2, slot, k] += chance * brings
