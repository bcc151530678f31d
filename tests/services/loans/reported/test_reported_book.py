"""Balances to come of loans as they are reported: arrears stay, prepayments shrink, without a report the schedule."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.loans.reported.book import ReportedBook
from services.loans.reported.position import LoanPosition

DAY = dt.date(2026, 7, 15)
# 120,000 in 12 equal parts from 15 January 2026: 60,000 left on 15 July, 30,000 on 15 October, 0 on 15 January 2027.
TERMS = RepaymentTerms(Decimal("120000.00"), dt.date(2026, 1, 15), 12, 0.05, RepaymentKind.EQUAL_PRINCIPAL)
DAYS = [DAY, dt.date(2026, 10, 15), dt.date(2027, 1, 15)]


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (None, [60_000.0, 30_000.0, 0.0]),
        ("60000.00", [60_000.0, 30_000.0, 0.0]),
        ("80000.00", [80_000.0, 50_000.0, 20_000.0]),  # 20,000 in arrears
        ("15000.00", [15_000.0, 7_500.0, 0.0]),  # a quarter is left
        ("0.00", [0.0, 0.0, 0.0]),
    ],
)
def test_balances(loan: Callable[..., Loan], reported: str | None, expected: list[float]) -> None:
    positions = {} if reported is None else {"L1": LoanPosition("L1", DAY, Decimal(reported), 0.05)}
    book = ReportedBook(DAY, (loan("L1", terms=TERMS),), positions, ())
    assert book.balances_cny(DAYS)[0].tolist() == expected
    assert len(book.owing().loans) == (reported != "0.00")


def test_a_loan_past_its_end_owes_what_is_reported(loan: Callable[..., Loan]) -> None:
    later = dt.date(2027, 3, 1)
    positions = {"L1": LoanPosition("L1", later, Decimal("5000.00"), 0.05, 45)}
    book = ReportedBook(later, (loan("L1", terms=TERMS), loan("L2", terms=TERMS)), positions, ())
    assert np.array_equal(book.balances_cny([later, dt.date(2028, 1, 1)]), [[5_000.0, 5_000.0], [0.0, 0.0]])
    assert [item.loan_id for item in book.owing().loans] == ["L1"]
