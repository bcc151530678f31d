"""What would have to change: applied, every lever meets its rule; and the loan year by year."""

import dataclasses
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.valuation.lending.sizing import payment_years, size_loan
from services.valuation.lending.translate import sized_loan_from_wire, sized_loan_to_wire
from services.valuation.pricers.pricing import LendingTerms
from services.valuation.valuation import LimitRule, LoanTerms, SizedLoan
from tests.services.valuation.lending.test_loan_sizing import valuation

LENDING = LendingTerms(0.5, 4.0, 1.2)
CASH = [100.0 * 1.1**year for year in range(50)]


def sized(
    terms: LoanTerms,
    lending: LendingTerms = LENDING,
    *,
    pledge: float = 1000.0,
    annual: float = 90.0,
    cash_times: float = 1.0,
) -> SizedLoan:
    low = [cash_times * cash for cash in CASH]
    years = payment_years(terms.tenor_years)
    return size_loan(
        valuation(pledge, annual),
        lending,
        None,
        low[:years],
        terms,
        pledge_values=[pledge] * years,
        longer_cash=low,
    )


def with_lever(terms: LoanTerms, lever: str, needed: float) -> SizedLoan:
    """The same loan with one lever at what it must become."""
    if lever == "cash_multiple":
        return sized(terms, dataclasses.replace(LENDING, cash_multiple_cap=needed))
    if lever == "pledge_value_cny":
        return sized(terms, pledge=needed)
    if lever == "annual_cash_cny":
        return sized(terms, annual=needed)
    if lever == "low_cash_multiple":
        return sized(terms, cash_times=needed)
    return sized(dataclasses.replace(terms, **{lever: needed}))


@example(amount=1.0, tenor=1.9999999999999964, rate=0.0, cost=None, equity=0.0, cap=None)
@given(
    amount=st.floats(1.0, 1e5),
    tenor=st.floats(0.5, 30.0),
    rate=st.floats(0.0, 0.15),
    cost=st.none() | st.floats(1.0, 1e5),
    equity=st.floats(0.0, 1e4),
    cap=st.none() | st.floats(0.0, 1e4),
)
def test_every_lever_meets_its_rule_and_each_broken_rule_has_one(
    *, amount: float, tenor: float, rate: float, cost: float | None, equity: float, cap: float | None
) -> None:
    terms = LoanTerms(
        tenor, rate, requested_cny=amount, project_cost_cny=cost, project_equity_cny=equity,
        guarantor_cap_cny=cap, product_cap_cny=cap,
    )  # fmt: skip
    before = sized(terms)
    broken = {limit.rule for limit in before.limits if limit.limit_cny < amount}
    assert {change.rule for change in before.changes_needed} == broken
    for change in before.changes_needed:
        after = with_lever(terms, change.lever, change.needed)
        [limit] = [limit.limit_cny for limit in after.limits if limit.rule == change.rule]
        assert limit >= amount * (1.0 - 1e-9)
        if change.lever != "tenor_years":
            assert limit == pytest.approx(amount, rel=1e-9, abs=1e-9)
        assert change.explanation_zh
        assert change.explanation_en


def test_figures_by_hand() -> None:
    """Pledge value 1,000 at 50 %, cash 100 growing 10 % at a loan rate of 10 %: each year carries 100 / 1.1."""
    found = sized(LoanTerms(5.0, 0.10, requested_cny=600.0, project_cost_cny=700.0, project_equity_cny=150.0))
    needed = {change.lever: change.needed for change in found.changes_needed}
    assert needed["ltv_cap"] == pytest.approx(0.6)
    assert needed["pledge_value_cny"] == pytest.approx(1200.0)
    assert needed["cash_multiple"] == pytest.approx(600.0 / 90.0)
    assert needed["annual_cash_cny"] == pytest.approx(150.0)
    # 600 x 1.2 = 720 is carried by 7.92 years of 90.909; five years carry 454.55, which is below 600 at cover 1.
    assert needed["tenor_years"] == 8.0
    assert "min_dscr" not in needed
    assert needed["low_cash_multiple"] == pytest.approx(600.0 * 1.2 / (5 * 100.0 / 1.1))
    assert needed["project_equity_cny"] == pytest.approx(100.0)
    assert needed["project_cost_cny"] == pytest.approx(750.0)


def test_a_lower_cover_is_offered_down_to_one() -> None:
    found = sized(LoanTerms(5.0, 0.10, requested_cny=400.0))
    needed = {change.lever: change.needed for change in found.changes_needed}
    assert needed["min_dscr"] == pytest.approx(5 * 100.0 / 1.1 / 400.0)


def test_nothing_is_to_change_within_the_limit_or_unasked() -> None:
    assert sized(LoanTerms(5.0, 0.10, requested_cny=100.0)).changes_needed == ()
    assert sized(LoanTerms(5.0, 0.10)).changes_needed == ()


def test_no_cash_at_all_offers_no_tenor_and_no_multiple() -> None:
    terms = LoanTerms(5.0, 0.1, requested_cny=10.0)
    found = size_loan(
        valuation(0.0, -1.0),
        LendingTerms(0.5, None, 1.2),
        None,
        [0.0] * 5,
        terms,
        pledge_values=[0.0] * 5,
        longer_cash=[0.0] * 50,
    )
    assert [change.lever for change in found.changes_needed] == ["pledge_value_cny"]


@given(tenor=st.integers(1, 40), rate=st.floats(0.0, 0.2), grace=st.integers(0, 5))
def test_the_years_repay_the_loan_and_show_the_lowest_cover(tenor: int, rate: float, grace: int) -> None:
    found = sized(LoanTerms(float(tenor), rate, float(min(grace, tenor - 1))))
    years = found.years
    assert [year.year for year in years] == list(range(1, tenor + 1))
    assert years[-1].outstanding_cny == pytest.approx(0.0, abs=1e-6 * found.limit_cny)
    worth = sum(year.debt_service_cny / (1.0 + rate) ** year.year for year in years)
    assert worth == pytest.approx(found.limit_cny, rel=1e-9)
    covers = [year.dscr for year in years if year.dscr is not None]
    assert years[0].ltv == pytest.approx(found.limit_cny / 1000.0)
    for earlier, later in itertools.pairwise(years):
        assert later.ltv == pytest.approx(earlier.outstanding_cny / 1000.0)
    assert min(covers) == pytest.approx(found.min_dscr_at_limit, rel=1e-12)


def test_it_survives_the_wire() -> None:
    found = sized(LoanTerms(5.0, 0.0, 2.0, requested_cny=600.0))
    assert found.years[0].dscr is None
    assert {change.rule for change in found.changes_needed} >= {
        LimitRule.PLEDGE_VALUE,
        LimitRule.DEBT_SERVICE,
    }
    assert sized_loan_from_wire(sized_loan_to_wire(found)) == found
