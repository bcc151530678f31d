"""Guarantors who borrow in the same book fail on one draw: bivariate normal, sums by hand, the same U looked up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from quant.credit_risk.bivariate_normal import bivariate_normal_cdf
from quant.draws.random_numbers import Purpose
from quant.draws.sparse_draws import uniforms_at
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook
from quant.loan_losses.credit_cells import MOST_EXACT_CELLS
from quant.loan_losses.simulation import LossSummary
from quant.market.curves import DiscountCurve
from quant.portfolio import simulate_losses
from tests.quant.loan_losses.bare_book import ONE_YEAR, bare_book

SEED = 20260821
FLAT = DiscountCurve.flat(0.03).discount_factors
MARKET = FactorModel((PrimaryFactor("cycle", 0.0, volatility_annual=1.0),), (), np.array([[1.0]]))
N_PATHS = 40_000


def ring(
    default_probability: list[float], *, rho: float = 0.0, ends: np.ndarray = ONE_YEAR, shift: int = 1
) -> LoanBook:
    """Loans of 1, 2, 4, ... whose borrower is guaranteed in full by the next borrower, the last one by the first."""
    n = len(default_probability)
    each = np.arange(n)
    return replace(
        bare_book(n, ends=ends, pd=np.array(default_probability), rho=rho, weights=(1.0,)),
        exposure_cny=2.0 ** each[:, None] * np.ones(len(ends)),
        borrower_of_loan=100 + each,
        guarantee_share=np.ones(n),
        guarantor_of_loan=100 + (each + shift) % n,
        guarantor_default_probability_annual=np.full(n, 0.9),
        guarantor_borrows=np.ones(n, dtype=bool),
    )


def run(
    loans: LoanBook, n_paths: int = N_PATHS, *, block_paths: int | None = None, n_threads: int = 1
) -> LossSummary:
    return simulate_losses(
        loans, MARKET, FLAT, n_paths=n_paths, seed=SEED, block_paths=block_paths, n_threads=n_threads
    )


def assert_probability(found: float, expected: float, n_paths: int = N_PATHS) -> None:
    assert abs(found - expected) < 4 * np.sqrt(expected * (1.0 - expected) / n_paths), (found, expected)


def test_two_who_guarantee_each_other_lose_both_loans_or_none() -> None:
    p, rho = 0.1, 0.3
    found = run(ring([p, p], rho=rho))
    assert set(np.round(found.path_losses, 6)) == {0.0, 3.0}
    both = float(bivariate_normal_cdf(ndtri(p), ndtri(p), rho))
    assert_probability(float((found.path_losses > 0.0).mean()), both)


def test_the_guarantor_fails_with_the_probability_of_its_own_loans() -> None:
    """Three in a ring, no index: loan i is lost where i and its guarantor default; the stated 0.9 is not asked."""
    chances = [0.5, 0.3, 0.2]
    found = run(ring(chances))
    for i, chance in enumerate(chances):
        assert_probability(found.loan_expected_loss[i] / 2.0**i, chance * chances[(i + 1) % 3])
    # All three are lost together, or two where the third stands: one loan then, whose guarantor is the other.
    assert_probability(float((np.round(found.path_losses) == 7.0).mean()), 0.5 * 0.3 * 0.2)
    assert_probability(float((np.round(found.path_losses) == 1.0).mean()), 0.5 * 0.3 * 0.8)


def test_the_guarantor_must_have_failed_by_the_end_of_the_quarter() -> None:
    """By quarters, no index: sum over quarters of P(the loan defaults in it) P(the guarantor has by its end)."""
    quarters = np.arange(1, 5) / 4.0
    loans = replace(ring([0.4, 0.3], ends=quarters), years_at_risk=np.array([50.0, 0.25]))
    found = run(loans)
    by_now = [1.0 - (1.0 - p) ** quarters for p in (0.4, 0.3)]
    lost = float((np.diff(by_now[0], prepend=0.0) * by_now[1]).sum())
    # The guarantor's own loan has been paid back after a quarter; it can fail for the other's all the same.
    assert_probability(float(found.loan_expected_loss[0]), lost)
    assert_probability(float(found.loan_expected_loss[1]) / 2.0, by_now[1][0] * by_now[0][0])


def test_over_one_period_the_guarantor_is_asked_for_the_life_of_the_loan() -> None:
    loans = replace(ring([0.4, 0.3]), years_at_risk=np.array([50.0, 0.25]))
    found = run(loans)
    assert_probability(float(found.loan_expected_loss[0]), 0.4 * 0.3)
    assert_probability(float(found.loan_expected_loss[1]) / 2.0, (1 - 0.7**0.25) * (1 - 0.6**0.25))


def test_each_default_is_the_one_draw_of_its_borrower() -> None:
    """Without an index a borrower defaults where its addressed draw is below its probability: path by path."""
    chances = np.array([0.5, 0.3, 0.2, 0.4])
    found = run(ring(list(chances)), 500)
    paths = np.arange(500)
    gone = np.array(
        [
            uniforms_at_zero(address, paths) < chance
            for address, chance in zip(range(100, 104), chances, strict=True)
        ]
    )
    lost = gone & np.roll(gone, -1, axis=0)
    np.testing.assert_allclose(found.path_losses, 2.0 ** np.arange(4) @ lost, atol=1e-9)


def uniforms_at_zero(address: int, paths: np.ndarray) -> np.ndarray:
    """The first word of the counter (path, 0, address, guarantor), which `uniforms_at` has for path 4 (path - 1)."""
    return uniforms_at(SEED, Purpose.GUARANTOR, np.full(len(paths), address), 4 * (paths - 1))


def test_of_loans_on_two_curves_the_likelier_one_decides() -> None:
    """The guarantor's loan of 0.3 hardly defaults on its curve, that of 0.1 ten times as much: 1 - 0.9^10 = 65.1 %."""
    three = ring([0.5, 0.3, 0.1])
    loans = replace(
        three,
        borrower_of_loan=np.array([100, 101, 101]),
        guarantor_of_loan=np.array([101, 999, 999]),
        guarantor_borrows=np.array([True, False, False]),
        guarantee_share=np.array([1.0, 0.0, 0.0]),
        hazard_multiples=np.array([[1.0], [0.01], [10.0]]),
        curve_of_loan=np.arange(3),
    )
    assert_probability(float(run(loans).loan_expected_loss[0]), 0.5 * (1.0 - 0.9**10))


