"""Repayment schedules to the cent, and the balances of a book between two payments."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from quant import amortisation
from quant.daycount import year_fraction
from quant.payment_plan import LoanSchedule
from services.loans.loan import RepaymentKind, RepaymentTerms

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment in exact cents, CNY.

    Attributes:
        period: 1, 2, ...
        due_on: day on which it is due.
        opening_cny, closing_cny: balance before and after.
        interest_cny, principal_cny: the parts of the payment.
    """

    period: int
    due_on: dt.date
    opening_cny: Decimal
    interest_cny: Decimal
    principal_cny: Decimal
    closing_cny: Decimal

    @property
    def payment_cny(self) -> Decimal:
        """Interest and principal."""
        return self.interest_cny + self.principal_cny


@dataclass(frozen=True, slots=True)
class RepaymentSchedule:
    """The instalments of a loan in order; the last closes at 0."""

    instalments: tuple[Instalment, ...]

    @property
    def total_interest_cny(self) -> Decimal:
        """Sum of the interest."""
        return sum((row.interest_cny for row in self.instalments), Decimal("0.00"))


def repayment_schedule(terms: RepaymentTerms) -> RepaymentSchedule:
    """The payments of a loan; the last one clears the balance."""
    due = due_dates([terms])[0, 1:].astype(object)
    cents = _amortise([terms])
    columns = (cents.opening_cents, cents.interest_cents, cents.principal_cents, cents.closing_cents)
    rows = zip(due, *(column[0].tolist() for column in columns), strict=True)
    return RepaymentSchedule(
        tuple(
            Instalment(period, day, *(_decimal(amount) for amount in amounts))
            for period, (day, *amounts) in enumerate(rows, start=1)
        )
    )


def scheduled_balances(terms: Sequence[RepaymentTerms], days: Sequence[dt.date]) -> NDArray[np.int64]:
    """Balance in cents that each loan owes at the end of its day, [n]; 0 before the drawing and after the end.

    Loans of the same kind and length are computed together, so that a book of thousands takes milliseconds.
    """
    groups: dict[tuple[RepaymentKind, int, int], list[int]] = defaultdict(list)
    for i, term in enumerate(terms):
        groups[term.kind, term.periods, term.grace_periods].append(i)
    balances = np.zeros(len(terms), dtype=np.int64)
    for members in groups.values():
        chosen = [terms[i] for i in members]
        due = due_dates(chosen)
        cents = _amortise(chosen)
        day = np.array([days[i] for i in members], dtype="datetime64[D]")
        # Column k is the balance from due date k (0: the drawing) until the next.
        levels = np.concatenate([cents.opening_cents[:, :1], cents.closing_cents], axis=1)
        passed = (due <= day[:, None]).sum(axis=1)
        rows = np.arange(len(members))
        balances[members] = np.where(passed > 0, levels[rows, np.maximum(passed - 1, 0)], 0)
    return balances


def due_dates(terms: Sequence[RepaymentTerms]) -> Days:
    """Day of drawing and every due date of loans of the same number of periods, [n, periods + 1].

    By month arithmetic from the drawing, at the last day of a month that is too short; see `loan.due_date`.
    """
    drawn = np.array([term.drawn_on for term in terms], dtype="datetime64[D]")
    months = np.array([term.months_per_period for term in terms])[:, None]
    start = drawn.astype("datetime64[M]")
    day_of_month = (drawn - start.astype("datetime64[D]")).astype(np.int64)
    month = start[:, None] + months * np.arange(terms[0].periods + 1)
    last_day = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64) - 1
    due: Days = month.astype("datetime64[D]") + np.minimum(day_of_month[:, None], last_day)
    return due


def _amortise(terms: Sequence[RepaymentTerms]) -> LoanSchedule:
    """Schedules of loans of one kind, number of periods and grace, arrays [n, periods]."""
    first = terms[0]
    loan_cents = np.array([int(term.principal_cny * 100) for term in terms], dtype=np.int64)
    rates = np.array([term.rate_annual for term in terms])
    lengths = _period_years(terms)
    if first.kind is RepaymentKind.BULLET:
        return amortisation.bullet(loan_cents, rates, first.periods, period_years=lengths)
    rule: Callable[..., LoanSchedule] = _WITH_GRACE[first.kind]
    return rule(loan_cents, rates, first.periods, period_years=lengths, grace_periods=first.grace_periods)


_WITH_GRACE = {
    RepaymentKind.EQUAL_INSTALMENT: amortisation.equal_instalment,
    RepaymentKind.EQUAL_PRINCIPAL: amortisation.equal_principal,
}


def _period_years(terms: Sequence[RepaymentTerms]) -> NDArray[np.float64]:
    months = np.array([term.months_per_period for term in terms])
    lengths = np.repeat(months[:, None] / 12.0, terms[0].periods, axis=1)
    counted = [i for i, term in enumerate(terms) if term.day_count is not None]
    due = due_dates(terms)
    for convention in {term.day_count for term in terms} - {None}:
        rows = [i for i in counted if terms[i].day_count is convention]
        assert convention is not None  # noqa: S101  # taken out above; tells mypy
        lengths[rows] = year_fraction(convention, due[rows, :-1], due[rows, 1:])
    return lengths


def _decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
