"""The rate of a loan part by part: figures by hand, guarantee, subsidy, LPR, and what is called an assumption."""

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.valuation.lending.loan_price import LoanPricing, RateBasis, RateBuildUp, RatePart
from services.valuation.lending.loan_pricing import PricedLoan, build_up_rate, check_dates
from services.valuation.lending.pledge_path import PledgeYear
from services.valuation.lending.pricing_assumptions import ASSUMED, read_pricing_assumptions
from services.valuation.lending.sizing import outstanding_per_unit, service_per_unit
from services.valuation.lending.translate_pricing import (
    pricing_from_wire,
    pricing_to_wire,
    rate_from_wire,
    rate_to_wire,
)
from services.valuation.prepared_market import PreparedMarket
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.valuation import LoanTerms

DATE = dt.date(2026, 8, 21)
MARKET = PreparedMarket.of(read_standard_snapshot())
ASSUMPTIONS = read_pricing_assumptions()
# Sells for 0 or for 150 with equal chance, against a loan of 100.
EVEN_CHANCE = PledgeYear(0.0, np.array([0.0, 150.0]))
OWN = LoanPricing(
    pd_annual=0.02,
    correlation=0.0,
    funding_rate_annual=0.025,
    risk_weight=0.75,
    capital_ratio=0.105,
    cost_of_capital_annual=0.10,
    operating_cost_annual=0.008,
    margin_annual=0.002,
)


def rate(pricing: LoanPricing = OWN, *, years: int = 1, rate_annual: float = 0.05) -> RateBuildUp:
    loan = PricedLoan(100.0, LoanTerms(float(years), rate_annual), [EVEN_CHANCE] * years, DATE)
    return build_up_rate(loan, pricing, MARKET, ASSUMPTIONS)


def parts(found: RateBuildUp) -> dict[RatePart, float]:
    return {component.part: component.rate_annual for component in found.components}


def test_one_year_by_hand() -> None:
    """2.5 % + 2 % x 50 % + 75 % x 10.5 % x 10 % + 0.8 % + 0.2 % = 2.5 + 1.0 + 0.7875 + 0.8 + 0.2 = 5.2875 %."""
    found = rate()
    assert parts(found) == pytest.approx(
        {
            RatePart.FUNDING: 0.025,
            RatePart.EXPECTED_LOSS: 0.01,
            RatePart.CAPITAL: 0.007875,
            RatePart.OPERATING_COST: 0.008,
            RatePart.MARGIN: 0.002,
        },
        rel=1e-12,
    )
    assert found.total_rate_annual == pytest.approx(0.052875, rel=1e-12)
    assert found.lgd == pytest.approx(0.5)
    assert found.loss_years[0].expected_loss_cny == pytest.approx(1.0)
    assert [caution.code for caution in found.cautions] == [
        "RATE_BELOW_COST",
        "PRICING_NO_LPR",
        "PRICING_TAX_LEFT_OUT",
    ]


def test_a_guarantee_by_hand() -> None:
    """60 % covered by one who fails in 10 % of calls: the bank keeps 1 - 0.6 x 0.9 = 0.46 of the loss.

    Risk weight 0.4 x 75 % + 0.6 x 20 % = 42 %, capital 42 % x 10.5 % x 10 % = 0.441 %.
    """
    guaranteed = dataclasses.replace(
        OWN, guarantee_share=0.6, guarantor_pd_annual=0.1, guarantor_risk_weight=0.2
    )
    found = rate(guaranteed)
    assert parts(found)[RatePart.EXPECTED_LOSS] == pytest.approx(0.02 * 0.5 * 0.46)
    assert found.risk_weight == pytest.approx(0.42)
    assert parts(found)[RatePart.CAPITAL] == pytest.approx(0.00441)
    assert (found.loss_years[0].lgd, found.loss_years[0].guaranteed_lgd) == pytest.approx((0.5, 0.23))


def test_a_guarantor_of_higher_weight_takes_nothing_off_and_adds_nothing() -> None:
    worse = dataclasses.replace(OWN, guarantee_share=0.5, guarantor_risk_weight=1.5)
    assert rate(worse).risk_weight == 0.75


def test_correlation_raises_the_loss() -> None:
    """Two ranks, PD 2 %, rho 0.3: w = N((-2.053749 -+ 0.3 x -0.674490) / 0.953939) by tables.

    N(-1.940794) = 0.026142, N(-2.365026) = 0.009015; LGD = 0.026142 / 0.035157 = 0.743579.
    """
    found = rate(dataclasses.replace(OWN, correlation=0.3))
    assert found.lgd == pytest.approx(0.74358, abs=2e-5)