def test_in_classes_of_default_probability_too() -> None:
    """More probabilities than exact cells: each pair of neighbours in a ring, without an index."""
    n = 2 * MOST_EXACT_CELLS
    chances = np.geomspace(0.05, 0.6, n)
    loans = replace(ring(list(chances)), exposure_cny=np.ones((n, 1)))
    found = run(loans, 4_000)
    expected = chances * np.roll(chances, -1)
    error = (found.loan_expected_loss - expected) / np.sqrt(expected * (1.0 - expected) / 4_000)
    assert np.abs(error).max() < 5.0
    assert np.sqrt((error**2).mean()) == pytest.approx(1.0, abs=0.15)


def test_who_has_nothing_at_risk_fails_as_its_guarantee_says() -> None:
    loans = replace(ring([0.4, 0.3]), years_at_risk=np.array([50.0, 0.0]))
    assert_probability(float(run(loans).loan_expected_loss[0]), 0.4 * 0.9)


def test_a_guarantee_that_bears_nothing_links_nobody() -> None:
    apart = replace(ring([0.4, 0.3, 0.2]), guarantee_share=np.zeros(3))
    linked = run(apart, 500).path_losses
    assert np.array_equal(linked, run(replace(apart, guarantor_borrows=None), 500).path_losses)


@settings(max_examples=20, deadline=None)
@given(
    chances=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=6),
    shift=st.integers(1, 5),
    rho=st.floats(0.0, 0.9),
    block=st.integers(1, 200),
    threads=st.integers(1, 3),
)
def test_blocks_and_threads_leave_no_trace(
    chances: list[float], shift: int, rho: float, block: int, threads: int
) -> None:
    loans = ring(chances, rho=rho, shift=1 + shift % (len(chances) - 1) if len(chances) > 2 else 1)
    whole, cut = run(loans, 200), run(loans, 200, block_paths=block, n_threads=threads)
    assert np.array_equal(whole.path_losses, cut.path_losses)
    assert np.array_equal(whole.loan_expected_loss, cut.loan_expected_loss)


def test_a_borrower_who_guarantees_its_own_loan_is_refused() -> None:
    with pytest.raises(ValueError, match=r"guarantor_of_loan\[1\]: found its own borrower, expected another"):
        replace(ring([0.1, 0.1]), guarantor_of_loan=np.array([101, 101]))


def test_a_number_of_flags_that_fits_no_loan_is_refused() -> None:
    with pytest.raises(ValueError, match="guarantor_borrows: found 1 entries, expected 2"):
        replace(ring([0.1, 0.1]), guarantor_borrows=np.ones(1, dtype=bool))
