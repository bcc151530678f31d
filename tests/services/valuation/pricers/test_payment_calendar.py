"""When rights pay, against hand-counted years and identities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.valuation.pricers.calendar import payment_years, permit_years, years_before

TERMS = st.floats(0.01, 70.0)


def test_whole_years_and_the_exact_end() -> None:
    assert payment_years(2.5) == ((1.0, 1.0), (2.0, 1.0), (2.5, 0.5))
    assert payment_years(3.0) == ((1.0, 1.0), (2.0, 1.0), (3.0, 1.0))
    assert payment_years(0.25) == ((0.25, 0.25),)


def test_a_later_start_keeps_whole_years() -> None:
    assert payment_years(2.0, 3.0) == ((4.0, 1.0), (5.0, 1.0))
    assert payment_years(1.0, 0.5) == ((1.0, 0.5), (1.5, 0.5))


def test_noise_of_floating_point_makes_no_extra_row() -> None:
    assert len(payment_years(0.1 + 0.2 + 0.7)) == 1
    assert len(payment_years(3.0 + 1e-13)) == 3


def test_renewals_count_with_their_probability() -> None:
    # two years certain, then two renewals of one year at 1/2 each: 1, 1, 1/2, 1/4
    assert permit_years(2.0, 0.5, 1.0, 2) == ((1.0, 1.0), (2.0, 1.0), (3.0, 0.5), (4.0, 0.25))
    # the year in which the permit ends half-way: 1/2 certain and 1/2 at 0.8
    assert permit_years(1.5, 0.8, 1.0, 1)[1] == pytest.approx((2.0, 0.5 + 0.5 * 0.8))


@given(TERMS)
def test_shares_add_up_to_the_term_and_end_with_it(term: float) -> None:
    years = payment_years(term)
    assert sum(share for _, share in years) == pytest.approx(term, abs=1e-8)
    assert years[-1][0] == pytest.approx(term, abs=1e-8)
    assert all(0.0 < share <= 1.0 + 1e-9 for _, share in years)


@given(TERMS, st.floats(0.5, 10.0), st.integers(0, 10))
def test_nothing_is_paid_after_the_permit_without_renewal(term: float, renewal: float, n: int) -> None:
    assert permit_years(term, 0.0, renewal, n) == payment_years(term)
    assert permit_years(term, 0.7, renewal, 0) == payment_years(term)


@given(st.floats(0.1, 20.0), st.floats(0.01, 1.0), st.floats(0.5, 10.0), st.integers(1, 5))
def test_expected_years_of_a_permit(term: float, p: float, renewal: float, n: int) -> None:
    expected = term + renewal * sum(p**k for k in range(1, n + 1))
    found = sum(weight for _, weight in permit_years(term, p, renewal, n))
    assert found == pytest.approx(expected, rel=1e-7)


def test_costs_fall_strictly_before_the_harvest() -> None:
    assert years_before(1.0) == ()
    assert years_before(3.0) == ((1.0, 1.0), (2.0, 1.0))
    assert years_before(2.5) == ((1.0, 1.0), (2.0, 1.0))
