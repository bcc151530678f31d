"""Lives that end within a period, balances that fall, guarantors of a class, weighted paths: by hand or closed form."""

from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from quant.credit_risk.conditional_loss import conditional_expected_losses
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.loan_losses.credit_cells import MOST_EXACT_CELLS, CreditCells
from quant.loan_losses.path_sampling import LARGEST_WEIGHT
from quant.market.curves import DiscountCurve
from quant.portfolio import simulate_losses
from quant.schedules import CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import ONE_YEAR, bare_book

SEED = 20260821
FLAT = DiscountCurve.flat(0.03).discount_factors
QUARTERS = np.array([0.25, 0.5, 0.75])
MARKET = FactorModel((PrimaryFactor("cycle", 0.0, volatility_annual=1.0),), (), np.array([[1.0]]))


def book(default_probability: np.ndarray, ends: np.ndarray = ONE_YEAR) -> LoanBook:
    """No two borrowers have anything in common."""
    n = len(default_probability)
    return bare_book(n, ends=ends, pd=default_probability, rho=0.0, weights=(1.0,))


def test_a_life_that_ends_within_a_period_is_at_risk_until_then() -> None:
    """By 0.6 years 1 - 0.1^0.6 = 74.9 % have defaulted; by the ends of the quarters around it 68.4 % and 82.2 %."""
    n_paths = 20_000
    loans = replace(book(np.array([0.9]), QUARTERS), years_at_risk=np.array([0.6]))
    expected = 1.0 - 0.1**0.6
    found = simulate_losses(loans, MARKET, FLAT, n_paths=n_paths, seed=SEED)
    assert abs(found.loan_default_share[0] - expected) < 4 * np.sqrt(expected * (1.0 - expected) / n_paths)
    terms = conditional_expected_losses(loans, MARKET, FLAT, n_paths=64, seed=SEED)
    np.testing.assert_allclose(terms.marginal_pd.sum(axis=1), expected, rtol=1e-9)


def test_what_has_defaulted_no_longer_amortises() -> None:
    """A loan of 100, 60, 20 defaults at once beside 50 that never does: 100 of 150 in every period."""
    exposure = np.array([[100.0, 60.0, 20.0], [50.0, 50.0, 50.0]])
    loans = replace(book(np.array([1.0, 0.0]), QUARTERS), exposure_cny=exposure)
    found = simulate_losses(loans, MARKET, FLAT, n_paths=8, seed=SEED)
    assert found.npl is not None
    np.testing.assert_allclose(found.npl.mean, 100.0 / 150.0, rtol=1e-12)


def test_a_guarantor_of_a_class_fails_with_its_own_probability() -> None:
    """Who owes defaults for certain and the guarantee is full: what is lost is how often guarantors fail."""
    n, n_paths = 3 * MOST_EXACT_CELLS, 4_000
    failing = np.geomspace(0.02, 0.5, n)
    loans = replace(
        book(np.ones(n)),
        guarantee_share=np.ones(n),
        guarantor_default_probability_annual=failing,
    )
    assert len(CreditCells.of(loans).hazard_annual) < MOST_EXACT_CELLS
    found = simulate_losses(loans, MARKET, FLAT, n_paths=n_paths, seed=SEED)
    error = np.sqrt((failing * (1.0 - failing)).sum() / n_paths)
    assert abs(found.expected_loss - failing.sum()) < 4 * error
    terms = conditional_expected_losses(loans, MARKET, FLAT, n_paths=2, seed=SEED)
    np.testing.assert_allclose(terms.expected_loss_cny[:, 0], failing, rtol=1e-9)


def test_loans_of_weighted_paths_count_by_weight() -> None:
    """P(default) is p, and E[C | default] = E[C] N(N^-1(p) - rho s) / p for a lognormal C; see `quant.credit`."""
    p, log_sd, r2, linked, n_paths = 0.05, 0.4, 0.36, 0.6, 40_000
    market = FactorModel(
        (
            PrimaryFactor("cycle", 0.0, volatility_annual=1.0),
            PrimaryFactor("price", 0.0, volatility_annual=log_sd),
        ),
        (),
        np.array([[1.0, linked], [linked, 1.0]]),
    )
    pledge = ExposureSchedule("a", np.array([5.0]), ("price",), np.array([0.5]), ("",), CollateralTerms())
    loans = replace(
        book(np.array([p])),
        asset_correlation=np.array([r2]),
        index_weights=np.array([[1.0, 0.0]]),
        pledges=Pledges.each_its_own([pledge], np.zeros(1, dtype=np.intp), np.ones(1)),
    )
    found = simulate_losses(loans, market, FLAT, n_paths=n_paths, seed=SEED, towards_tail=True)
    assert found.effective_paths < 0.9 * n_paths
    n_defaults = n_paths * p / LARGEST_WEIGHT
    assert abs(found.loan_default_share[0] / p - 1.0) < 4 / np.sqrt(n_defaults)
    mean = 0.5 * np.exp(0.5 * log_sd**2 * 5.0) * float(FLAT(np.array([5.0]))[0] / FLAT(np.array([1.0]))[0])
    expected = mean * ndtr(ndtri(p) - np.sqrt(r2) * linked * log_sd) / p
    np.testing.assert_allclose(
        found.loan_collateral_in_default, expected, rtol=4 * log_sd / np.sqrt(n_defaults)
    )


def test_a_fund_is_exhausted_only_beyond_its_cap() -> None:
    """Two loans that default for certain claim half of 1 each: a cap of 1.1 or of 1 lasts, one of 0.9 does not."""
    for cap, exhausted, loss in ((1.1, 0.0, 1.0), (1.0, 0.0, 1.0), (0.9, 1.0, 1.1)):
        loans = replace(
            book(np.ones(2)),
            compensation_share=np.full(2, 0.5),
            fund_of_loan=np.zeros(2, dtype=np.intp),
            fund_cap_cny=np.array([cap]),
        )
        found = simulate_losses(loans, MARKET, FLAT, n_paths=8, seed=SEED)
        assert found.fund_exhausted.tolist() == [exhausted]
        np.testing.assert_allclose(found.fund_payments, min(cap, 1.0), rtol=1e-12)
        np.testing.assert_allclose(found.path_losses, loss, rtol=1e-9)


def test_claims_that_just_fill_a_cap_do_not_exhaust_it_by_rounding() -> None:
    """0.1 + 0.1 + 0.1 is 0.30000000000000004."""
    loans = replace(
        book(np.ones(3)),
        compensation_share=np.full(3, 0.1),
        fund_of_loan=np.zeros(3, dtype=np.intp),
        fund_cap_cny=np.array([0.3]),
    )
    found = simulate_losses(loans, MARKET, FLAT, n_paths=8, seed=SEED)
    assert found.fund_exhausted.tolist() == [0.0]
