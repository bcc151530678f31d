"""Losses asked for again: the same as computed afresh, whatever was asked before."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.credit_risk import repeated_losses
from quant.credit_risk.conditional_loss import expected_losses, path_expected_losses
from quant.credit_risk.repeated_losses import RepeatedLosses
from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.wrong_way import conditioned_copy, copy_seed
from quant.market.curves import DiscountCurve
from quant.market.piecewise import PiecewiseLinear
from quant.schedules import CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import bare_book

SEED, N_PATHS = 20260821, 64
QUARTERS = np.arange(1, 9) / 4.0
FLAT = DiscountCurve.flat(0.03).discount_factors
WATER = PrimaryFactor("water", math.log(2.0), mean_reversion_annual=0.3, volatility_annual=0.4)
TIMBER = PrimaryFactor("timber", math.log(50.0), volatility_annual=0.3)
CYCLE = PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0)
QUOTA = DerivedFactor("quota", "water", PiecewiseLinear((1.0, 2.0), (0.0, 1.0), 0.0), "timber")


def market(water: float = 0.0, timber: float = 0.0, cycle: float = 0.0) -> FactorModel:
    moves = zip((WATER, TIMBER, CYCLE), (water, timber, cycle), strict=True)
    primaries = tuple(replace(factor, log_level=factor.log_level + move) for factor, move in moves)
    return FactorModel(primaries, (QUOTA,), np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.0], [0.2, 0.0, 1.0]]))


def pledged(factor: str, quantity: float, asset_id: str) -> ExposureSchedule:
    times = np.array([1.0, 3.0, 5.0])
    terms = CollateralTerms(quantity_cv=0.2, event_intensity=0.02, event_severity=0.5)
    return ExposureSchedule(asset_id, times, (factor,) * 3, np.full(3, quantity), ("",) * 3, terms)


def loans() -> LoanBook:
    """Loans of three indices: pledges of each factor, of two at once, of none; a guarantor of another index."""
    schedules = (
        pledged("water", 0.1, "a"),
        pledged("timber", 0.004, "b"),
        pledged("quota", 0.01, "c"),
        pledged("timber", 0.001, "d"),
    )
    places = np.array([0, 1, 2, 3, 3])
    which = np.array([0, 1, 2, 0, 3])
    return replace(
        bare_book(6, ends=QUARTERS, pd=np.array([0.05, 0.04, 0.03, 0.02, 0.06, 0.05])),
        years_at_risk=np.array([2.0, 1.1, 0.6, 2.0, 2.0, 1.5]),
        index_of_loan=np.array([0, 1, 2, 0, 1, 2]),
        index_weights=np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        guarantee_share=np.array([0.0, 0.0, 0.0, 0.0, 0.5, 0.0]),
        guarantor_of_loan=np.array([0, 1, 2, 3, 5, 5]),
        guarantor_borrows=np.array([False, False, False, False, True, False]),
        pledges=Pledges.each_its_own([schedules[i] for i in which], places, np.ones(5)),
    )


def prepared() -> PreparedBook:
    return PreparedBook.of(loans(), market(), FLAT)


def afresh(book: PreparedBook) -> float:
    return float(expected_losses(book, N_PATHS, SEED).expected_loss_cny.sum())


MOVE = st.sampled_from([0.0, -0.5, 0.3])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(MOVE, MOVE, MOVE), min_size=1, max_size=5))
def test_moved_markets_lose_what_they_lose_afresh(moves: list[tuple[float, float, float]]) -> None:
    base = prepared()
    losses = RepeatedLosses(base, N_PATHS, SEED)
    for move in moves:
        moved = base.in_market(market(*move), base.collateral.discount)
        assert losses.expected_loss_cny(moved) == afresh(moved)


def test_collateral_cut_loose_loses_what_it_loses_afresh() -> None:
    base = prepared()
    losses, n_loans = RepeatedLosses(base, N_PATHS, SEED, n_threads=2), len(base.slots)
    copy = base.model.simulate_states(QUARTERS, N_PATHS, copy_seed(SEED))
    # The first set once more: all of it is known by then.
    for common in ([], [0], [0, 1], [1], [0, 1, 2], []):
        seen = conditioned_copy(base.model, QUARTERS, losses.states, copy, common)
        found = losses.on_paths_cny(seen)
        whole = path_expected_losses(base, losses.states, SEED, collateral_states=seen)
        # The same terms, added kind after kind instead of loan after loan.
        terms = n_loans * len(QUARTERS)
        assert np.all(np.abs(found - whole) <= terms * np.finfo(float).eps * whole)
        assert np.array_equal(found, RepeatedLosses(base, N_PATHS, SEED).on_paths_cny(seen))
    # Figures by path are not taken for those by loan, though collateral sees the same.
    losses.on_paths_cny(losses.states)
    assert losses.expected_loss_cny(base) == afresh(base)


def test_a_full_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_losses, "_MOST_BYTES", 200)
    base = prepared()
    losses = RepeatedLosses(base, N_PATHS, SEED)
    for move in (0.0, -0.5, 0.0):
        moved = base.in_market(market(water=move), base.collateral.discount)
        assert losses.expected_loss_cny(moved) == afresh(moved)


def test_other_loans_curves_or_shocks_are_refused() -> None:
    base = prepared()
    losses = RepeatedLosses(base, N_PATHS, SEED)
    wilder = replace(market(), primaries=(replace(WATER, volatility_annual=0.5), TIMBER, CYCLE))
    others = (
        prepared(),
        base.in_market(market(), DiscountCurve.flat(0.05).discount_factors),
        base.in_market(wilder, base.collateral.discount),
        base.in_market(market(), base.collateral.discount, replace(base.book.pledges)),
        base.with_funds(np.full(6, 0.5), base.book.fund_cap_cny),
    )
    for other in others:
        with pytest.raises(ValueError, match="repeated losses: expected the same"):
            losses.expected_loss_cny(other)
