"""Conditions of a loan: what they refuse, what they mean, how they are stored."""

import datetime as dt
from collections.abc import Callable

import pytest

from services.loans.conditions import BorrowerSize, GuaranteeMode, InterestSubsidy
from services.loans.loan import Loan
from services.loans.stored import loan_from_text, loan_to_text

MakeLoan = Callable[..., Loan]
DAY = dt.date(2026, 6, 30)


def test_a_loan_without_conditions_has_the_text_that_it_had_before_there_were_any(loan: MakeLoan) -> None:
    # As the first version wrote it: stored texts of this shape exist, and their hashes say whether a loan has changed.
    before = (
        '{"loan_id":"L1","borrower_id":"B-L1","name":"甘州区节水贷款","county":"甘州区","industry":"农业",'
        '"product":"water_right","terms":{"principal_cny":"1000000.00","drawn_on":"2026-01-15","periods":36,'
        '"rate_annual":0.045,"kind":"equal_instalment","months_per_period":1,"grace_periods":0,"day_count":null},'
        '"default_probability_annual":0.05,"asset_correlation":0.2,"unsecured_lgd":0.6,"index_weights":[],'
        '"guarantee":null}'
    )
    assert loan_to_text(loan()) == before
    assert loan_from_text(before) == loan()


def test_conditions_survive_being_stored(loan: MakeLoan) -> None:
    given = loan(
        purpose="5.2.1",
        approved_on=DAY,
        guarantee_mode=GuaranteeMode.PLEDGE,
        borrower_size=BorrowerSize.NOT_ENTERPRISE,
        is_investment_grade=True,
        subsidy=InterestSubsidy("县财政", interest_share=0.5, until=DAY),
        compensation_share=0.25,
        restructured_on=DAY,
    )
    assert loan_from_text(loan_to_text(given)) == given


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        ({}, "neither or both"),
        ({"rate_points_annual": 0.01, "interest_share": 0.5}, "neither or both"),
        ({"rate_points_annual": 0.0}, "rate_points_annual: found 0.0"),
        ({"interest_share": 1.1}, "interest_share: found 1.1"),
    ],
)
def test_a_subsidy_has_one_measure(measures: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        InterestSubsidy("county", **measures)  # type: ignore[arg-type]  # only numbers are in the table


def test_the_borrower_bears_what_the_payer_does_not() -> None:
    points = InterestSubsidy("county", rate_points_annual=0.02, until=DAY)
    assert points.subsidised_rate(0.05, DAY) == pytest.approx(0.03, abs=1e-15)
    assert points.subsidised_rate(0.01, DAY) == 0.0
    assert points.subsidised_rate(0.05, DAY + dt.timedelta(days=1)) == 0.05
    assert InterestSubsidy("county", interest_share=0.4).subsidised_rate(0.05, DAY) == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("field", "value"), [("compensation_share", 1.01), ("compensation_share", -0.1), ("purpose", "x" * 65)]
)
def test_a_condition_outside_its_domain_is_refused(loan: MakeLoan, field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        loan(**{field: value})