def test_subsidy_and_fee_by_hand() -> None:
    """Half of 5 % is subsidised: 102.5 / 100. A fee of 1 % on 60 % covered in advance: 102.5 / 99.4 - 1."""
    found = rate(
        dataclasses.replace(OWN, subsidy_share=0.5, guarantee_share=0.6, guarantee_fee_annual=0.01)
    ).borrower_costs[0]
    assert found.basis is RateBasis.LOAN_RATE
    assert found.nominal_annual == 0.05
    assert found.after_subsidy_annual == pytest.approx(0.025, rel=1e-9)
    assert found.all_in_annual == pytest.approx(102.5 / 99.4 - 1.0, rel=1e-9)


def test_a_subsidy_ends_on_its_day() -> None:
    """2 points for 73 of 365 days of the only year: 5 % - 2 % x 0.2 = 4.6 %; never more than the interest."""
    until = DATE + dt.timedelta(days=73)
    points = dataclasses.replace(OWN, subsidy_points_annual=0.02, subsidy_until=until)
    assert rate(points).borrower_costs[0].after_subsidy_annual == pytest.approx(0.046, rel=1e-9)
    more = dataclasses.replace(OWN, subsidy_points_annual=0.9)
    assert rate(more).borrower_costs[0].after_subsidy_annual == pytest.approx(0.0, abs=1e-12)


def test_the_curve_funds_where_no_transfer_price_is_given() -> None:
    """One year on the standard curve is its one-year rate, 3 %, and the curve is called an assumption."""
    found = rate(dataclasses.replace(OWN, funding_rate_annual=None))
    assert parts(found)[RatePart.FUNDING] == pytest.approx(0.03, rel=1e-9)
    assert [figure.name for figure in found.inputs if figure.is_assumption] == ["discount_curve"]


def test_lpr_is_compared_with_and_never_assumed() -> None:
    """5.2875 % is 178.75 basis points above 3.5 %, and the 5 % of the terms 150."""
    without = rate()
    assert without.required_spread_annual is without.offered_spread_annual is without.lpr_rate_annual is None
    found = rate(
        dataclasses.replace(OWN, lpr_rate_annual=0.035, lpr_tenor="5Y", lpr_as_of=dt.date(2026, 6, 20))
    )
    assert found.required_spread_annual == pytest.approx(0.017875)
    assert found.offered_spread_annual == pytest.approx(0.015)
    assert "LPR_OUTDATED" in [caution.code for caution in found.cautions]


def test_what_is_not_stated_is_an_assumption_and_says_so() -> None:
    found = rate(LoanPricing(0.02, guarantee_share=0.5, assumed_fields=("pd_annual",)))
    assumed = {figure.name: figure for figure in found.inputs if figure.is_assumption}
    assert set(ASSUMED) | {"pd_annual", "discount_curve"} == set(assumed)
    assert all(figure.source for figure in found.inputs)
    assert (
        next(c for c in found.cautions if c.code == "PRICING_ASSUMPTION").message_en.count(",")
        == len(assumed) - 1
    )


def test_parts_add_up_and_losses_are_paid_for() -> None:
    """Identity over five years: the charge on the balances of those alive is worth the expected losses."""
    found = rate(LoanPricing(0.03), years=5)
    assert found.total_rate_annual == pytest.approx(sum(parts(found).values()), rel=1e-12)
    losses = sum(year.discount_factor * year.expected_loss_cny for year in found.loss_years)
    alive = sum(year.discount_factor * year.survival * year.exposure_cny for year in found.loss_years)
    assert parts(found)[RatePart.EXPECTED_LOSS] * alive == pytest.approx(losses, rel=1e-12)
    assert [year.exposure_cny for year in found.loss_years] == pytest.approx(
        [100.0 * left for left in outstanding_per_unit(LoanTerms(5.0, 0.05))[:-1]]
    )


