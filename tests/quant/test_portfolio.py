"""Every expected figure is a closed form; Monte-Carlo tolerances are k standard errors of the same run."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.credit import expected_loss_lognormal_collateral, vasicek_loss_quantile
from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.loan_losses.collateral_table import MOST_EXACT_CELLS
from quant.loan_losses.contributions import tail_contributions
from quant.loan_losses.default_index import DefaultIndices
from quant.loan_losses.simulation import LossSummary
from quant.market.curves import DiscountCurve
from quant.market.piecewise import PiecewiseLinear
from quant.portfolio import loss_simulation, simulate_losses
from quant.schedules import CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import ONE_YEAR, bare_book

SEED = 20260821
FLAT = DiscountCurve.flat(0.03).discount_factors
PRICE_SD = 0.4
QUARTERS = np.arange(1, 13) / 4.0


def market(correlation: float = 0.6) -> FactorModel:
    return FactorModel(
        (
            PrimaryFactor(
                "credit_cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0, deviation=0.3
            ),
            PrimaryFactor("price", math.log(50.0), volatility_annual=PRICE_SD),
        ),
        (
            DerivedFactor(
                "margin", "price", PiecewiseLinear((0.0,), (-50.0,), left_slope=1.0, right_slope=1.0)
            ),
        ),
        np.array([[1.0, correlation], [correlation, 1.0]]),
    )


def schedule(
    quantity: float,
    *,
    factor: str = "price",
    time_years: float = 5.0,
    asset_id: str = "a",
    terms: CollateralTerms | None = None,
) -> ExposureSchedule:
    return ExposureSchedule(
        asset_id,
        np.array([time_years]),
        (factor,),
        np.array([quantity]),
        ("",),
        CollateralTerms() if terms is None else terms,
    )


def secured(loans: LoanBook, *schedules: ExposureSchedule) -> LoanBook:
    n = len(schedules)
    loan = np.arange(n) % len(loans) if len(loans) >= n else np.zeros(n, dtype=np.intp)
    return replace(loans, pledges=Pledges.each_its_own(schedules, loan, np.ones(n)))


def run(loans: LoanBook, n_paths: int = 20_000, **changes: object) -> LossSummary:
    arguments: dict[str, object] = {"n_paths": n_paths, "seed": SEED}
    return simulate_losses(loans, market(), FLAT, **(arguments | changes))  # type: ignore[arg-type]  # changes


def mixed_book(ends: np.ndarray = ONE_YEAR) -> LoanBook:
    """Every feature at once: shared borrowers, guarantors, funds, two indices, noise, events, costs, several assets."""
    n = 12
    noisy = CollateralTerms(0.02, 0.05, 0.7, 0.3, 0.1, 1.5, 0.2)
    assets = (
        schedule(0.02, terms=noisy, asset_id="x"),
        schedule(0.01, factor="margin", asset_id="y"),
        schedule(0.015, terms=noisy, asset_id="x"),
        schedule(-0.005, time_years=2.0, asset_id="z"),
    )
    return replace(
        bare_book(n, pd=0.08, exposure=2.0, ends=ends),
        default_probability_annual=np.linspace(0.01, 0.2, n),
        years_at_risk=np.linspace(0.3, 6.0, n),
        borrower_of_loan=np.arange(n) // 2,
        index_of_loan=np.arange(n) % 2,
        index_weights=np.array([[1.0, 0.0], [0.5, 1.0]]),
        guarantee_share=np.linspace(0.0, 0.8, n),
        guarantor_of_loan=np.arange(n) // 3,
        guarantor_default_probability_annual=np.full(n, 0.05),
        compensation_share=np.full(n, 0.3),
        fund_of_loan=np.arange(n) % 3 - 1,
        fund_cap_cny=np.array([np.inf, 0.4]),
        pledges=Pledges.each_its_own(assets, np.array([0, 3, 3, 7]), np.array([1.0, 0.5, 0.8, 1.0])),
    )


@pytest.mark.parametrize("pd", [1e-15, 1e-18, 1e-30, 1e-300])
def test_who_hardly_ever_defaults_does_not(pd: float) -> None:
    # The distance to the next default is above 2^63 loans, which no whole number of 64 bits holds.
    found = run(bare_book(3, pd=pd), n_paths=1_000)
    assert (found.n_defaults, found.expected_loss) == (0, 0.0)


def test_many_small_unsecured_loans_lose_as_vasicek_says() -> None:
    n, pd, rho, lgd = 1_500, 0.02, 0.15, 0.45
    found = run(bare_book(n, pd=pd, rho=rho, lgd=lgd, exposure=1.0 / n), n_paths=20_000)
    assert abs(found.expected_loss - pd * lgd) < 4 * found.expected_loss_error
    for tail in found.tail[:2]:
        expected = lgd * float(vasicek_loss_quantile(tail.confidence, pd, rho))
        # A pool of n loans adds its own granularity: Gordy 2003, table 3: below 2 % of the quantile here.
        low, high = tail.value_at_risk_low, tail.value_at_risk_high
        assert low * 0.98 < expected < high * 1.02, (tail, expected)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.8])
@pytest.mark.parametrize("median_ratio", [0.6, 1.2])
def test_one_loan_with_lognormal_collateral_loses_as_the_closed_form_says(
    correlation: float, median_ratio: float
) -> None:
    pd, rho, years, at = 0.1, 0.3, 5.0, 1.0
    model = market(correlation)
    # V(1; x) = q 50 exp(x) exp(sd^2 (5 - 1) / 2) D(1, 5), whose median is at x = 0.
    median = float(50.0 * math.exp(PRICE_SD**2 * (years - at) / 2) * FLAT(years) / FLAT(at))
    loans = secured(bare_book(pd=pd, rho=rho), schedule(median_ratio / median, time_years=years))
    found = simulate_losses(loans, model, FLAT, n_paths=200_000, seed=SEED)
    step = model.step_covariance(at)
    state_correlation = step[0, 1] / math.sqrt(step[0, 0] * step[1, 1])
    expected = expected_loss_lognormal_collateral(
        pd, median_ratio, PRICE_SD * math.sqrt(at), math.sqrt(rho) * state_correlation
    )
    assert abs(found.expected_loss - float(expected)) < 4 * found.expected_loss_error


def test_valuation_error_widens_the_lognormal_of_the_collateral() -> None:
    pd, rho, cv = 0.1, 0.3, 0.5
    median = float(50.0 * math.exp(PRICE_SD**2 * 2.0) * FLAT(5.0) / FLAT(1.0))
    noisy = CollateralTerms(quantity_cv=cv)
    found = run(secured(bare_book(pd=pd, rho=rho), schedule(0.9 / median, terms=noisy)), n_paths=200_000)
    noise_sd = math.sqrt(math.log1p(cv**2))
    total_sd = math.hypot(PRICE_SD, noise_sd)
    step = market().step_covariance(1.0)
    correlation = step[0, 1] / math.sqrt(step[0, 0] * step[1, 1]) * PRICE_SD / total_sd
    expected = expected_loss_lognormal_collateral(
        pd, 0.9 * math.exp(-0.5 * noise_sd**2), total_sd, math.sqrt(rho) * correlation
    )
    assert abs(found.expected_loss - float(expected)) < 4 * found.expected_loss_error


def test_loss_of_the_right_mixes_secured_and_unsecured_loss() -> None:
    pd, rho, intensity = 0.1, 0.3, 0.25
    # Enough collateral to cover everything unless the right is lost, so the loss is pd x P(lost).
    terms = CollateralTerms(event_intensity=intensity)
    found = run(secured(bare_book(pd=pd, rho=rho), schedule(1e6, terms=terms)), n_paths=100_000)
    expected = pd * -math.expm1(-intensity)
    assert abs(found.expected_loss - expected) < 4 * found.expected_loss_error


def test_guarantor_failure_is_a_second_threshold_on_the_same_index() -> None:
    pd, guarantor_pd, rho, share = 0.1, 0.2, 0.4, 0.8
    loans = replace(
        bare_book(pd=pd, rho=rho),
        guarantee_share=np.array([share]),
        guarantor_default_probability_annual=np.array([guarantor_pd]),
    )
    found = run(loans, n_paths=200_000)
    # P(both default) by quadrature over the common index (Gauss-Hermite, 80 nodes).
    from scipy.special import ndtr, ndtri

    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    given_y = [ndtr((ndtri(p) - math.sqrt(rho) * nodes) / math.sqrt(1 - rho)) for p in (pd, guarantor_pd)]
    both = float(weights @ (given_y[0] * given_y[1])) / math.sqrt(2 * math.pi)
    expected = (1 - share) * pd + share * both
    assert abs(found.expected_loss - expected) < 4 * found.expected_loss_error


def test_no_default_probability_no_loss_and_full_guarantee_no_loss() -> None:
    assert run(bare_book(5, pd=0.0)).path_losses.max() == 0.0
    guaranteed = replace(bare_book(5, pd=0.3), guarantee_share=np.ones(5))
    found = run(guaranteed)
    assert found.path_losses.max() == 0.0
    assert found.loan_default_share.min() > 0.2


def test_certain_default_loses_the_uncovered_part_exactly() -> None:
    found = run(bare_book(2, pd=1.0, lgd=0.4, exposure=10.0), n_paths=500)
    assert np.all(found.path_losses == 8.0)
    assert found.tail[2].value_at_risk == 8.0
    assert found.tail[2].expected_shortfall == 8.0


def test_collateral_that_costs_more_than_it_brings_is_left_alone() -> None:
    found = run(secured(bare_book(pd=1.0, lgd=0.5, exposure=10.0), schedule(-1.0)), n_paths=500)
    assert np.all(found.path_losses == 5.0)
    assert found.loan_collateral_mean[0] == 0.0


def test_loans_of_one_borrower_default_together() -> None:
    loans = replace(bare_book(2, pd=0.1), borrower_of_loan=np.array([7, 7]))
    assert set(np.unique(run(loans).path_losses)) == {0.0, 2.0}
    assert set(np.unique(run(bare_book(2, pd=0.1)).path_losses)) == {0.0, 1.0, 2.0}


def test_wrong_way_collateral_is_worth_less_in_default() -> None:
    loans = secured(bare_book(pd=0.05, rho=0.3), schedule(0.01))
    wrong_way, independent = (
        simulate_losses(loans, market(c), FLAT, n_paths=100_000, seed=SEED) for c in (0.8, 0.0)
    )
    mean = 0.01 * 50.0 * math.exp(PRICE_SD**2 * 5.0 / 2) * FLAT(5.0) / FLAT(1.0)  # E V(1): the forward, at 1
    assert wrong_way.loan_collateral_mean[0] == pytest.approx(mean, rel=1e-12)
    assert wrong_way.loan_collateral_in_default[0] < 0.8 * mean
    sd = mean * math.sqrt(math.expm1(PRICE_SD**2)) / math.sqrt(0.05 * 100_000)
    assert abs(independent.loan_collateral_in_default[0] - mean) < 4 * sd


@pytest.mark.parametrize("times", [1e-6, 1.0, 50.0, 1e6])
def test_collateral_in_default_is_told_in_full_however_large(times: float) -> None:
    # Without a link default says nothing about the price: both means are the forward, 0.66 x times.
    loans = secured(bare_book(pd=0.2, rho=0.0), schedule(0.01 * times))
    found = run(loans, n_paths=40_000)
    mean = times * 0.01 * 50.0 * math.exp(PRICE_SD**2 * 5.0 / 2) * FLAT(5.0) / FLAT(1.0)
    assert found.loan_collateral_mean[0] == pytest.approx(mean, rel=1e-12)
    # The log of V(1) has the deviation of the price over a year.
    sd = mean * math.sqrt(math.expm1(PRICE_SD**2)) / math.sqrt(0.2 * 40_000)
    assert abs(found.loan_collateral_in_default[0] - mean) < 4 * sd


def test_a_small_loan_beside_a_large_one_keeps_its_collateral() -> None:
    sizes = np.array([1e9, 1.0])
    loans = replace(
        secured(bare_book(2, pd=1.0), schedule(0.01 * 1e9), schedule(0.01, asset_id="b")),
        exposure_cny=sizes[:, None],
    )
    found = run(loans, n_paths=2_000)
    # Everything defaults: both are the mean over the same paths of the same price.
    assert found.loan_collateral_in_default[1] * 1e9 == pytest.approx(
        found.loan_collateral_in_default[0], rel=1e-8
    )


def test_mean_of_collateral_that_may_be_negative_is_that_of_its_positive_part() -> None:
    # A call: max(50 e^{x + ...} - 50, 0) at s, by Black's formula on the conditional forward.
    from quant.factors import black_call

    found = run(secured(bare_book(pd=0.0), schedule(1.0, factor="margin")), n_paths=100_000)
    forward = 50.0 * math.exp(PRICE_SD**2 * 5.0 / 2)
    expected = float(black_call(forward, 50.0, PRICE_SD**2)) * FLAT(5.0) / FLAT(1.0)
    sd = forward * PRICE_SD * 1.2
    assert abs(found.loan_collateral_mean[0] - expected) < 4 * sd / math.sqrt(100_000)


def test_disposal_cost_lag_and_liquidity_discount_take_their_parts() -> None:
    plain = run(secured(bare_book(), schedule(0.01)), n_paths=300).loan_collateral_mean[0]
    terms = CollateralTerms(
        risk_premium_annual=0.0, disposal_cost=0.1, disposal_lag_years=1.5, liquidity_discount=0.3
    )
    sold = run(secured(bare_book(), schedule(0.01, terms=terms)), n_paths=300).loan_collateral_mean[0]
    assert sold == pytest.approx(plain * 0.9 * 0.7 * FLAT(2.5) / FLAT(1.0), rel=1e-12)


@pytest.mark.parametrize("ends", [ONE_YEAR, QUARTERS])
@pytest.mark.parametrize("towards_tail", [False, True])
def test_blocks_and_threads_do_not_change_a_bit(ends: np.ndarray, towards_tail: bool) -> None:
    loans = mixed_book(ends)
    prints = set()
    for block_paths, n_threads in ((3_001, 1), (1_000, 2), (37, 2), (4_096, 1), (None, 2)):
        simulation = loss_simulation(
            loans, market(), FLAT,
            n_paths=3_001, seed=SEED, towards_tail=towards_tail, block_paths=block_paths, n_threads=n_threads,
        )  # fmt: skip
        list(simulation.run())
        found = simulation.summary()
        assert found.npl is not None
        assert found.ltv is not None
        assert found.path_losses.max() > 0.0
        contributions = tail_contributions(simulation, found, 0.99)
        arrays = (
            found.path_losses, found.loan_expected_loss, found.loan_collateral_mean, found.loan_collateral_in_default,
            found.npl.quantiles, found.npl.mean, found.ltv.quantiles, contributions.by_loan, found.fund_payments,
        )  # fmt: skip
        prints.add((*(array.tobytes() for array in arrays), found.tail))
    assert len(prints) == 1


def scattered_book(n: int = 200) -> LoanBook:
    """Assets whose rows share no date with those of any other: evaluated on single paths, not on a grid."""
    noisy = CollateralTerms(0.02, 0.05, 0.7, 0.3, 0.1, 1.5, 0.2)
    assets = tuple(
        ExposureSchedule(
            f"s{i}",
            np.array([0.5, 2.0, 6.0]) + i / 1_000,
            ("price", "price", "margin") if i % 5 == 0 else ("price",) * 3,
            np.array([0.004, 0.003, 0.005]),
            ("",) * 3,
            noisy,
        )
        for i in range(n)
    )
    return replace(secured(bare_book(n, pd=0.06), *assets), borrower_of_loan=np.arange(n) + 1_000)


def test_assets_without_common_dates_are_worth_nearly_what_each_is_alone() -> None:
    scattered = scattered_book()
    assert sum(len(asset) for asset in scattered.pledges.schedules) > MOST_EXACT_CELLS
    whole = run(scattered, 2_000)
    for i in (0, 5, 77, 199):
        alone = run(
            secured(bare_book(1, pd=0.06), scattered.pledges.schedules[i]), 2_000
        )  # three cells: exact
        # Rows are moved by at most a quarter; the forward at 0 is kept, so that the mean is that of the exact one,
        # except where a value may be negative and the mean is one over paths.
        tolerance = 1e-3 if i % 5 == 0 else 1e-6
        assert whole.loan_collateral_mean[i] == pytest.approx(alone.loan_collateral_mean[0], rel=tolerance), i


def test_no_default_in_a_block_is_no_difficulty() -> None:
    for assets in (scattered_book().pledges.schedules, mixed_book().pledges.schedules):
        n = len(assets)
        found = run(secured(bare_book(n, pd=0.0), *assets), 300)
        assert found.path_losses.max() == 0.0
        assert np.isnan(found.loan_collateral_in_default).all()


def test_a_longer_run_starts_with_the_shorter_one() -> None:
    assert np.array_equal(run(mixed_book(), 2_000).path_losses[:700], run(mixed_book(), 700).path_losses)


def test_loans_add_up_to_the_book() -> None:
    found = run(mixed_book())
    assert found.loan_expected_loss.sum() == pytest.approx(found.expected_loss, rel=1e-12)
    assert found.path_losses.min() >= 0.0


@settings(max_examples=15, deadline=None)
@given(low=st.floats(0.0, 1.0), high=st.floats(0.0, 1.0), seed=st.integers(0, 2**62))
def test_loss_grows_with_lgd_on_every_path(low: float, high: float, seed: int) -> None:
    losses = [
        run(replace(mixed_book(), unsecured_lgd=np.full(12, lgd)), 400, seed=seed).path_losses
        for lgd in sorted((low, high))
    ]
    assert np.all(losses[0] <= losses[1])


def test_progress_is_told_and_may_stop_the_simulation() -> None:
    told: list[int] = []
    run(bare_book(), n_paths=1_000, block_paths=300, on_progress=told.append)
    assert told == [300, 600, 900, 1_000]

    def leave(done: int) -> None:
        if done >= 600:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(bare_book(), n_paths=1_000, block_paths=300, on_progress=leave)


def test_indices_are_standard_normal_whatever_the_factors() -> None:
    model, ends = market(), np.array([0.25, 2.0])
    indices = DefaultIndices.of(model, ends, np.array([[1.0, 0.0], [0.5, -2.0]]))
    values = indices.values(model, model.simulate_states(ends, 100_000, SEED))
    error = 4 / math.sqrt(100_000)
    assert np.all(np.abs(values.mean(axis=2)) < error)
    assert np.all(np.abs(values.std(axis=2) - 1.0) < error)


def test_an_index_without_randomness_is_refused() -> None:
    still = FactorModel((PrimaryFactor("calm", 0.0),), (), np.eye(1))
    with pytest.raises(ValueError, match="calm"):
        DefaultIndices.of(still, ONE_YEAR, np.ones((1, 1)))
    twins = FactorModel(
        (PrimaryFactor("a", 0.0, volatility_annual=0.2), PrimaryFactor("b", 0.0, volatility_annual=0.3)),
        (),
        np.ones((2, 2)),
    )
    with pytest.raises(ValueError, match="cancel"):
        DefaultIndices.of(twins, ONE_YEAR, np.array([[1.0, -1.0]]))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"default_probability_annual": np.array([1.5])}, r"default_probability_annual\[0\]: found 1.5"),
        ({"asset_correlation": np.array([1.0])}, "asset_correlation"),
        ({"exposure_cny": np.array([[np.nan]])}, "exposure_cny"),
        ({"unsecured_lgd": np.array([0.4, 0.4])}, "unsecured_lgd: found 2 entries, expected 1"),
        ({"exposure_cny": np.ones((1, 2))}, r"exposure_cny: found shape \(1, 2\), expected \(1, 1\)"),
        ({"fund_of_loan": np.array([3])}, "fund_of_loan"),
        ({"period_ends_years": np.array([0.0])}, "period_ends_years"),
    ],
)
def test_a_wrong_book_is_refused(change: dict[str, np.ndarray], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        replace(bare_book(), **change)  # type: ignore[arg-type]  # one field of any of them


@pytest.mark.parametrize(
    "change", [{"n_threads": 0}, {"n_paths": 0}, {"block_paths": 0}, {"n_paths": 2**24 + 1}]
)
def test_a_wrong_number_of_paths_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        run(bare_book(), **{"n_paths": 100, **change})  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_factor_of_a_schedule_is_named() -> None:
    unknown: Callable[[], LossSummary] = lambda: run(secured(bare_book(), schedule(1.0, factor="gold")))  # noqa: E731
    with pytest.raises(KeyError, match="gold"):
        unknown()
