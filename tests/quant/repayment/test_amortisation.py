"""Schedules: identities to the cent under hypothesis, level payments against the annuity formula."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.repayment.amortisation import (
    amortise,
    check_amortisation,
    custom,
)
from quant.repayment.annuities import pmt
from quant.repayment.payment_plan import NO_CENTS, PaymentPlan, Rule, balances_after, roll

CENTS = st.integers(0, 10**13)
RATE = st.floats(0, 0.36)


@given(loan=CENTS, rate=RATE, n_periods=st.integers(1, 120), grace_share=st.floats(0, 0.99))
@pytest.mark.parametrize("rule", [Rule.EQUAL_INSTALMENT, Rule.EQUAL_PRINCIPAL])
def test_identities_hold_to_the_cent(
    rule: Rule, loan: int, rate: float, n_periods: int, grace_share: float
) -> None:
    grace = int(grace_share * n_periods)
    schedule = amortise(rule, loan, rate, n_periods, grace_periods=grace)
    check_amortisation(schedule, loan)
    assert (schedule.principal_cents[:grace] == 0).all()


@given(loan=CENTS, rate=RATE, n_periods=st.integers(1, 40))
def test_bullet_pays_principal_once(loan: int, rate: float, n_periods: int) -> None:
    schedule = amortise(Rule.BULLET, loan, rate, n_periods, period_years=0.25)
    check_amortisation(schedule, loan)
    assert (schedule.closing_cents[:-1] == loan).all()


@given(loan=st.integers(10**6, 10**12), rate=st.floats(0.001, 0.2), n_periods=st.integers(2, 360))
def test_level_payment_is_the_annuity_and_the_last_differs_by_cents(
    loan: int, rate: float, n_periods: int
) -> None:
    payments = amortise(Rule.EQUAL_INSTALMENT, loan, rate, n_periods).payment_cents
    assert payments[0] == pytest.approx(-pmt(rate / 12, n_periods, loan), abs=0.51)
    assert (payments[:-1] == payments[0]).all()
    # Half a cent for each payment and each interest, compounded to the end.
    assert abs(payments[-1] - payments[0]) <= n_periods * (1 + rate / 12) ** n_periods


def test_interest_is_rounded_once_as_decimals_would() -> None:
    schedule = amortise(Rule.EQUAL_PRINCIPAL, 1_000_003, 0.0435, 24)
    for opening, interest in zip(schedule.opening_cents, schedule.interest_cents, strict=True):
        exact = Decimal(int(opening)) * Decimal("0.0435") / 12
        assert int(interest) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def interest_cents(loan: int, rate: float) -> int:
    """Of one period of a year."""
    return int(amortise(Rule.BULLET, loan, rate, 1, period_years=1.0).interest_cents[0])


def test_rounding_takes_halves_up_in_spite_of_binary_noise() -> None:
    # 0.5, 1.5, 1.0 and 0.49 cents, and a half that binary figures miss.
    assert [interest_cents(*case) for case in ((1, 0.5), (3, 0.5), (2, 0.5), (1, 0.49))] == [1, 2, 1, 0]
    assert interest_cents(1, 0.1 + 0.2 + 0.2 - 1e-12) == 1


def test_a_rate_step_sets_a_new_level_payment() -> None:
    rates = np.repeat([0.06, 0.03], 12)
    schedule = amortise(Rule.EQUAL_INSTALMENT, 1_200_000, rates, 24)
    check_amortisation(schedule, 1_200_000)
    assert np.unique(schedule.payment_cents[:12]).size == 1
    second = -pmt(0.03 / 12, 12, schedule.opening_cents[12])
    assert schedule.payment_cents[12] == pytest.approx(second, abs=0.51)


def test_many_loans_at_once_equal_each_alone() -> None:
    loans, rates = np.array([10**7, 3 * 10**6]), np.array([0.05, 0.0])
    together = amortise(Rule.EQUAL_INSTALMENT, loans, rates, 10, grace_periods=2)
    check_amortisation(together, loans)
    for k in range(2):
        alone = amortise(Rule.EQUAL_INSTALMENT, int(loans[k]), float(rates[k]), 10, grace_periods=2)
        assert (together.payment_cents[k] == alone.payment_cents).all()


def test_periods_of_unequal_length_give_a_level_payment() -> None:
    years = np.array([31, 28, 31, 30, 31, 30]) / 360.0
    payments = amortise(Rule.EQUAL_INSTALMENT, 6_000_000, 0.06, 6, period_years=years).payment_cents
    assert np.unique(payments[:-1]).size == 1
    assert abs(payments[-1] - payments[0]) <= 6


def test_the_check_finds_a_cent_that_is_missing() -> None:
    good = amortise(Rule.EQUAL_PRINCIPAL, 1000, 0.05, 4)
    principal = good.principal_cents.copy()
    principal[1] -= 1
    with pytest.raises(ValueError, match="principal adds up to the loan"):
        check_amortisation(replace(good, principal_cents=principal), 1000)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="rule: found CUSTOM"):
        amortise(Rule.CUSTOM, 1000, 0.05, 4)
    with pytest.raises(ValueError, match="grace_periods: found 4, expected fewer than n_periods 4"):
        amortise(Rule.EQUAL_PRINCIPAL, 1000, 0.05, 4, grace_periods=4)
    with pytest.raises(ValueError, match=r"loan_cents: found 10\.5, expected whole cents"):
        amortise(Rule.BULLET, 10.5, 0.05, 4)
    with pytest.raises(ValueError, match="n_periods: found 0"):
        amortise(Rule.BULLET, 10, 0.05, 0)
    with pytest.raises(ValueError, match=r"rate_annual: found shape \(3,\)"):
        amortise(Rule.BULLET, 10, [0.1, 0.1, 0.1], 4)


@given(
    parts=st.lists(st.integers(0, 10**9), min_size=1, max_size=40),
    rate=RATE,
)
def test_given_parts_are_paid_to_the_cent(parts: list[int], rate: float) -> None:
    schedule = custom(parts, rate)
    check_amortisation(schedule, sum(parts))
    assert schedule.principal_cents.tolist() == parts


@given(
    loan=st.integers(0, 10**13),
    rates=st.lists(RATE, min_size=12, max_size=12),
    rule=st.sampled_from([Rule.EQUAL_INSTALMENT, Rule.EQUAL_PRINCIPAL, Rule.BULLET]),
    grace=st.integers(0, 11),
    prepaid=st.lists(st.tuples(st.integers(0, 10**12), st.booleans()), min_size=12, max_size=12),
    paid=st.integers(0, 15),
)
def test_prepayments_keep_the_identities_and_balances_alone_agree(  # noqa: PLR0917  # drawn
    loan: int,
    rates: list[float],
    rule: Rule,
    grace: int,
    prepaid: list[tuple[int, bool]],
    paid: int,
) -> None:
    amounts, keeps = np.array([[cents for cents, _ in prepaid]]), np.array([[kept for _, kept in prepaid]])
    rate, years = np.array([rates]), np.full((1, 1), 1 / 12)
    one = [np.array([value], dtype=np.int64) for value in (loan, rule, 12, grace)]
    plan = PaymentPlan(
        one[0],
        one[1],
        one[2],
        one[3],
        rate * years,
        rate,
        years,
        NO_CENTS,
        amounts,
        rate * years / 2,
        keeps,
    )
    schedule = roll(plan)
    check_amortisation(schedule, np.array([loan]))
    assert (schedule.prepaid_cents <= amounts).all()
    expected = loan if paid == 0 else int(schedule.closing_cents[0, min(paid, 12) - 1])
    assert balances_after(plan, np.array([paid])).tolist() == [expected]
