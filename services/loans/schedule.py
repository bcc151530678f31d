"""Repayment schedules to the cent, and the balances of a book between two payments."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from quant.payment_plan import balances_after, roll
from services.loans.loan import RepaymentTerms, due_date
from services.loans.payment_plans import Days, is_plain, plan_of, plan_of_plain
from services.runtime.errors import InvalidInput

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
            f"found {asked} in total, expected at most {possible}, which is what was open on their days",
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


def scheduled_balances(terms: Sequence[RepaymentTerms], days: Sequence[dt.date]) -> NDArray[np.int64]:
    """Balance in cents that each loan owes at the end of its day, [n]; 0 before the drawing and after the end.

    A book of plain loans takes microseconds a loan and no table of periods; the others are rolled with their tables,
    some thousands at a time.
    """
    balances = np.zeros(len(terms), dtype=np.int64)
    day = np.array(days, dtype="datetime64[D]")
    plain = [i for i, term in enumerate(terms) if is_plain(term)]
    if plain:
        chosen = [terms[i] for i in plain]
        balances[plain] = balances_after(
            plan_of_plain(chosen), np.maximum(_payments_by(chosen, day[plain]), 0)
        )
    is_taken = np.zeros(len(terms), dtype=np.bool_)
    is_taken[plain] = True
    others = sorted(np.flatnonzero(~is_taken).tolist(), key=lambda i: terms[i].periods)
    for begin in range(0, len(others), _LOANS_AT_ONCE):
        members = others[begin : begin + _LOANS_AT_ONCE]
        chosen = [terms[i] for i in members]
        paid = np.maximum(_payments_by(chosen, day[members]), 0)
        level = balances_after(plan_of(chosen, due_dates(chosen)), paid)
        balances[members] = np.maximum(level - _prepaid_since(chosen, paid, day[members]), 0)
    drawn = np.array([term.drawn_on for term in terms], dtype="datetime64[D]")
    return np.where(day < drawn, 0, balances)


def balances_after_payments(terms: Sequence[RepaymentTerms]) -> NDArray[np.int64]:
    """Balance in cents of each loan after each of its payments, [n, longest]; 0 beyond its end.

    Prepayments count from the due date after them.
    """
    if all(is_plain(term) for term in terms):
        return roll(plan_of_plain(terms)).closing_cents
    return roll(plan_of(terms, due_dates(terms))).closing_cents


def due_dates(terms: Sequence[RepaymentTerms]) -> Days:
    """Day of drawing and every due date, [n, longest + 1]; the row of a shorter loan goes on.

    By month arithmetic from the drawing, at the last day of a month that is too short; see `loan.due_date`.
    """
    drawn = np.array([term.drawn_on for term in terms], dtype="datetime64[D]")
    months = np.array([term.months_per_period for term in terms])[:, None]
    start = drawn.astype("datetime64[M]")
    day_of_month = (drawn - start.astype("datetime64[D]")).astype(np.int64)
    month = start[:, None] + months * np.arange(max(term.periods for term in terms) + 1)
    last_day = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64) - 1
    due: Days = month.astype("datetime64[D]") + np.minimum(day_of_month[:, None], last_day)
    return due


def _payments_by(terms: Sequence[RepaymentTerms], day: Days) -> NDArray[np.int64]:
    """How many due dates of each loan have come by its day, [n]; below 0 before the drawing."""
    drawn = np.array([term.drawn_on for term in terms], dtype="datetime64[D]")
    months = np.array([term.months_per_period for term in terms])
    start, month = drawn.astype("datetime64[M]"), day.astype("datetime64[M]")
    elapsed, rest = np.divmod((month - start).astype(np.int64), months)
    last_day = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64) - 1
    due_day = np.minimum((drawn - start.astype("datetime64[D]")).astype(np.int64), last_day)
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
