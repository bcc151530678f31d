import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.collateral import Collateral
from services.loans.loan import Guarantee, IndexWeight, Loan, RepaymentKind, RepaymentTerms, due_date
from services.loans.portfolio import PortfolioQuestion
from services.loans.stored import collateral_from_text, collateral_to_text, loan_from_text, loan_to_text
from services.runtime.market import MarketSnapshot


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"principal_cny": Decimal(0)}, "principal"),
        ({"principal_cny": Decimal("1.005")}, "whole cents"),
        ({"principal_cny": Decimal("NaN")}, "principal"),
        ({"periods": 0}, "periods: found 0, expected 1 to 600"),
        ({"periods": 601}, "periods"),
        ({"months_per_period": 2}, "months_per_period: found 2"),
        ({"grace_periods": 12}, "grace_periods: found 12"),
        ({"rate_annual": -0.01}, "rate_annual"),
        ({"rate_annual": math.nan}, "rate_annual"),
        ({"drawn_on": dt.date(9999, 1, 1)}, "drawn_on"),
    ],
)
def test_wrong_terms_are_refused(change: dict[str, Any], match: str) -> None:
    terms = RepaymentTerms(Decimal(100), dt.date(2026, 1, 1), 12, 0.04, RepaymentKind.BULLET)
    with pytest.raises(ValueError, match=match):
        replace(terms, **change)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"loan_id": ""}, "loan_id"),
        ({"loan_id": "x" * 65}, "loan_id"),
        ({"borrower_id": "  "}, "borrower_id"),
        ({"default_probability_annual": 1.1}, "default_probability_annual"),
        ({"asset_correlation": 1.0}, "asset_correlation"),
        ({"unsecured_lgd": math.nan}, "unsecured_lgd"),
        ({"index_weights": (IndexWeight("a", 1.0), IndexWeight("a", 2.0))}, "each factor once"),
    ],
)
def test_a_wrong_loan_is_refused(loan: Callable[..., Loan], change: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        replace(loan(), **change)


def test_wrong_parts_of_a_loan_are_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        Guarantee("G", 1.2, 0.0)
    with pytest.raises(ValueError, match="weight: found 0"):
        IndexWeight("a", 0.0)
    with pytest.raises(ValueError, match="factor"):
        IndexWeight("", 1.0)


def test_wrong_collateral_is_refused(collateral: Callable[..., Collateral]) -> None:
    with pytest.raises(ValueError, match="pledged_share"):
        collateral(pledged_share=1.5)
    empty = ExposureSchedule("a", np.empty(0), (), np.empty(0), (), CollateralTerms())
    with pytest.raises(ValueError, match="no exposures"):
        collateral(schedule=empty)


@pytest.mark.parametrize(
    ("change", "match"),
    [({"horizon_years": 0.0}, "horizon"), ({"horizon_years": 0.9 / 365.0}, r"a day \(1 / 365\) to 10"),
     ({"horizon_years": math.nan}, "horizon"), ({"horizon_years": 10.5}, "horizon"), ({"n_paths": 255}, "n_paths"),
     ({"seed": -1}, "seed"), ({"seed": 2**63}, "seed")],
)  # fmt: skip
def test_a_wrong_question_is_refused(snapshot: MarketSnapshot, change: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        PortfolioQuestion(snapshot, **change)


@pytest.mark.parametrize(
    ("drawn_on", "months", "expected"),
    [
        (dt.date(2026, 1, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2026, 1, 31), 2, dt.date(2026, 3, 31)),
        (dt.date(2027, 12, 31), 2, dt.date(2028, 2, 29)),
        (dt.date(2026, 11, 30), 3, dt.date(2027, 2, 28)),
        (dt.date(2026, 6, 15), 12, dt.date(2027, 6, 15)),
    ],
)
def test_due_dates_by_month_arithmetic(drawn_on: dt.date, months: int, expected: dt.date) -> None:
    assert due_date(drawn_on, months) == expected


def test_a_schedule_counted_from_another_day_is_shifted_and_loses_what_is_past(
    collateral: Callable[..., Collateral],
) -> None:
    item = collateral()
    later = item.schedule_from(dt.date(2027, 12, 30))  # 548 days after 2026-06-30
    assert later.times_years == pytest.approx(np.array([2.0, 3.0, 4.0, 5.0]) - 548 / 365)
    assert len(later.labels) == len(later.factors) == 4
    earlier = item.schedule_from(dt.date(2026, 6, 29))
    assert earlier.times_years == pytest.approx(np.arange(1.0, 6.0) + 1 / 365)
    assert item.schedule_from(item.valuation_date) is item.schedule


def test_stored_text_comes_back_as_the_same_value(
    loan: Callable[..., Loan], collateral: Callable[..., Collateral]
) -> None:
    given = loan(
        index_weights=(IndexWeight("inflow", 0.1 + 0.2),),
        guarantee=Guarantee("G", 0.8, 0.01),
        unsecured_lgd=1 / 3,
    )
    assert loan_from_text(loan_to_text(given)) == given
    item = collateral(pledged_share=1 / 3)
    read = collateral_from_text(collateral_to_text(item))
    assert collateral_to_text(read) == collateral_to_text(item)
    assert np.array_equal(read.schedule.times_years, item.schedule.times_years)
    assert read.schedule.terms == item.schedule.terms
    assert (read.pledged_share, read.valuation_date) == (item.pledged_share, item.valuation_date)
