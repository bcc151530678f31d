"""Loans of one borrower share its draw and keep each its own probability: the likelier falls first."""

import math
from dataclasses import replace

import numpy as np
import pytest

from quant.credit_risk.conditional_loss import conditional_expected_losses
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook
from quant.loan_losses.credit_cells import MOST_EXACT_CELLS, CreditCells
from quant.market.curves import DiscountCurve
from quant.portfolio import simulate_losses
from tests.quant.loan_losses.bare_book import ONE_YEAR, bare_book

SEED = 20261121
N_PATHS = 200_000
FLAT = DiscountCurve.flat(0.03).discount_factors
QUARTERS = np.arange(1, 13) / 4.0
CYCLE = PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0)
MARKET = FactorModel((CYCLE,), (), np.eye(1))


def two_loans(
    pds: tuple[float, float], *, ends: np.ndarray = ONE_YEAR, lives: tuple[float, float] = (50.0, 50.0)
) -> LoanBook:
    """Of one borrower; the loss of the first is 1 CNY and of the second 10, so that a path tells who fell."""
    exposure = np.repeat([[1.0], [10.0]], len(ends), axis=1)
    return replace(
        bare_book(2, ends=ends, pd=np.array(pds), rho=0.3, weights=(1.0,)),
        exposure_cny=exposure,
        years_at_risk=np.array(lives),
        borrower_of_loan=np.array([7, 7]),
    )


def shares(book: LoanBook) -> dict[float, float]:
    """Share of the paths by loss, CNY."""
    found = simulate_losses(book, MARKET, FLAT, n_paths=N_PATHS, seed=SEED)
    losses, counts = np.unique(np.round(found.path_losses, 6), return_counts=True)
    return dict(zip(losses.tolist(), (counts / N_PATHS).tolist(), strict=True))


def near(expected: float) -> object:
    """Within four standard errors of a share of independent paths; mirrored pairs have less."""
    return pytest.approx(expected, abs=4.0 * math.sqrt(expected * (1.0 - expected) / N_PATHS))


@pytest.mark.parametrize("pds", [(0.02, 0.2), (0.01, 0.99), (0.01, 1.0)])
def test_over_one_period_each_defaults_as_likely_as_it_says(pds: tuple[float, float]) -> None:
    found = shares(two_loans(pds))
    # Never the safer loan alone.
    assert set(found) <= {0.0, 10.0, 11.0}
    assert found[11.0] == near(pds[0])
    assert found[10.0] == near(pds[1] - pds[0])


def test_over_one_period_a_shorter_life_is_as_likely_as_its_years() -> None:
    found = shares(two_loans((0.2, 0.2), lives=(0.25, 1.0)))
    assert set(found) <= {0.0, 10.0, 11.0}
    assert found[11.0] == near(1.0 - 0.8**0.25)
    assert found[10.0] + found[11.0] == near(0.2)


@pytest.mark.parametrize("pds", [(0.02, 0.2), (0.0, 0.05), (0.03, 0.95), (0.3, 0.3)])
@pytest.mark.parametrize("lives", [(50.0, 50.0), (50.0, 1.1), (0.7, 50.0)])
def test_whose_loans_they_are_changes_no_probability(
    pds: tuple[float, float], lives: tuple[float, float]
) -> None:
    """Each defaults as likely on a path as if it were another borrower's; the second method is the simulation."""
    book = two_loans(pds, ends=QUARTERS, lives=lives)
    apart = replace(book, borrower_of_loan=np.array([7, 8]))
    of_one, of_two = (
        conditional_expected_losses(item, MARKET, FLAT, n_paths=2_048, seed=SEED) for item in (book, apart)
    )
    np.testing.assert_array_equal(of_one.marginal_pd, of_two.marginal_pd)
    found = simulate_losses(book, MARKET, FLAT, n_paths=N_PATHS, seed=SEED)
    alone = simulate_losses(apart, MARKET, FLAT, n_paths=N_PATHS, seed=SEED)
    for defaulted, separately in zip(found.loan_default_share, alone.loan_default_share, strict=True):
        assert defaulted == pytest.approx(
            separately, abs=4.0 * math.sqrt(0.5 / N_PATHS * max(separately, 1e-9))
        )


def test_a_loan_without_any_hazard_shares_a_class_and_does_not_default() -> None:
    """So many distinct probabilities that classes are formed: 0 and 1e-13 stand in one."""
    n = MOST_EXACT_CELLS + 4
    pds = np.append([0.0, 1e-13, 0.9], np.geomspace(1e-4, 0.5, n - 3))
    book = replace(
        bare_book(n, pd=pds, weights=(1.0,)), borrower_of_loan=np.append([0, 0, 0], np.arange(1, n - 2))
    )
    cells = CreditCells.of(book)
    assert 0.0 in cells.power
    found = simulate_losses(book, MARKET, FLAT, n_paths=20_000, seed=SEED)
    assert found.loan_default_share[0] == 0.0
    assert found.loan_default_share[2] > 0.8


def test_only_unlike_loans_of_which_one_is_nearly_sure_to_default_draw_apart() -> None:
    assert CreditCells.of(two_loans((0.03, 0.95), ends=QUARTERS)).chunk_draws_apart.all()
    assert not CreditCells.of(two_loans((0.95, 0.95), ends=QUARTERS)).chunk_draws_apart.any()
    assert not CreditCells.of(two_loans((0.03, 0.3), ends=QUARTERS)).chunk_draws_apart.any()
