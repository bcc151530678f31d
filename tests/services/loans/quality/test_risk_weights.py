"""Regulatory capital of one loan: weights by hand, the guarantor's weight, LGD*, a Basel row."""

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.credit import irb_risk_weight
from services.loans.conditions import BorrowerSize
from services.loans.loan import Guarantee, Loan
from services.loans.quality.capital import EconomicCapital, GuarantorFacts, IrbCollateral
from services.loans.quality.risk_weights import foundation_claim, recognised_lgd, weighted_claim
from services.loans.quality.rules_file import read_standard_rules

RULES = read_standard_rules().capital_on(dt.date(2026, 6, 30))
PHYSICAL, RECEIVABLES = IrbCollateral.OTHER_PHYSICAL, IrbCollateral.RECEIVABLES


@pytest.mark.parametrize(
    ("size", "is_investment_grade", "is_defaulted", "expected"),
    [
        (None, False, False, 1.00),
        (BorrowerSize.LARGE, False, False, 1.00),
        (BorrowerSize.LARGE, True, False, 0.75),
        (None, True, False, 0.75),
        (BorrowerSize.MEDIUM, False, False, 0.85),
        (BorrowerSize.MEDIUM, True, False, 0.75),
        (BorrowerSize.SMALL, False, False, 0.75),
        (BorrowerSize.MICRO, False, False, 0.75),
        (BorrowerSize.NOT_ENTERPRISE, True, False, 1.00),
        (BorrowerSize.MICRO, True, True, 1.50),
    ],
)
def test_weights(
    loan: Callable[..., Loan],
    size: BorrowerSize | None,
    is_investment_grade: bool,
    is_defaulted: bool,
    expected: float,
) -> None:
    borrowed = loan(borrower_size=size, is_investment_grade=is_investment_grade)
    assert (
        weighted_claim(borrowed, {}, RULES, is_defaulted=is_defaulted).weighted_cny(200.0) == 200.0 * expected
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GuarantorFacts("G", 0.20, is_eligible=True), 100.0 * (0.4 * 1.0 + 0.6 * 0.2)),
        (GuarantorFacts("G", 0.20, is_eligible=False), 100.0),
        (GuarantorFacts("G", 1.50, is_eligible=True), 100.0),
        (GuarantorFacts("other", 0.20, is_eligible=True), 100.0),
    ],
)
def test_the_guarantors_weight_on_the_covered_share(
    loan: Callable[..., Loan], facts: GuarantorFacts, expected: float
) -> None:
    guaranteed = loan(guarantee=Guarantee("G", 0.6, 0.01))
    claim = weighted_claim(guaranteed, {facts.guarantor_id: facts}, RULES, is_defaulted=False)
    assert claim.weighted_cny(100.0) == pytest.approx(expected, rel=1e-15)


def test_recognised_lgd_by_hand() -> None:
    """E = 100, C = 100: 60 secured at 25 %, 40 at 40 %: 31 %. C = 50: 30 and 70: 35.5 %. Receivables: 20 %: 28 %."""
    assert recognised_lgd(100.0, 100.0, PHYSICAL, RULES) == pytest.approx(0.31, rel=1e-15)
    assert recognised_lgd(100.0, 50.0, PHYSICAL, RULES) == pytest.approx(0.355, rel=1e-15)
    assert recognised_lgd(100.0, 100.0, RECEIVABLES, RULES) == pytest.approx(0.28, rel=1e-15)
    assert recognised_lgd(100.0, 1e9, PHYSICAL, RULES) == pytest.approx(0.25, rel=1e-15)
    assert recognised_lgd(100.0, -5.0, PHYSICAL, RULES) == 0.40


@given(st.floats(1.0, 1e9), st.floats(0.0, 1e10))
def test_recognising_a_pledge_never_costs(exposure: float, pledge: float) -> None:
    assert 0.25 - 1e-12 <= recognised_lgd(exposure, pledge, PHYSICAL, RULES) <= 0.40 + 1e-12


def test_foundation_approach(loan: Callable[..., Loan]) -> None:
    """The row of PD 1 %, LGD 40 %, 2.5 years: 82.06 %, from the Basel formula without scaling factor (CRE31)."""
    claim = foundation_claim(
        loan(default_probability_annual=0.01), 100.0, 100.0, PHYSICAL, RULES, is_defaulted=False
    )
    assert claim.unrecognised_cny == pytest.approx(82.06, abs=0.005)
    assert claim.recognised_cny == pytest.approx(claim.unrecognised_cny * 0.31 / 0.40, rel=1e-12)
    floored = foundation_claim(
        loan(default_probability_annual=0.0), 100.0, 0.0, PHYSICAL, RULES, is_defaulted=False
    )
    assert floored.floored_pd == 0.0005
    assert floored.unrecognised_cny == pytest.approx(100.0 * float(irb_risk_weight(0.0005, 0.40)), rel=1e-14)
    gone = foundation_claim(loan(), 100.0, 50.0, PHYSICAL, RULES, is_defaulted=True)
    assert (gone.unrecognised_cny, gone.recognised_cny) == (0.0, 0.0)


def test_capital_is_never_below_nothing() -> None:
    assert EconomicCapital(5.0, 3.0, 2.0, 4.0).capital_cny == 0.0
    with pytest.raises(ValueError, match="risk_weight"):
        GuarantorFacts("G", 13.0, is_eligible=True)
