"""Expected losses by period: closed forms, quadrature over the index, and the same bits for any number of threads."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from quant.credit import expected_loss_lognormal_collateral
from quant.credit_risk.conditional_loss import LossTerms, conditional_expected_losses
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.market.curves import DiscountCurve
from quant.schedules import CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import bare_book

SEED = 20260821
FLAT = DiscountCurve.flat(0.03).discount_factors
PRICE_SD = 0.4
QUARTERS = np.arange(1, 13) / 4.0
MARKET = FactorModel(
    (
        PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0, deviation=0.3),
        PrimaryFactor("price", math.log(50.0), volatility_annual=PRICE_SD),
    ),
    (),
    np.array([[1.0, 0.6], [0.6, 1.0]]),
)


def pledged(loans: LoanBook, median_ratio: float, terms: CollateralTerms | None = None) -> LoanBook:
    """Each loan secured by one payment in year 5 whose value after a year has the given median."""
    median = float(50.0 * math.exp(PRICE_SD**2 * 4.0 / 2) * FLAT(5.0) / FLAT(1.0))
    schedule = ExposureSchedule(
        "a", np.array([5.0]), ("price",), np.array([median_ratio / median]), ("",), terms or CollateralTerms()
    )
    n = len(loans)
    return replace(loans, pledges=Pledges.each_its_own([schedule] * n, np.arange(n), np.ones(n)))


def run(loans: LoanBook, n_paths: int = 16_384, n_threads: int = 2) -> LossTerms:
    return conditional_expected_losses(loans, MARKET, FLAT, n_paths=n_paths, seed=SEED, n_threads=n_threads)


@pytest.mark.parametrize("rho", [0.0, 0.2, 0.6])
def test_mean_survival_follows_the_term_structure(rho: float) -> None:
    found = run(bare_book(ends=QUARTERS, rho=rho, pd=0.08))
    expected = 1.0 - 0.92**QUARTERS
    # The cumulated probability is at most 1 and its deviation is below its root: 4 standard errors.
    tolerance = 4 * np.sqrt(expected * rho) / math.sqrt(16_384) + 1e-12
    assert np.all(np.abs(np.cumsum(found.marginal_pd[0]) - expected) < tolerance)


def test_a_loan_is_at_risk_until_its_last_instalment() -> None:
    loans = replace(bare_book(3, ends=QUARTERS, rho=0.0), years_at_risk=np.array([0.0, 1.1, 2.0]))
    total = run(loans, 64).marginal_pd.sum(axis=1)
    assert total == pytest.approx([0.0, 1 - 0.95**1.1, 1 - 0.95**2.0], rel=1e-9)


def test_one_period_takes_the_probability_over_the_life_in_it() -> None:
    loans = replace(bare_book(pd=0.1, rho=0.3), years_at_risk=np.array([0.4]))
    found = run(loans)
    assert found.marginal_pd[0, 0] == pytest.approx(1 - 0.9**0.4, rel=0.02)


@pytest.mark.parametrize("valuation_cv", [0.0, 0.5])
def test_lognormal_collateral_loses_as_the_closed_form_says(valuation_cv: float) -> None:
    pd, rho, ratio = 0.1, 0.3, 0.9
    loans = pledged(bare_book(pd=pd, rho=rho), ratio, CollateralTerms(quantity_cv=valuation_cv))
    found = run(loans, 65_536)
    step = MARKET.step_covariance(1.0)
    noise = math.sqrt(math.log1p(valuation_cv**2))
    width = math.hypot(PRICE_SD, noise)
    link = math.sqrt(rho) * step[0, 1] / math.sqrt(step[0, 0] * step[1, 1]) * PRICE_SD / width
    expected = float(expected_loss_lognormal_collateral(pd, ratio * math.exp(-0.5 * noise**2), width, link))
    # The conditional loss is at most the conditional PD, whose deviation is about 1.2 times its mean here.
    assert abs(found.expected_loss_cny[0, 0] - expected) < 4 * 1.2 * pd / math.sqrt(65_536)


def test_loss_of_the_right_is_a_mixture() -> None:
    terms = CollateralTerms(event_intensity=0.25, event_severity=1.0)
    found = run(pledged(bare_book(pd=0.1, rho=0.0), 1e6, terms), 64)
    assert found.expected_loss_cny[0, 0] == pytest.approx(0.1 * -math.expm1(-0.25), rel=1e-9)


def test_a_guarantor_fails_on_the_same_index_and_the_fund_comes_after_it() -> None:
    pd, guarantor_pd, rho = 0.1, 0.2, 0.4
    loans = replace(
        bare_book(pd=pd, rho=rho),
        guarantee_share=np.array([0.8]),
        guarantor_default_probability_annual=np.array([guarantor_pd]),
        compensation_share=np.array([0.25]),
        fund_of_loan=np.array([0]),
        fund_cap_cny=np.array([np.inf]),
    )
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    given = [ndtr((ndtri(p) - math.sqrt(rho) * nodes) / math.sqrt(1 - rho)) for p in (pd, guarantor_pd)]
    both = float(weights @ (given[0] * given[1])) / math.sqrt(2 * math.pi)
    expected = 0.75 * (0.2 * pd + 0.8 * both)
    assert run(loans, 65_536).expected_loss_cny[0, 0] == pytest.approx(expected, rel=0.02)


def test_threads_do_not_change_a_bit() -> None:
    loans = pledged(
        bare_book(1_300, ends=QUARTERS), 0.9, CollateralTerms(quantity_cv=0.2, event_intensity=0.02)
    )
    one, two = (run(loans, 514, n) for n in (1, 2))
    assert one.expected_loss_cny.tobytes() == two.expected_loss_cny.tobytes()
    assert one.expected_collateral_cny.tobytes() == two.expected_collateral_cny.tobytes()


def test_an_odd_number_of_paths_is_refused() -> None:
    with pytest.raises(ValueError, match="found 7, expected an even number"):
        run(bare_book(ends=QUARTERS), 7)
