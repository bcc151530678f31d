"""Repayment schedules to the cent, and the balances of a book between two payments."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from quant.repayment.payment_plan import balances_after, roll
from services.loans.columns.term_columns import Days, TermColumns, days_after, last_day_of, term_columns
from services.loans.loan import Loan, RepaymentTerms, due_date
from services.loans.repayment.changes import Prepayment
from services.loans.repayment.payment_plans import plan_of, plan_of_even
from services.runtime.errors import FieldViolation, InvalidInput

# Loans whose tables of periods are made together.
_LOANS_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment in exact cents, CNY.

    Attributes:
        period: 1, 2, ...
        due_on: day on which it is due.
        opening_cny, closing_cny: balance before and after.
        interest_cny, principal_cny: the parts of the payment.
        prepaid_cny: principal prepaid since the last due date, which is no part of the payment.
        rate_annual: rate in force on the last day of the period.
    """

    period: int
    due_on: dt.date
    opening_cny: Decimal
    interest_cny: Decimal
    principal_cny: Decimal
    closing_cny: Decimal
    prepaid_cny: Decimal
    rate_annual: float

    @property
    def payment_cny(self) -> Decimal:
        """Interest and principal."""
        return self.interest_cny + self.principal_cny


@dataclass(frozen=True, slots=True)
class RepaymentSchedule:
    """The instalments of a loan in order; the last closes at 0, before the agreed end where prepayments shorten it."""

    instalments: tuple[Instalment, ...]

    @property
    def total_interest_cny(self) -> Decimal:
        """Sum of the interest."""
        return sum((row.interest_cny for row in self.instalments), Decimal("0.00"))


def repayment_schedule(terms: RepaymentTerms) -> RepaymentSchedule:
    """The payments of a loan; the last one clears the balance.

    Raises:
        InvalidInput: a prepayment is above what is open on its day.
    """
    due = due_dates([terms])
    plan = plan_of([terms], due)
    cents = roll(plan)
    asked = sum((prepayment.amount_cny for prepayment in terms.prepayments), Decimal(0))
    possible = _decimal(int(cents.prepaid_cents.sum()))
    if possible < asked:
        raise InvalidInput.of(
            "terms.prepayments",
            f"found {asked} in total, expected at most {possible}, which is what was open on their days; "
            f"the prepayment of {_first_above(terms, due[0], cents.prepaid_cents[0]).day} is the first above it",
        )
    columns = (
        cents.opening_cents, cents.interest_cents, cents.principal_cents, cents.closing_cents, cents.prepaid_cents,
    )  # fmt: skip
    amounts = zip(*([_decimal(value) for value in column[0].tolist()] for column in columns), strict=True)
    days, rates = due[0, 1:].astype(object), plan.rate_annual[0].tolist()
    return RepaymentSchedule(
        tuple(
            Instalment(period, day, opening, interest, principal, closing, prepaid, rate)
            for period, (day, rate, (opening, interest, principal, closing, prepaid)) in enumerate(
                zip(days, rates, amounts, strict=True), start=1
            )
            if opening > 0 or not terms.prepayments
        )
    )


def prepayment_violations(rows: str, loans: Iterable[tuple[int, Loan]]) -> Iterator[FieldViolation]:
    """Loans that have no schedule because a prepayment is above what is open on its day.

    Args:
        rows: name of the rows, such as "loans".
        loans: each with its number.
    """
    for i, loan in loans:
        if not loan.terms.prepayments:
            continue
        try:
            repayment_schedule(loan.terms)
        except InvalidInput as error:
            for found in error.violations:
                yield FieldViolation(f"{rows}[{i}].{found.field}", f"{loan.loan_id}: {found.description}")


def _first_above(terms: RepaymentTerms, due: Days, possible_cents: NDArray[np.int64]) -> Prepayment:
    """The first prepayment of which not all could be paid; `possible_cents` by period."""
    open_cents = possible_cents.tolist()
    for prepayment in terms.prepayments:
        period = int(np.searchsorted(due, np.datetime64(prepayment.day), "right")) - 1
        open_cents[period] -= int(prepayment.amount_cny * 100)
        if open_cents[period] < 0:
            return prepayment
    raise AssertionError("prepayments: asked only where one is above what is open")


