"""What a loan owes in a period of a simulation: balances counted by hand on the days in the middle."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np

from quant.factors import FactorModel, PrimaryFactor
from services.loans.book import SecuredBook
from services.loans.columns.loan_columns import loan_columns
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms

DAY = dt.date(2026, 6, 30)
# 100,000 on the 20th of every month from 2026-02-20 to 2027-01-20, which is 204 days after the day of the book.
TERMS = RepaymentTerms(Decimal("1200000.00"), dt.date(2026, 1, 20), 12, 0.048, RepaymentKind.EQUAL_PRINCIPAL)


def test_exposures_are_balances_in_the_middle_of_the_time_at_risk(loan: Callable[..., Loan]) -> None:
    ended = replace(TERMS, drawn_on=dt.date(2025, 1, 20))
    book = SecuredBook(DAY, loan_columns([loan("L1", terms=TERMS), loan("L2", terms=ended)], ""), ())
    # 46, 137 and 193 days on: 15 August after 6 payments, 14 November after 9; the last period ends with the loan, so
    # that its middle is 9 January, after 11.
    expected = [600_000.0, 300_000.0, 100_000.0, 0.0]
    np.testing.assert_array_equal(book.exposures(np.array([0.25, 0.5, 0.75, 1.0])), [expected, [0.0] * 4])
    # Over one year the time at risk is that of the loan: its middle is 10 October, 102 days on, after 8 payments.
    np.testing.assert_array_equal(book.exposures(np.array([1.0])), [[400_000.0], [0.0]])
    np.testing.assert_array_equal(book.years_left(), [204 / 365, 0.0])


def test_guarantors_are_one_by_name_and_another_for_every_loan_without(loan: Callable[..., Loan]) -> None:
    names = ("G1", "G1", "", "", "G2")
    loans = [loan(f"L{i}", guarantee=Guarantee(name, 0.5, 0.01)) for i, name in enumerate(names)]
    cycle = FactorModel((PrimaryFactor("credit_cycle", 0.0, volatility_annual=1.0),), (), np.eye(1))
    book = SecuredBook(DAY, loan_columns(loans, ""), ()).loss_book(cycle, np.array([1.0]))
    lanes = book.guarantor_of_loan.tolist()
    assert lanes[0] == lanes[1]
    assert len(set(lanes)) == 4
