"""Term structures of default: powers of a transition matrix by hand, and a book that follows them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.credit_risk.conditional_loss import conditional_expected_losses
from quant.credit_risk.default_curves import (
    cumulative_default_at,
    cumulative_default_by_rating,
    hazard_multiples,
)
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.market.curves import DiscountCurve
from quant.portfolio import simulate_losses
from quant.schedules import CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import bare_book

FLAT = DiscountCurve.flat(0.03).discount_factors
QUARTERS = np.arange(1, 13) / 4.0
MARKET = FactorModel(
    (
        PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0),
        PrimaryFactor("price", 4.0),
    ),
    (),
    np.eye(2),
)
# Good, weak, default.
MATRIX = np.array([[0.90, 0.08, 0.02], [0.10, 0.75, 0.15], [0.0, 0.0, 1.0]])


def book(n: int, rho: float) -> LoanBook:
    """Loans that are good and weak in turn, on the curves of their ratings."""
    curves = cumulative_default_by_rating(MATRIX, QUARTERS)
    yearly = np.array([0.02, 0.15])
    rating = np.arange(n) % 2
    return replace(
        bare_book(n, ends=QUARTERS, pd=yearly[rating], rho=rho),
        hazard_multiples=hazard_multiples(curves, yearly, QUARTERS),
        curve_of_loan=rating,
    )


def test_two_years_of_migration_by_hand() -> None:
    # Good: 0.02, then 0.90 x 0.02 + 0.08 x 0.15 + 0.02 = 0.05. Weak: 0.15, then 0.10 x 0.02 + 0.75 x 0.15 + 0.15.
    found = cumulative_default_by_rating(MATRIX, [1.0, 2.0])
    assert found == pytest.approx(np.array([[0.02, 0.05], [0.15, 0.2645]]), rel=1e-12)
    # Half way through the second year the survival is the geometric mean of those at its ends.
    half = cumulative_default_by_rating(MATRIX, [1.5])
    assert half[:, 0] == pytest.approx([1 - math.sqrt(0.98 * 0.95), 1 - math.sqrt(0.85 * 0.7355)], rel=1e-12)


def test_the_multiples_give_the_curve_back_and_are_one_for_a_hazard_that_stays() -> None:
    curves = cumulative_default_by_rating(MATRIX, QUARTERS)
    multiples = hazard_multiples(curves, [0.02, 0.15], QUARTERS)
    # The first year is that of the yearly probability itself; then the good grow worse and the weak better.
    assert multiples[:, :4] == pytest.approx(np.ones((2, 4)), rel=1e-9)
    assert np.all(multiples[0, 4:] > 1.0)
    assert np.all(multiples[1, 4:] < 1.0)
    survival = np.array([[0.98], [0.85]]) ** np.cumsum(multiples * 0.25, axis=1)
    assert 1.0 - survival == pytest.approx(curves, rel=1e-12)


@given(st.floats(1e-4, 0.5), st.floats(0.0, 0.4))
def test_a_rating_that_never_changes_has_a_constant_hazard(default: float, other: float) -> None:
    matrix = np.array([[1.0 - default, 0.0, default], [0.0, 1.0 - other, other], [0.0, 0.0, 1.0]])
    found = cumulative_default_by_rating(matrix, QUARTERS)
    assert found[0] == pytest.approx(1.0 - (1.0 - default) ** QUARTERS, rel=1e-9)
    assert hazard_multiples(found[:1], [default], QUARTERS) == pytest.approx(np.ones((1, 12)), rel=1e-6)


def test_a_book_of_ratings_defaults_as_its_chain_does() -> None:
    curves = cumulative_default_by_rating(MATRIX, QUARTERS)
    # Without a common index nothing is left to chance.
    exact = conditional_expected_losses(book(2, 0.0), MARKET, FLAT, n_paths=64, seed=1)
    assert np.cumsum(exact.marginal_pd, axis=1) == pytest.approx(curves, rel=1e-8)
    linked = conditional_expected_losses(book(2, 0.3), MARKET, FLAT, n_paths=16_384, seed=1)
    # A probability on a path deviates by less than the root of its mean: 4 standard errors.
    tolerance = 4.0 * np.sqrt(curves * 0.3 / 16_384)
    assert np.all(np.abs(np.cumsum(linked.marginal_pd, axis=1) - curves) < tolerance)


def test_a_simulated_book_of_ratings_follows_its_chain() -> None:
    n, n_paths = 200, 4_000
    curves = cumulative_default_by_rating(MATRIX, QUARTERS)
    found = simulate_losses(book(n, 0.2), MARKET, FLAT, n_paths=n_paths, seed=5)
    assert abs(found.expected_loss / n - curves[:, -1].mean()) < 4.0 * found.expected_loss_error / n
    share = found.loan_default_share.reshape(-1, 2).mean(axis=0)
    error = np.sqrt(curves[:, -1] * (1.0 - curves[:, -1]) * (0.2 + 2.0 / n) / n_paths)
    assert np.all(np.abs(share - curves[:, -1]) < 4.0 * error)
    assert found.npl is not None
    # Nothing amortises: the ratio of the stock is the share that has defaulted, after 1, 2 and 3 years.
    for k in (3, 7, 11):
        assert abs(found.npl.mean[k] - curves[:, k].mean()) < 4.0 * math.sqrt(
            curves[:, k].mean() * 0.2 / n_paths
        )


def test_the_collateral_at_large_is_weighted_by_when_the_loan_would_default() -> None:
    # All of the hazard lies in the first and the last quarter, so that the mean is that of two values.
    multiples = np.zeros((1, 12))
    multiples[0, [0, 11]] = 1.0, 3.0
    schedule = ExposureSchedule("a", np.array([2.0]), ("price",), np.array([1.0]), ("",), CollateralTerms())
    loans = replace(
        book(1, 0.2),
        hazard_multiples=multiples,
        curve_of_loan=np.zeros(1, dtype=np.intp),
        pledges=Pledges.each_its_own([schedule], np.zeros(1, dtype=np.intp), np.ones(1)),
    )
    found = simulate_losses(loans, MARKET, FLAT, n_paths=300, seed=5)
    # The payment of year 2 is past in the last quarter.
    first, whole = 1.0 - 0.98**0.25, 1.0 - 0.98**1.0
    value = math.exp(4.0) * float(FLAT(np.array([2.0]))[0] / FLAT(np.array([0.25]))[0])
    assert found.loan_collateral_mean[0] == pytest.approx(value * first / whole, rel=1e-6)


@pytest.mark.parametrize(
    ("matrix", "match"),
    [
        (MATRIX[:2], "square"),
        (MATRIX * 0.9, "add up to 1"),
        (MATRIX[::-1], "in the corner"),
    ],
)
def test_what_is_no_matrix_of_transition_is_refused(matrix: np.ndarray, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        cumulative_default_by_rating(matrix, [1.0])


def test_wrong_curves_are_refused() -> None:
    with pytest.raises(ValueError, match="never fall"):
        hazard_multiples([[0.1, 0.05]], [0.1], [1.0, 2.0])
    with pytest.raises(ValueError, match="expected \\(1, 1\\)"):
        hazard_multiples([[0.1, 0.2]], [0.1], [1.0])
    with pytest.raises(ValueError, match="found one alone"):
        replace(book(2, 0.2), curve_of_loan=None)
    with pytest.raises(ValueError, match="12 columns for 2 loans"):
        replace(book(2, 0.2), hazard_multiples=np.ones((2, 3)))


def test_a_curve_known_by_the_year_has_a_constant_hazard_within_it() -> None:
    found = cumulative_default_at([0.02, 0.06], [0.5, 1.0, 1.25, 2.0, 3.0])
    # Within a year the survivals are a geometric mean; after the last year its hazard, ln(0.98 / 0.94), goes on.
    survivors = [0.98**0.5, 0.98, 0.98**0.75 * 0.94**0.25, 0.94, 0.94 * 0.94 / 0.98]
    assert found == pytest.approx(1.0 - np.array(survivors), rel=1e-12)
    assert cumulative_default_at([0.999], [1e6]) < 1.0
    for wrong in ([], [0.2, 0.1], [1.0]):
        with pytest.raises(ValueError, match="never falls"):
            cumulative_default_at(wrong, [1.0])
