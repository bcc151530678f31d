"""Value of schedules: closed forms, additivity, and what happens at the edges of time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.factors import FactorModel, PrimaryFactor
from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import HorizonScenarios, quantiles_of_sorted, realised_present_values
from quant.pledges.pledge_values import value_assets
from quant.schedules import Array, CollateralTerms, ExposureSchedule, ScheduleBook

MODEL = FactorModel(
    (PrimaryFactor("price", np.log(40.0), 0.01, 0.3, 0.35), PrimaryFactor("cny", 0.0)),
    (),
    np.eye(2),
)


def discount(times: Array) -> Array:
    """A flat 3 % a year."""
    factors: Array = 1.03 ** -np.asarray(times)
    return factors


def schedule(rows: list[tuple[float, str, float]], terms: CollateralTerms | None = None) -> ExposureSchedule:
    return ExposureSchedule(
        "asset",
        np.array([t for t, _, _ in rows]),
        tuple(f for _, f, _ in rows),
        np.array([q for _, _, q in rows]),
        tuple("row" for _ in rows),
        CollateralTerms() if terms is None else terms,
    )


def test_fixed_cash_is_an_annuity() -> None:
    # 15 payments of 100 at 3 %: 100 (1 - 1.03^-15) / 0.03 = 1193.79 (closed form).
    book = ScheduleBook.stack([schedule([(float(t), "cny", 100.0) for t in range(1, 16)])], MODEL)
    assert book.present_values(MODEL, discount)[0] == pytest.approx(
        100.0 * (1.0 - 1.03**-15) / 0.03, rel=1e-13
    )


def test_premium_and_event_shorten_the_annuity() -> None:
    terms = CollateralTerms(risk_premium_annual=0.02, event_intensity=0.01, event_severity=0.5)
    book = ScheduleBook.stack([schedule([(4.0, "cny", 100.0)], terms)], MODEL)
    alive = np.exp(-0.01 * 0.5 * 4.0)
    expected = 100.0 * 1.03**-4 * np.exp(-0.08) * alive
    assert book.present_values(MODEL, discount)[0] == pytest.approx(expected, rel=1e-13)


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 1.0, 2.0, 7.5]), st.sampled_from(["price", "cny"]), st.floats(-1e6, 1e6)
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(ROWS)
def test_lines_add_up_to_the_value(rows: list[tuple[float, str, float]]) -> None:
    book = ScheduleBook.stack([schedule(rows, CollateralTerms(0.03, 0.02, 0.7))], MODEL)
    _, present = book.row_values(MODEL, discount)
    assert present.sum() == pytest.approx(book.present_values(MODEL, discount)[0], rel=1e-12, abs=1e-6)


@settings(deadline=None)
@given(ROWS, ROWS)
def test_a_book_values_each_asset_as_if_it_were_alone(
    first: list[tuple[float, str, float]], second: list[tuple[float, str, float]]
) -> None:
    both = ScheduleBook.stack([schedule(first), schedule(second)], MODEL).present_values(MODEL, discount)
    alone = [
        ScheduleBook.stack([schedule(r)], MODEL).present_values(MODEL, discount)[0] for r in (first, second)
    ]
    np.testing.assert_allclose(both, alone, rtol=1e-12, atol=1e-6)


def test_realised_value_has_the_mean_that_valuation_gives() -> None:
    terms = CollateralTerms(0.02, 0.3, 0.8, quantity_cv=0.25)
    rows = [(float(t), "price", 1000.0) for t in range(1, 11)] + [(3.0, "cny", -5000.0)]
    book = ScheduleBook.stack([schedule(rows, terms)], MODEL)
    realised = realised_present_values(book, MODEL, discount, 200_000, seed=5)[0]
    error = realised.std() / np.sqrt(len(realised))
    assert abs(realised.mean() - book.present_values(MODEL, discount)[0]) < 4.0 * error


@pytest.mark.parametrize("severity", [1.0, 0.7, 0.2])
def test_value_at_a_horizon_rolls_forward(severity: float) -> None:
    # Discounted value at s, loss of the right included, plus what was paid until s, has today's value as its mean.
    terms = CollateralTerms(0.02, 0.3, severity, quantity_cv=0.2)
    book = ScheduleBook.stack([schedule([(float(t), "price", 10.0) for t in range(1, 11)], terms)], MODEL)
    scenarios = HorizonScenarios.draw(MODEL, 3.0, 200_000, seed=9)
    found = value_assets([book.schedules], CellBank(MODEL, discount, scenarios), (0.5,)).at_horizon
    early = ScheduleBook.stack([schedule([(float(t), "price", 10.0) for t in (1, 2, 3)], terms)], MODEL)
    rest = book.present_values(MODEL, discount)[0] - early.present_values(MODEL, discount)[0]
    to_today = discount(np.array([3.0]))[0] * np.exp(-0.02 * 3.0)
    assert abs(found.mean[0] * to_today - rest) < 4.0 * found.mean_error[0] * to_today


def test_a_right_is_lost_on_the_same_paths_at_a_horizon_and_in_what_is_paid() -> None:
    """Rows after the horizon pay nothing exactly where the right was lost before it (severity 1, no other risk)."""
    terms = CollateralTerms(event_intensity=0.4)
    book = ScheduleBook.stack([schedule([(2.0, "cny", 1.0)], terms)], MODEL)
    paid = realised_present_values(book, MODEL, discount, 2_000, seed=3)[0] > 0.0
    uniforms = HorizonScenarios.draw(MODEL, 2.0, 2_000, seed=3).event_uniforms
    assert np.array_equal(paid, uniforms >= -np.expm1(-0.4 * 2.0))


def test_nothing_is_left_after_the_last_row() -> None:
    book = ScheduleBook.stack([schedule([(1.0, "price", 10.0), (2.0, "price", 10.0)])], MODEL)
    states = MODEL.simulate_states([2.0], 100, seed=1)[:, 0, :]
    assert np.array_equal(book.values_at(MODEL, discount, states, 2.0), np.zeros((1, 100)))


def test_an_empty_book_has_no_values() -> None:
    assert ScheduleBook.stack([], MODEL).present_values(MODEL, discount).shape == (0,)


def test_quantiles_and_their_errors_match_the_normal_distribution() -> None:
    # Closed form: standard error of a quantile is sqrt(p (1 - p) / n) / density.
    n = 40_000
    draws = np.random.default_rng(2).standard_normal((1, n))
    quantiles, errors = quantiles_of_sorted(np.sort(draws, axis=1), (0.05, 0.5))
    np.testing.assert_allclose(quantiles[0], np.quantile(draws[0], [0.05, 0.5]), rtol=1e-12)
    density = np.array([0.10313564, 0.39894228])  # standard normal density at its 5 % and 50 % quantiles
    expected = np.sqrt(np.array([0.05 * 0.95, 0.25]) / n) / density
    np.testing.assert_allclose(errors[0], expected, rtol=0.15)


def test_refuses_schedules_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="expected >= 0"):
        schedule([(-1.0, "cny", 1.0)])
    with pytest.raises(ValueError, match="must be finite"):
        schedule([(1.0, "cny", float("nan"))])
    with pytest.raises(ValueError, match="expected a fraction"):
        CollateralTerms(disposal_cost=1.5)
    with pytest.raises(KeyError, match="'gold' is not in the model"):
        ScheduleBook.stack([schedule([(1.0, "gold", 1.0)])], MODEL)
