"""A book with every feature at once against loops that know nothing of tables, chunks of work or whole numbers."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import NO_FUND, LoanBook, Pledges
from quant.loan_losses.contributions import tail_contributions
from quant.loan_losses.fans import FAN_PROBABILITIES
from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.portfolio import loss_simulation
from quant.schedules import Array, CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.plain_losses import PlainLosses, PlainModel

SEED = 20260821
N_PATHS = 400
# The normal quantile of compiled code is good to 1e-7 (`quant.draws.normal_quantile`), and stands in an exponent.
CLOSE = 1e-6
ENDS = np.array([0.5, 1.0, 1.5, 2.0])
MARKET = FactorModel(
    (
        PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0, deviation=0.3),
        PrimaryFactor("price", math.log(50.0), growth_annual=0.02, volatility_annual=0.4),
        PrimaryFactor("inflow", 2.0, mean_reversion_annual=0.8, volatility_annual=0.3, deviation=-0.2),
    ),
    (),
    np.array([[1.0, 0.6, 0.2], [0.6, 1.0, 0.3], [0.2, 0.3, 1.0]]),
)


def sloped(years: Array) -> Array:
    """A curve whose forward factors are not those of today: 2 % today, 1 % more after each ten years."""
    factors: Array = np.exp(-0.02 * years - 0.0005 * years**2)
    return factors


def schedule(
    asset_id: str, times: list[float], factor: str, quantity: float, terms: CollateralTerms
) -> ExposureSchedule:
    n = len(times)
    return ExposureSchedule(asset_id, np.array(times), (factor,) * n, np.full(n, quantity), ("",) * n, terms)


NOISY = CollateralTerms(
    risk_premium_annual=0.08, event_intensity=0.9, event_severity=0.4, quantity_cv=0.3, disposal_cost=0.1,
    disposal_lag_years=1.5, liquidity_discount=0.2,
)  # fmt: skip
ASSETS = (
    schedule("river", [0.25, 0.75, 1.25, 3.0, 5.0], "price", 0.3, NOISY),
    schedule("wood", [4.0, 6.0], "inflow", 0.9, CollateralTerms(risk_premium_annual=0.05)),
    schedule("river", [1.0, 2.0, 4.0], "price", 0.4, NOISY),
    schedule("mine", [2.5], "price", 0.3, CollateralTerms(event_intensity=0.5, event_severity=1.0)),
)


def full_book() -> LoanBook:
    """Sixteen loans of eleven borrowers; lives end before, within, at and after the periods, one has matured.

    Borrowers 2 and 7 guarantee for each other, 6 has no loan any more, the other guarantors do not borrow.
    """
    n = 16
    guarantors = np.arange(n) % 3 + 100
    guarantors[[3, 11, 14]] = 7, 2, 6
    years = np.array([0.3, 0.5, 0.8, 1.0, 1.3, 1.5, 5.0, 5.0, 2.0, 0.0, 0.7, 1.75, 3.0, 0.4, 9.0, 2.0])
    return LoanBook(
        exposure_cny=np.linspace(20.0, 90.0, n)[:, None] * np.array([1.0, 0.9, 0.7, 0.4]),
        default_probability_annual=np.linspace(0.1, 0.6, n)[np.arange(n) * 11 % n],
        years_at_risk=years,
        asset_correlation=np.where(np.arange(n) < 12, 0.25, 0.1),
        index_of_loan=(np.arange(n) // 4 % 2).astype(np.intp),
        borrower_of_loan=np.array([1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11]),
        unsecured_lgd=np.linspace(0.4, 1.0, n),
        guarantee_share=np.array([0.0, 0.5, 0.0, 0.8, 1.0, 0.0, 0.6, 0.0] * 2),
        guarantor_of_loan=guarantors,
        guarantor_default_probability_annual=np.array([0.0, 0.3, 0.2, 0.5, 0.4, 0.0, 0.2, 0.1] * 2),
        # Loan 0 has a share and no fund behind it.
        compensation_share=np.array([0.9, 0.3, 0.0, 0.5, 0.4, 0.2, 0.3, 0.6] * 2),
        fund_of_loan=np.array([NO_FUND, 0, 0, 1, 1, 1, 2, 2] * 2),
        index_weights=np.array([[1.0, 0.0, 0.0], [0.5, 1.0, -0.4]]),
        period_ends_years=ENDS,
        fund_cap_cny=np.array([np.inf, 12.0, 25.0]),
        pledges=Pledges(
            ASSETS,
            schedule=np.array([0, 1, 2, 3, 0, 1, 2, 3, 0]),
            loan=np.array([0, 2, 2, 5, 6, 6, 8, 12, 15]),
            multiple=np.array([1.0, 0.6, 0.4, 1.0, 0.5, 2.0, 0.7, 1.5, 0.9]),
            # The two schedules of the river are parts of one asset; so are the two woods.
            asset_lane=np.array([11, 12, 11, 13, 11, 12, 11, 14, 11]),
        ),
        hazard_multiples=np.array([[1.0, 0.7, 1.2, 0.9], [0.5, 1.5, 2.0, 0.2]]),
        curve_of_loan=(np.arange(n) // 8).astype(np.intp),
        guarantor_borrows=guarantors < 100,
    )


@cache
def both(*, towards_tail: bool) -> tuple[LossSimulation, LossSummary, PlainLosses]:
    simulation = loss_simulation(
        full_book(), MARKET, sloped, n_paths=N_PATHS, seed=SEED, towards_tail=towards_tail
    )
    list(simulation.run())
    states, _ = simulation.work.sampler.draw(0, N_PATHS)
    plain = PlainModel(full_book(), MARKET, sloped).losses(states, SEED)
    return simulation, simulation.summary(), plain


@pytest.fixture(params=[False, True], ids=["plain", "towards the tail"])
def case(request: pytest.FixtureRequest) -> tuple[LossSimulation, LossSummary, PlainLosses]:
    return both(towards_tail=request.param)


Case = tuple[LossSimulation, LossSummary, PlainLosses]


def test_losses_of_paths_and_loans(case: Case) -> None:
    _, found, plain = case
    weights = found.path_weights
    assert (plain.period >= 0).any(axis=0).sum() == 15  # all but the loan that has matured default somewhere
    np.testing.assert_allclose(found.path_losses, plain.loss.sum(axis=1), rtol=CLOSE)
    np.testing.assert_allclose(found.loan_expected_loss, weights @ plain.loss / N_PATHS, rtol=CLOSE)
    np.testing.assert_allclose(found.expected_loss, (weights @ plain.loss).sum() / N_PATHS, rtol=CLOSE)
    mean = float(weights @ plain.loss.sum(axis=1)) / N_PATHS
    variance = float(weights @ (plain.loss.sum(axis=1) - mean) ** 2) / (N_PATHS - 1)
    np.testing.assert_allclose(found.unexpected_loss, math.sqrt(variance), rtol=CLOSE)


def test_defaults_and_what_the_pledges_brought(case: Case) -> None:
    _, found, plain = case
    weights = found.path_weights
    defaulted = plain.period >= 0
    assert found.n_defaults == defaulted.sum()
    # Weights are counted in millionths.
    np.testing.assert_allclose(found.loan_default_share, weights @ defaulted / weights.sum(), rtol=1e-5)
    seen = defaulted.any(axis=0)
    expected = (weights @ plain.collateral)[seen] / (weights @ defaulted)[seen]
    np.testing.assert_allclose(found.loan_collateral_in_default[seen], expected, rtol=1e-5)
    assert np.isnan(found.loan_collateral_in_default[~seen]).all()


def test_funds_pay_once_for_all_loans_of_a_path(case: Case) -> None:
    _, found, plain = case
    weights, cap = found.path_weights, full_book().fund_cap_cny
    assert ((plain.claims > cap).mean(axis=0) > 0.05).tolist() == [False, True, True]
    paid = weights @ np.minimum(plain.claims, cap) / N_PATHS
    # What a fund without a cap pays is not told.
    np.testing.assert_allclose(found.fund_payments, [0.0, *paid[1:]], rtol=CLOSE)
    np.testing.assert_allclose(
        found.fund_exhausted, weights @ (plain.claims > cap) / weights.sum(), rtol=1e-9
    )


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_contributions_are_the_losses_of_the_worst_paths(case: Case, confidence: float) -> None:
    simulation, found, plain = case
    losses, weights = plain.loss.sum(axis=1), found.path_weights
    left = N_PATHS * (1.0 - confidence)
    expected = np.zeros(len(full_book()))
    for p in np.argsort(-losses):
        taken = min(float(weights[p]), left)
        expected += taken * plain.loss[p] / (N_PATHS * (1.0 - confidence))
        left -= taken
    who = tail_contributions(simulation, found, confidence)
    np.testing.assert_allclose(who.by_loan, expected, rtol=CLOSE)


def test_non_performing_loans_are_a_stock(case: Case) -> None:
    _, found, plain = case
    exposure = full_book().exposure_cny
    ratios = np.empty((N_PATHS, len(ENDS)))
    for p in range(N_PATHS):
        for k in range(len(ENDS)):
            gone = [i for i in range(len(exposure)) if 0 <= plain.period[p, i] <= k]
            bad = sum(exposure[i, plain.period[p, i]] for i in gone)
            good = sum(exposure[i, k] for i in range(len(exposure)) if i not in gone)
            ratios[p, k] = bad / (bad + good)
    assert found.npl is not None
    check_fan(found.npl.mean, found.npl.quantiles, ratios, found.path_weights)


def test_loan_to_value_is_that_of_the_secured_loans(case: Case) -> None:
    simulation, found, _ = case
    states, _ = simulation.work.sampler.draw(0, N_PATHS)
    book, model = full_book(), PlainModel(full_book(), MARKET, sloped)
    ratios = np.empty((N_PATHS, len(ENDS)))
    secured = sorted(set(book.pledges.loan.tolist()))
    for k, end in enumerate(ENDS):
        for p in range(N_PATHS):
            value = 0.0
            for pledge, multiple in enumerate(book.pledges.multiple):
                asset = book.pledges.schedules[book.pledges.schedule[pledge]]
                stands = math.exp(-asset.terms.event_intensity * asset.terms.event_severity * end)
                sold = model.sold_share(asset.terms, end) * stands * multiple
                value += model.value(asset, end, states[:, k, p], floor=False) * sold
            ratios[p, k] = sum(book.exposure_cny[i, k] for i in secured) / value
    assert found.ltv is not None
    check_fan(found.ltv.mean, found.ltv.quantiles, ratios, found.path_weights)


def check_fan(mean: Array, quantiles: Array, ratios: Array, weights: Array) -> None:
    np.testing.assert_allclose(mean, weights @ ratios / weights.sum(), rtol=1e-9)
    for row, probability in zip(quantiles, FAN_PROBABILITIES, strict=True):
        for k in range(ratios.shape[1]):
            order = np.argsort(ratios[:, k])
            below, share = 0, 0.0
            while share + weights[order[below]] < probability * weights.sum() * (1.0 - 1e-9):
                share += weights[order[below]]
                below += 1
            assert row[k] == pytest.approx(ratios[order[below], k], rel=1e-9)


def test_collateral_at_large_is_weighted_by_when_the_loan_would_default() -> None:
    """E V is today's forward; the weights are the steps of 1 - exp(-hazard spent), up to the end of the life."""
    book, model = full_book(), PlainModel(full_book(), MARKET, sloped)
    _, found, _ = both(towards_tail=False)
    today = MARKET.initial_states()
    for loan in sorted(set(book.pledges.loan.tolist())):
        multiples = book.curves()[0][book.curves()[1][loan]]
        hazard, life = float(book.hazards_annual()[loan]), float(book.years_at_risk[loan])
        before, start, spent, total = 0.0, 0.0, 0.0, 0.0
        for k, end in enumerate(ENDS):
            spent += hazard * multiples[k] * max(min(end, life) - start, 0.0)
            start, gone = end, 1.0 - math.exp(-spent)
            for pledge in np.flatnonzero(book.pledges.loan == loan):
                asset = book.pledges.schedules[book.pledges.schedule[pledge]]
                kept = math.exp(-asset.terms.event_intensity * asset.terms.event_severity * end)
                later = [j for j, t in enumerate(asset.times_years) if t > end]
                rest = replace(
                    asset,
                    times_years=asset.times_years[later],
                    factors=tuple(asset.factors[j] for j in later),
                    quantities=asset.quantities[later],
                    labels=("",) * len(later),
                )
                rate = (
                    asset.terms.risk_premium_annual + asset.terms.event_intensity * asset.terms.event_severity
                )
                forward = model.value(rest, 0.0, today) / model.price(end) * math.exp(rate * end)
                sold = model.sold_share(asset.terms, end) * float(book.pledges.multiple[pledge])
                total += (gone - before) * forward * kept * sold
            before = gone
        assert found.loan_collateral_mean[loan] == pytest.approx(total / before, rel=1e-9)
