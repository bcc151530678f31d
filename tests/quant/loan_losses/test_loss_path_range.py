"""Ranges of paths that are simulated apart, in any cut and order and through another process's door."""

import itertools
import pickle
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.loan_losses.contributions import tail_contributions
from quant.loan_losses.path_range import simulate_part
from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.market.curves import DiscountCurve
from quant.portfolio import loss_simulation
from quant.schedules import CollateralTerms, ExposureSchedule

N_PATHS = 600
ENDS = np.array([0.5, 1.0, 1.5])
FLAT = DiscountCurve.flat(0.03).discount_factors
MARKET = FactorModel(
    (
        PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0),
        PrimaryFactor("price", 4.0, volatility_annual=0.4),
    ),
    (),
    np.array([[1.0, 0.6], [0.6, 1.0]]),
)


def book() -> LoanBook:
    """Forty pledged loans, guaranteed in part, in a compensation fund whose cap is reached."""
    n = 40
    schedule = ExposureSchedule(
        "a",
        np.array([2.0, 4.0]),
        ("price",) * 2,
        np.array([6000.0, 6000.0]),
        ("",) * 2,
        CollateralTerms(quantity_cv=0.2),
    )
    return LoanBook(
        exposure_cny=np.linspace(1e5, 9e5, n)[:, None] * np.ones(3),
        default_probability_annual=np.linspace(0.01, 0.15, n),
        years_at_risk=np.full(n, 5.0),
        asset_correlation=np.full(n, 0.2),
        index_of_loan=np.zeros(n, dtype=np.intp),
        borrower_of_loan=np.arange(n) // 2,
        unsecured_lgd=np.full(n, 0.6),
        guarantee_share=np.full(n, 0.3),
        guarantor_of_loan=np.zeros(n, dtype=np.intp),
        guarantor_default_probability_annual=np.full(n, 0.02),
        compensation_share=np.full(n, 0.4),
        fund_of_loan=np.zeros(n, dtype=np.intp),
        index_weights=np.array([[1.0, 0.2]]),
        period_ends_years=ENDS,
        fund_cap_cny=np.array([3e5]),
        pledges=Pledges.each_its_own([schedule] * n, np.arange(n), np.ones(n)),
    )


def carried(value: Any) -> Any:
    """As another process gets it."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # written in the same line


def simulation(block_paths: int | None = None) -> LossSimulation:
    return loss_simulation(
        book(), MARKET, FLAT, n_paths=N_PATHS, seed=7, towards_tail=True, block_paths=block_paths
    )


def figures(run: LossSimulation) -> list[bytes]:
    """Every bit of a summary and of the contributions to its tail."""
    summary = run.summary()
    found: list[bytes] = [tail_contributions(run, summary, 0.99).by_loan.tobytes()]
    for field in fields(LossSummary):
        value = getattr(summary, field.name)
        found.append(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
        if field.name in {"npl", "ltv"}:
            found += [value.mean.tobytes(), value.quantiles.tobytes()]
    return found


@pytest.fixture(scope="module")
def whole() -> list[bytes]:
    run = simulation()
    for _ in run.run():
        pass
    assert run.summary().fund_exhausted[0] > 0.0  # the replay of exhausted funds is part of what is compared
    return figures(run)


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.sets(st.integers(1, N_PATHS - 1), max_size=6), block=st.integers(1, 700), seed=st.integers(0, 99)
)
@example(cuts=set(), block=600, seed=0)
@example(cuts={300}, block=64, seed=1)
@example(cuts={200, 400}, block=7, seed=2)
def test_any_cut_in_any_order_gives_the_same_bits(
    whole: list[bytes], cuts: set[int], block: int, seed: int
) -> None:
    run = simulation(block_paths=block)
    edges = [0, *sorted(cuts), N_PATHS]
    ranges = list(itertools.pairwise(edges))
    np.random.default_rng(seed).shuffle(ranges)
    work = carried(run.work)
    for first, stop in ranges:
        run.add(carried(simulate_part(work, int(first), int(stop - first))))
    assert figures(run) == whole


def test_a_range_has_at_least_one_path() -> None:
    with pytest.raises(ValueError, match="n_paths: found 0"):
        simulate_part(simulation().work, 0, 0)