def test_balances_survive_fifty_years_at_a_hundred_percent() -> None:
    """Year by year the rounding of the first year would have grown by 2^50."""
    terms = LoanTerms(50.0, 1.0, 3.0)
    balances = outstanding_per_unit(terms)
    assert balances[:4] == (1.0,) * 4
    assert balances[-1] == 0.0
    for before, after, due in zip(balances[:-1], balances[1:], service_per_unit(terms), strict=True):
        assert after == pytest.approx(2.0 * before - due, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lpr_as_of": DATE + dt.timedelta(days=1)}, "pricing.lpr_as_of"),
        ({"subsidy_until": DATE}, "pricing.subsidy_until"),
    ],
)
def test_dates_that_make_no_sense_are_refused(changes: dict[str, dt.date], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_dates(dataclasses.replace(OWN, **changes), DATE)  # type: ignore[arg-type]  # of the table above
    assert refused.value.violations[0].field == field


FULL = LoanPricing(
    0.02, 0.3, 0.025, 0.75, 0.105, 0.1, 0.008, 0.002, 0.035, "5Y", DATE, None, 0.5, DATE + dt.timedelta(days=400),
    0.6, 0.01, 0.01, 0.2, ("pd_annual", "guarantee_share"),
)  # fmt: skip


def test_the_wire_keeps_everything() -> None:
    for pricing in (FULL, OWN, LoanPricing(0.0)):
        violations = Violations()
        assert pricing_from_wire(pricing_to_wire(pricing), violations) == pricing
        assert not violations.found
        assert rate_from_wire(rate_to_wire(rate(pricing))) == rate(pricing)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pd_annual": None}, "pd_annual"),
        ({"pd_annual": 1.2}, "pd_annual"),
        ({"pd_annual": float("nan")}, "pd_annual"),
        ({"correlation": 1.0}, "correlation"),
        ({"funding_rate_annual": -0.1}, "funding_rate_annual"),
        ({"risk_weight": 13.0}, "risk_weight"),
        ({"capital_ratio": 1.1}, "capital_ratio"),
        ({"cost_of_capital_annual": 11.0}, "cost_of_capital_annual"),
        ({"operating_cost_annual": float("inf")}, "operating_cost_annual"),
        ({"margin_annual": -0.5}, "margin_annual"),
        ({"lpr_rate_annual": 3.5}, "lpr_rate_annual"),
        ({"lpr_rate_annual": None}, "lpr_as_of"),
        ({"lpr_as_of": None}, "lpr_as_of"),
        ({"lpr_tenor": ""}, "lpr_tenor"),
        ({"lpr_tenor": "x" * 17}, "lpr_tenor"),
        ({"subsidy_points_annual": 0.01}, "subsidy_share"),
        ({"subsidy_points_annual": 2.0, "subsidy_share": None}, "subsidy_points_annual"),
        ({"subsidy_share": 1.5}, "subsidy_share"),
        ({"guarantee_share": -0.1}, "guarantee_share"),
        ({"guarantee_fee_annual": 0.6}, "guarantee_fee_annual"),
        ({"guarantor_pd_annual": 2.0}, "guarantor_pd_annual"),
        ({"guarantor_risk_weight": -1.0}, "guarantor_risk_weight"),
        ({"assumed_fields": ("pd",)}, "assumed_fields[0]"),
        ({"assumed_fields": ("subsidy_points_annual",)}, "assumed_fields[0]"),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    violations = Violations()
    wrong = dataclasses.replace(FULL, **changes)  # type: ignore[arg-type]  # broken on purpose
    assert pricing_from_wire(pricing_to_wire(wrong), violations.at("pricing")) is None
    assert f"pricing.{field}" in [violation.field for violation in violations.found]


@pytest.mark.parametrize(
    "text",
    ["", "x", '[[figures]]\nname="correlation"\nvalue=0.3\ncitation="why"', '[[figures]]\nname="a"\nvalu=1'],
)
def test_a_wrong_file_of_assumptions_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "loan_pricing.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="loan_pricing"):
        read_pricing_assumptions(path)
    with pytest.raises(InvalidInput, match="no such file"):
        read_pricing_assumptions(tmp_path / "none.toml")


def test_a_loan_that_follows_the_cash_is_priced_on_its_balances() -> None:
    """100 at 10 %, paid by cash in year 2 of 3: balances 100, 110, 0; the borrower still pays 10 %."""
    loan = PricedLoan(100.0, LoanTerms(3.0, 0.1), [EVEN_CHANCE] * 3, DATE, (0.0, 500.0, 0.0))
    assert loan.outstanding_cny.tolist() == pytest.approx([100.0, 110.0, 0.0, 0.0])
    found = build_up_rate(loan, OWN, MARKET, ASSUMPTIONS)
    assert [year.exposure_cny for year in found.loss_years] == pytest.approx([100.0, 110.0, 0.0])
    # Even chances of 0 and 150 lose half of 100 and half of 110, and nothing of nothing.
    assert [year.lgd for year in found.loss_years] == pytest.approx([0.5, 0.5, 0.0])
    assert found.borrower_costs[0].after_subsidy_annual == pytest.approx(0.1, rel=1e-9)
    assert "PRICED_ON_CASH_SCHEDULE" in [caution.code for caution in found.cautions]
