"""Years in which the pledge is worth less than the debt: which ones, under which plan, and why."""

import dataclasses
import math

import pytest

from services.runtime.results import Caution
from services.valuation.lending.sizing import size_loan
from services.valuation.lending.sizing_cautions import LossOfRight, of_pledge_below_debt
from services.valuation.lending.translate import sized_loan_from_wire, sized_loan_to_wire
from services.valuation.pricers.pricing import LendingTerms
from services.valuation.valuation import LoanTerms, SizedLoan
from tests.services.valuation.lending.test_loan_sizing import valuation

# At no interest four level instalments of a loan of 400,000: 400, 300, 200 and 100 thousand are owed before them.
OWED = 400_000.0
STEADY = LossOfRight(intensity=0.0, is_total=True, last_payment_years=20.0)
ENOUGH = [150_000.0] * 4


def sized(pledge_values: list[float], low_cash: list[float] | None = None) -> SizedLoan:
    found = size_loan(
        valuation(800_000.0, 0.0),
        LendingTerms(0.5, None, 1.0),
        None,
        ENOUGH if low_cash is None else low_cash,
        LoanTerms(float(len(pledge_values)), 0.0),
        pledge_values=pledge_values,
    )
    assert found.limit_cny == OWED
    return found


def caution(loan: SizedLoan, loss: LossOfRight = STEADY, amount_cny: float = OWED) -> Caution:
    [found] = of_pledge_below_debt(loan, loss, amount_cny)
    assert found.code == "PLEDGE_BELOW_DEBT"
    return found


def test_a_pledge_that_covers_what_is_owed_in_every_year_is_no_matter() -> None:
    assert of_pledge_below_debt(sized([400_000.0, 300_000.0, 200_000.0, 100_000.0]), STEADY, OWED) == []


def test_years_until_maturity_are_told_by_the_first() -> None:
    found = caution(sized([500_000.0, 300_000.0, 199_000.0, 50_000.0]))
    assert "自第 3 年起质押价值低于贷款余额" in found.message_zh
    assert "from year 3 on for a loan of 40.00 x10k CNY under level instalments" in found.message_en
    assert "after 1 y alone." in found.message_en
    assert "quantile" not in found.message_en


def test_years_with_a_break_are_told_by_number_and_range() -> None:
    found = caution(sized([399_000.0, 300_000.0, 199_000.0, 100_000.0]))
    assert "第 1 至 3 年中有 2 年" in found.message_zh
    assert "in 2 of the years 1 to 3" in found.message_en


def test_a_smaller_amount_is_measured_by_itself() -> None:
    loan = sized([500_000.0, 300_000.0, 120_000.0, 40_000.0])
    assert "from year 3 on" in caution(loan).message_en
    # Half of it owes 100 thousand in year 3 and 50 in year 4.
    assert "from year 4 on for a loan of 20.00" in caution(loan, amount_cny=OWED / 2).message_en
    assert of_pledge_below_debt(loan, STEADY, OWED / 3) == []


def test_where_instalments_are_not_paid_the_loan_that_follows_the_cash_counts_until_it_is_repaid() -> None:
    """300 and 500 thousand of cash in years 2 and 3: half of each repays the loan, 400, 400, 250 and 0 are owed."""
    found = caution(sized([500_000.0, 390_000.0, 240_000.0, 0.0], [0.0, 300_000.0, 500_000.0, 0.0]), STEADY)
    assert "自第 2 年起" in found.message_zh
    assert "from year 2 on for a loan of 40.00 x10k CNY under repayment as the cash comes" in found.message_en


def test_a_quantile_emptied_by_the_loss_of_the_right_says_its_probability() -> None:
    """At 3 % a year the right is lost by year 2 with 1 - exp(-0.06) = 5.82 %, above 5 %; by year 1 with 2.96 %."""
    loss = dataclasses.replace(STEADY, intensity=0.03)
    assert loss.probability_by(2.0) == pytest.approx(1.0 - math.exp(-0.06), rel=1e-14)
    assert [loss.may_empty_quantile(year, 0.05, 2048) for year in (1.0, 2.0, 20.0)] == [False, True, False]
    found = caution(sized([500_000.0, 0.0, 0.0, 0.0]), loss)
    assert "第 2 年起该分位数为零：权利到该年底已灭失的概率为 5.82 %，高于 1 − 置信度 5 %" in found.message_zh
    assert "by then is 5.82 %, above 1 - confidence = 5 %" in found.message_en


def test_a_quantile_emptied_by_chance_of_few_paths_does_not_claim_more_than_there_is() -> None:
    """By year 2 at 2.5 % a year 1 - exp(-0.05) = 4.88 %; a share of 5 % of 2,048 paths has an error of 0.48 %."""
    found = caution(sized([500_000.0, 0.0, 0.0, 0.0]), dataclasses.replace(STEADY, intensity=0.025))
    assert (
        "by then is 4.88 %, but for the error of simulation equal to 1 - confidence = 5 %" in found.message_en
    )
    assert "4.88 %，在模拟误差内等于 1 − 置信度 5 %" in found.message_zh


@pytest.mark.parametrize(
    "loss",
    [
        LossOfRight(intensity=0.03, is_total=False, last_payment_years=20.0),
        LossOfRight(intensity=0.03, is_total=True, last_payment_years=2.0),
        LossOfRight(intensity=0.005, is_total=True, last_payment_years=20.0),
    ],
    ids=["half is taken", "nothing is left to lose", "too rare"],
)
def test_another_reason_is_not_given_as_the_loss_of_the_right(loss: LossOfRight) -> None:
    found = caution(sized([500_000.0, 0.0, 0.0, 0.0]), loss)
    assert "from year 2 on" in found.message_en
    assert "quantile" not in found.message_en


def test_the_cautions_of_a_loan_go_over_the_wire() -> None:
    loan = sized([500_000.0, 300_000.0, 199_000.0, 50_000.0])
    told = dataclasses.replace(loan, cautions=(caution(loan),))
    assert sized_loan_from_wire(sized_loan_to_wire(told)).cautions == told.cautions