def scheduled_balances(terms: Sequence[RepaymentTerms], days: Sequence[dt.date]) -> NDArray[np.int64]:
    """Balance in cents that each loan owes at the end of its day, [n]; 0 before the drawing and after the end."""
    return balances_on(term_columns(terms), np.array(days, dtype="datetime64[D]"))


def balances_on(terms: TermColumns, day: Days) -> NDArray[np.int64]:
    """Balance in cents that each loan owes at the end of its day, [n]; 0 before the drawing and after the end.

    Loans with even periods take microseconds each and no table of periods; the others are rolled with their tables,
    some thousands at a time.

    Args:
        terms: of n loans.
        day: of each loan, [n].
    """
    balances = np.zeros(len(terms), dtype=np.int64)
    even = np.flatnonzero(terms.is_even)
    if even.size:
        chosen = terms.take(even) if terms.uneven else terms
        paid = _payments_by(chosen, day[even])
        balances[even] = balances_after(plan_of_even(chosen), np.maximum(paid, 0))
    others = sorted(terms.uneven, key=lambda i: terms.uneven[i].periods)
    for begin in range(0, len(others), _LOANS_AT_ONCE):
        members = others[begin : begin + _LOANS_AT_ONCE]
        given = [terms.uneven[i] for i in members]
        paid = np.maximum(_payments_by(terms.take(members), day[members]), 0)
        level = balances_after(plan_of(given, due_dates(given)), paid)
        balances[members] = np.maximum(level - _prepaid_since(given, paid, day[members]), 0)
    return np.where(day < terms.drawn_on, 0, balances)


def balances_after_payments(terms: Sequence[RepaymentTerms]) -> NDArray[np.int64]:
    """Balance in cents of each loan after each of its payments, [n, longest]; 0 beyond its end.

    Prepayments count from the due date after them.
    """
    columns = term_columns(terms)
    if not columns.uneven:
        return roll(plan_of_even(columns)).closing_cents
    return roll(plan_of(terms, due_dates(terms))).closing_cents


def due_dates(terms: Sequence[RepaymentTerms]) -> Days:
    """Day of drawing and every due date, [n, longest + 1]; the row of a shorter loan goes on.

    By month arithmetic from the drawing, at the last day of a month that is too short; see `loan.due_date`.
    """
    columns = term_columns(terms)
    periods = np.arange(int(columns.periods.max()) + 1)
    return days_after(columns.drawn_on[:, None], columns.months_per_period[:, None] * periods)


def _payments_by(terms: TermColumns, day: Days) -> NDArray[np.int64]:
    """How many due dates of each loan have come by its day, [n]; below 0 before the drawing."""
    start, month = terms.drawn_on.astype("datetime64[M]"), day.astype("datetime64[M]")
    elapsed, rest = np.divmod((month - start).astype(np.int64), terms.months_per_period)
    day_of_drawing = (terms.drawn_on - start.astype("datetime64[D]")).astype(np.int64)
    due_day = np.minimum(day_of_drawing, last_day_of(month))
    is_before = (day - month.astype("datetime64[D]")).astype(np.int64) < due_day
    return np.asarray(elapsed - ((rest == 0) & is_before))


def _prepaid_since(terms: Sequence[RepaymentTerms], paid: NDArray[np.int64], day: Days) -> NDArray[np.int64]:
    """Cents prepaid after the last due date and up to the day, [n]."""
    cents = np.zeros(len(terms), dtype=np.int64)
    for i, term in enumerate(terms):
        if term.prepayments:
            last: dt.date = due_date(term.drawn_on, int(paid[i]) * term.months_per_period)
            until = day[i].astype(object)
            cents[i] = sum(int(p.amount_cny * 100) for p in term.prepayments if last <= p.day <= until)
    return cents


def _decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
