import dataclasses
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.runtime.results import Distribution, Manifest
from services.valuation.lending.sizing import (
    is_paid_by_instalments,
    payment_years,
    service_per_unit,
    size_loan,
)
from services.valuation.pricers.pricing import LendingTerms
from services.valuation.valuation import LimitRule, LoanTerms, Valuation
from tests.services.valuation.test_valuation_engine import DATE

amounts = st.floats(0.0, 1e10)
lendings = st.builds(LendingTerms, st.floats(0.0, 1.0), st.none() | st.floats(0.1, 30.0), st.floats(0.5, 3.0))


@st.composite
def loan_terms(draw: st.DrawFn) -> LoanTerms:
    tenor = draw(st.floats(0.1, 50.0))
    grace = draw(st.floats(0.0, 0.99)) * tenor
    caps = [draw(st.none() | amounts) for _ in range(3)]
    return LoanTerms(
        tenor, draw(st.floats(0.0, 0.3)), grace, draw(st.none() | st.floats(0.5, 3.0)), draw(st.none() | amounts),
        caps[0], draw(amounts), caps[1], caps[2], draw(st.none() | st.floats(0.0, 1.0)),
    )  # fmt: skip


def valuation(pledge_value: float, annual_cash: float) -> Valuation:
    return Valuation(
        "", "a", "water_right", DATE, 0.0, 1.0, 0.95, Distribution(0.0, 0.0, 0.0, ()), 0.0, pledge_value, 0.0,
        annual_cash, None, "", (), (), (), Manifest("", "", "", "", 1, 2048, ""),
    )  # fmt: skip


cash_of_years = st.lists(st.floats(-1e9, 1e9), min_size=50, max_size=50)
cases = st.tuples(amounts, st.floats(-1e9, 1e9), lendings, loan_terms(), cash_of_years)


@given(cases)
def test_the_limit_is_the_smallest_constraint_and_never_negative(case: tuple) -> None:  # type: ignore[type-arg]  # of the strategy above
    pledge, cash, lending, terms, low = case
    low = low[: payment_years(terms.tenor_years)]
    sized = size_loan(valuation(pledge, cash), lending, 100.0, low, terms)
    assert sized.limit_cny == min(limit.limit_cny for limit in sized.limits) >= 0.0
    assert sized.binding_rule in {limit.rule for limit in sized.limits if limit.limit_cny == sized.limit_cny}
    assert sized.loan_per_unit_cny == sized.limit_cny / 100.0
    if terms.requested_cny is not None:
        assert sized.requested_within_limit is (terms.requested_cny <= sized.limit_cny)
    for limit in sized.limits:
        assert "万元" in limit.explanation_zh
        assert limit.explanation_en


@given(
    cases, st.sampled_from(["product_cap_cny", "guarantor_cap_cny", "project_cost_cny", "ltv_cap"]), amounts
)
def test_a_higher_cap_never_lowers_the_limit(case: tuple, field: str, more: float) -> None:  # type: ignore[type-arg]  # of the strategy above
    pledge, cash, lending, terms, low = case
    low = low[: payment_years(terms.tenor_years)]
    before = getattr(terms, field)
    if before is None:
        return
    raised = dataclasses.replace(
        terms, **{field: min(1.0, before + more) if field == "ltv_cap" else before + more}
    )
    first = size_loan(valuation(pledge, cash), lending, None, low, terms)
    second = size_loan(valuation(pledge, cash), lending, None, low, raised)
    assert second.limit_cny >= first.limit_cny


