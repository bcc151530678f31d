import numpy as np
import pytest
from scipy.stats import poisson

from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.market.curves import DiscountCurve
from quant.market.piecewise import PiecewiseLinear
from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import REPORTED_PROBABILITIES, HorizonScenarios
from quant.pledges.pledge_values import AssetValues, value_assets
from quant.schedules import Array, CollateralTerms, ExposureSchedule, ScheduleBook

N_PATHS = 1024
CURVE = DiscountCurve((1.0, 5.0), (0.03, 0.04))
MODEL = FactorModel(
    (
        PrimaryFactor("price", 0.0, 0.01, 0.3, 0.4),
        PrimaryFactor("flow", 1.0, 0.0, 0.5, 0.2, 0.1),
    ),
    (DerivedFactor("revenue", "flow", PiecewiseLinear((1.0, 2.0, 3.0), (0.0, 1.0, 1.5)), "price"),),
    np.array([[1.0, 0.3], [0.3, 1.0]]),
)
SCENARIOS = HorizonScenarios.draw(MODEL, 1.0, N_PATHS, seed=7)


def schedule(i: int, *, cost: float = 0.0) -> ExposureSchedule:
    """Rows at fractions and whole years, before and after the horizon, on all factors."""
    n = 1 + i % 23
    times = np.asarray(0.25 + np.arange(n) * (0.5 + 0.1 * (i % 7)), dtype=np.float64)
    factors = tuple(MODEL.names[(i + k) % 3] for k in range(n))
    quantities = np.linspace(1.0, 2.0, n) * 10.0 ** (i % 5) - cost
    terms = CollateralTerms(0.02, 0.03 * (i % 3), 0.8, 0.1 * (i % 4))
    return ExposureSchedule(f"asset-{i}", times, factors, quantities, ("",) * n, terms)


def new_bank(**bounds: int) -> CellBank:
    return CellBank(MODEL, CURVE.discount_factors, SCENARIOS, **bounds)


def figures(values: AssetValues, i: int) -> list[str]:
    """Every figure of one asset by its bits."""
    of = values.at_horizon
    numbers = (
        values.value[i], values.undiscounted[i], values.first_year[i], of.mean[i], of.sd[i], of.mean_error[i],
        *of.quantiles[i], *of.quantile_errors[i],
    )  # fmt: skip
    return [float(number).hex() for number in numbers]


def by_sparse_product(book: ScheduleBook) -> Array:
    """The values on the paths by the other way: one matrix product, then valuation error and loss of the right."""
    at_years = SCENARIOS.at_years
    values = book.values_at(MODEL, CURVE.discount_factors, SCENARIOS.states, at_years)
    log_sd = np.sqrt(np.log1p(book.terms_array("quantity_cv") ** 2))[:, None]
    mean_events = book.terms_array("event_intensity")[:, None] * at_years
    events = poisson.isf(SCENARIOS.event_uniforms[None, :], mean_events)
    kept = (1.0 - book.terms_array("event_severity")[:, None]) ** events
    found: Array = values * np.exp(log_sd * SCENARIOS.quantity_normals - 0.5 * log_sd**2) * kept
    return found


def test_values_equal_those_of_the_sparse_product() -> None:
    schedules = [schedule(i) for i in range(60)]
    found = value_assets([[one] for one in schedules], new_bank(), REPORTED_PROBABILITIES)
    book = ScheduleBook.stack(schedules, MODEL)
    np.testing.assert_allclose(found.value, book.present_values(MODEL, CURVE.discount_factors), rtol=1e-13)
    on_paths = by_sparse_product(book)
    sd = on_paths.std(axis=1, ddof=1)
    np.testing.assert_allclose(found.at_horizon.mean, on_paths.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.at_horizon.sd, sd, rtol=1e-10)
    np.testing.assert_allclose(found.at_horizon.mean_error, sd / np.sqrt(N_PATHS), rtol=1e-10)
    quantiles = np.quantile(on_paths, REPORTED_PROBABILITIES, axis=1).T
    np.testing.assert_allclose(found.at_horizon.quantiles, quantiles, rtol=1e-12)


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_an_asset_has_the_same_bits_alone_and_in_any_batch(order: str) -> None:
    numbers = list(range(100)) if order == "forward" else list(range(99, -1, -1))
    batch = value_assets([[schedule(i)] for i in numbers], new_bank(), REPORTED_PROBABILITIES)
    warm = new_bank()
    for position, i in enumerate(numbers):
        cold_alone = value_assets([[schedule(i)]], new_bank(), REPORTED_PROBABILITIES)
        warm_alone = value_assets([[schedule(i)]], warm, REPORTED_PROBABILITIES)
        assert figures(batch, position) == figures(cold_alone, 0) == figures(warm_alone, 0)


def test_a_bank_that_runs_over_gives_the_same_bits() -> None:
    tiny = new_bank(values_kept=4 * N_PATHS)
    roomy = new_bank()
    for i in range(40):
        expected = value_assets([[schedule(i)]], roomy, REPORTED_PROBABILITIES)
        assert figures(value_assets([[schedule(i)]], tiny, REPORTED_PROBABILITIES), 0) == figures(expected, 0)


def test_rows_add_up_to_the_value() -> None:
    values = value_assets([[schedule(i)] for i in range(30)], new_bank(), (0.5,))
    for i in range(30):
        rows = slice(values.row_start[i], values.row_start[i] + len(schedule(i)))
        assert values.present_value[rows].sum() == pytest.approx(values.value[i], rel=1e-12)
        assert values.expected_amount[rows].sum() == pytest.approx(values.undiscounted[i], rel=1e-12)


def test_alternatives_count_by_the_better_one_on_every_path() -> None:
    one, other = schedule(4), schedule(11)
    bank = new_bank()
    both = value_assets([[one, other]], bank, (0.1, 0.5))
    alone = value_assets([[one], [other]], bank, (0.1, 0.5))
    assert both.value[0] == max(alone.value)
    assert both.best[0] == int(np.argmax(alone.value))
    # E max(X, Y) >= max(E X, E Y), and quantiles of the larger are not below those of either.
    assert both.at_horizon.mean[0] >= alone.at_horizon.mean.max()
    assert np.all(both.at_horizon.quantiles[0] >= alone.at_horizon.quantiles.max(axis=0))


def test_a_choice_between_equals_is_worth_either() -> None:
    bank = new_bank()
    assert figures(value_assets([[schedule(4), schedule(4)]], bank, (0.1,)), 0) == figures(
        value_assets([[schedule(4)]], bank, (0.1,)), 0
    )


def test_an_unknown_factor_is_named() -> None:
    wrong = ExposureSchedule("a", np.ones(1), ("gold",), np.ones(1), ("",), CollateralTerms())
    with pytest.raises(KeyError, match="gold"):
        value_assets([[wrong]], new_bank(), (0.5,))