@given(st.floats(1.0, 1e9), st.floats(0.5, 3.0), st.integers(1, 40), st.floats(0.0, 0.2))
def test_level_cash_carries_the_annuity_at_the_lowest_cover(
    cash: float, cover: float, years: int, rate: float
) -> None:
    """Level P10 cash c pays c / cover a year: the loan is that over the instalment of a loan of 1."""
    terms = LoanTerms(float(years), rate, min_dscr=cover)
    sized = size_loan(valuation(1e12, 0.0), LendingTerms(1.0, None, 1.2), None, [cash] * years, terms)
    instalment = service_per_unit(terms)[0]
    assert sized.binding_rule is LimitRule.DEBT_SERVICE
    assert sized.limit_cny == pytest.approx(cash / cover / instalment, rel=1e-9)
    assert sized.min_dscr_at_limit == pytest.approx(cover, rel=1e-9)


@given(loan_terms())
def test_service_pays_the_loan_back(terms: LoanTerms) -> None:
    """Identity: interest on what is left, less each payment, ends at zero."""
    left = 1.0
    for paid in service_per_unit(terms):
        left = left * (1.0 + terms.rate_annual) - paid
    growth = (1.0 + terms.rate_annual) ** payment_years(terms.tenor_years)
    assert abs(left) <= 1e-12 * growth * payment_years(terms.tenor_years)


def test_an_instalment_agrees_with_the_annuity_formula() -> None:
    """r / (1 - (1 + r)^-n) at 5 % and 10 years; annuity tables give 7.7217 for its inverse."""
    service = service_per_unit(LoanTerms(10.0, 0.05))
    assert service == pytest.approx((0.1295045749654567,) * 10, rel=1e-12)
    assert 1.0 / service[0] == pytest.approx(7.7217, abs=5e-5)


def test_the_explanation_can_be_recomputed_by_its_reader() -> None:
    """12.5 % of 100 wan is 12.5 wan: a cap shown as 12 % would not give it."""
    sized = size_loan(
        valuation(1e6, 0.0), LendingTerms(0.125, None, 1.25), None, [1e9], LoanTerms(1.0, 0.04155)
    )
    assert "12.5 % × 质押价值 100.00 万元" in sized.limits[0].explanation_zh
    assert "LTV cap 12.5 % x pledge value 100.00" in sized.limits[0].explanation_en
    assert "4.155 %" in sized.limits[1].explanation_zh


def test_each_rule_can_bind() -> None:
    terms = LoanTerms(2.0, 0.0)
    base = (valuation(1000.0, 1000.0), LendingTerms(0.5, 3.0, 1.0), None, [10_000.0, 10_000.0])

    def binding(**changes: float) -> tuple[LimitRule, float]:
        sized = size_loan(*base, dataclasses.replace(terms, **changes))
        return sized.binding_rule, sized.limit_cny

    assert binding() == (LimitRule.PLEDGE_VALUE, 500.0)
    assert binding(project_cost_cny=900.0, project_equity_cny=500.0) == (LimitRule.PROJECT_COST, 400.0)
    assert binding(guarantor_cap_cny=300.0) == (LimitRule.GUARANTOR_CAP, 300.0)
    assert binding(product_cap_cny=0.0) == (LimitRule.PRODUCT_CAP, 0.0)
    assert binding(project_cost_cny=100.0, project_equity_cny=500.0) == (LimitRule.PROJECT_COST, 0.0)
    # At no interest and a cover of 1 the loan is the sum of the cash; level instalments of 175 leave year 2 short.
    sized = size_loan(*base[:3], [200.0, 150.0], terms)
    assert (sized.binding_rule, sized.limit_cny) == (LimitRule.DEBT_SERVICE, 350.0)
    assert sized.min_dscr_at_limit == pytest.approx(150.0 / 175.0)
    sized = size_loan(base[0], LendingTerms(0.5, 0.25, 1.0), *base[2:], terms)
    assert (sized.binding_rule, sized.limit_cny) == (LimitRule.CASH_MULTIPLE, 250.0)


def test_nothing_due_and_nothing_lent_have_no_cover() -> None:
    sized = size_loan(valuation(0.0, 0.0), LendingTerms(0.5, None, 1.2), None, [0.0], LoanTerms(1.0, 0.04))
    assert sized.limit_cny == 0.0
    assert sized.min_dscr_at_limit is None
    assert math.isfinite(sized.limits[1].limit_cny)


@given(cases)
def test_a_loan_that_follows_the_cash_is_repaid_by_it(case: tuple) -> None:  # type: ignore[type-arg]  # of the strategy above
    """Payments are worth the loan at its rate, the balance rolls forward with them and ends at 0, cover is constant."""
    pledge, cash, lending, terms, low = case
    low = low[: payment_years(terms.tenor_years)]
    sized = size_loan(valuation(pledge, cash), lending, None, low, terms, pledge_values=[1e6] * len(low))
    years = sized.years_following_cash
    if not years:
        assert sized.limit_cny == 0.0 or sum(max(found, 0.0) for found in low) == 0.0
        return
    # Below a ten-thousandth of a yuan there are no digits left to compare.
    assume(sized.limit_cny > 1e-4)
    growth = 1.0 + terms.rate_annual
    worth = sum(year.debt_service_cny / growth**year.year for year in years)
    assert worth == pytest.approx(sized.limit_cny, rel=1e-9)
    before = sized.limit_cny
    for year in years:
        expected = before * growth - year.debt_service_cny
        assert year.outstanding_cny == pytest.approx(expected, rel=1e-9, abs=1e-9 * before * growth)
        before = year.outstanding_cny
    assert years[-1].outstanding_cny == 0.0
    covers = [year.dscr for year in years if year.dscr is not None and year.low_cash_cny > 1e-4]
    assume(covers)
    assert covers == pytest.approx([covers[0]] * len(covers), rel=1e-9)


def test_unpaid_interest_is_added_by_hand() -> None:
    """100 at 10 %, cash of 242 in year 2 alone, cover 2: 121 is paid then; 110 is owed after a year without cash."""
    sized = size_loan(
        valuation(1e12, 0.0), LendingTerms(1.0, None, 2.0), None, [0.0, 242.0], LoanTerms(2.0, 0.1),
        pledge_values=[200.0, 200.0],
    )  # fmt: skip
    first, second = sized.years_following_cash
    assert sized.limit_cny == pytest.approx(100.0)
    assert first.dscr is None
    assert [first.debt_service_cny, first.outstanding_cny, first.ltv] == pytest.approx([0.0, 110.0, 0.5])
    assert [second.debt_service_cny, second.outstanding_cny, second.ltv] == pytest.approx([121.0, 0.0, 0.55])
    assert second.dscr == pytest.approx(2.0)


def test_a_smaller_loan_may_be_paid_where_the_limit_is_not() -> None:
    """No interest, two years: the limit of 300 owes 150 a year; cash of 120 pays 240 in all, or 120 a year."""
    lending = LendingTerms(1.0, None, 0.5)
    sized = size_loan(
        valuation(300.0, 0.0),
        lending,
        None,
        [120.0, 120.0],
        LoanTerms(2.0, 0.0),
        pledge_values=[300.0, 300.0],
    )
    assert sized.limit_cny == 300.0
    assert [year.is_covered for year in sized.years] == [False, False]
    assert not is_paid_by_instalments(sized, 300.0)
    assert is_paid_by_instalments(sized, 240.0)
    assert not is_paid_by_instalments(sized, 240.1)


@given(st.floats(1.0, 1e9), st.integers(1, 40), st.floats(0.0, 0.2))
def test_level_cash_at_a_cover_of_one_is_covered(cash: float, years: int, rate: float) -> None:
    """The limit is the annuity of the cash: rounding must not make a year of it uncovered."""
    low = [cash] * years
    sized = size_loan(
        valuation(1e18, 0.0),
        LendingTerms(1.0, None, 1.0),
        None,
        low,
        LoanTerms(years, rate),
        pledge_values=low,
    )
    assert sized.binding_rule is LimitRule.DEBT_SERVICE
    assert all(year.is_covered for year in sized.years)
    assert is_paid_by_instalments(sized, sized.limit_cny)
