"""What core banking would report of a synthetic loan: it pays as scheduled, prepays in full, or stops paying.

Repayments of a quarter are one movement on the last due date of the quarter. A loan that stops paying accrues days
overdue from its first unpaid due date; the class follows from them by the 2023 rule (more than 90, 270 and 360 days).
Some are written off at the end of the first quarter in which they are overdue more than 360 days.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from services.loans.loan import Loan
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.synthetic.recipe import BookRecipe

NOTHING = Decimal("0.00")
_IMPAIRED_AFTER_DAYS = 90
_WRITTEN_OFF_AFTER_DAYS = 360
_CLASSES = (
    (360, FiveClass.LOSS),
    (270, FiveClass.DOUBTFUL),
    (90, FiveClass.SUBSTANDARD),
    (0, FiveClass.SPECIAL_MENTION),
)


@dataclass(frozen=True, slots=True)
class Draws:
    """Uniforms of a loan: what happens, when, and whether it is written off."""

    fate: float
    when: float
    written_off: float


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a loan owes: its due dates, [periods], and the balance in cents after each, as scheduled."""

    due: NDArray[np.datetime64]
    closing_cents: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Fate:
    """How many instalments are paid at most, whether it is written off, and the quarter of a full prepayment."""

    pays: int
    is_written_off: bool
    prepays_in: int | None


def report_loan(
    loan: Loan, plan: Plan, recipe: BookRecipe, draws: Draws
) -> tuple[tuple[LoanPosition, ...], tuple[LoanMovement, ...]]:
    """Positions on the ends of quarters and the movements between them."""
    days = recipe.report_days()
    fate = _fate(loan, recipe, draws)
    n_due = np.searchsorted(plan.due, np.array(days, dtype="datetime64[D]"), "right").tolist()
    positions: list[LoanPosition] = []
    movements: list[LoanMovement] = []
    balance, is_closed = NOTHING, False
    for quarter, day in enumerate(days):
        if loan.terms.drawn_on > day:
            continue
        drawn = loan.terms.principal_cny if not positions else NOTHING
        paid = min(n_due[quarter], fate.pays)
        opening = balance + drawn
        balance = NOTHING if is_closed else _open_after(loan, plan, paid)
        overdue = 0 if is_closed else _overdue_days(plan, n_due[quarter], fate.pays, day)
        if quarter > 0:
            if drawn > 0:
                movements.append(_movement(loan, quarter, MovementKind.DRAWN, loan.terms.drawn_on, drawn))
            if opening > balance:
                last: dt.date = plan.due[paid - 1].item()
                movements.append(_movement(loan, quarter, MovementKind.REPAID, last, opening - balance))
            ending = _ending(fate, quarter, overdue)
            if ending is not None and balance > 0:
                movements.append(_movement(loan, quarter, ending, day, balance))
                balance, is_closed, overdue = NOTHING, True, 0
        arrears = balance - _open_after(loan, plan, n_due[quarter]) if overdue > 0 else NOTHING
        positions.append(_position(loan, day, balance, overdue, arrears))
    return tuple(positions), tuple(movements)


def check_roll_forward(positions: Iterable[LoanPosition], movements: Iterable[LoanMovement]) -> None:
    """Check that each balance is the one before it and the movements between, of every loan.

    A loan that was not there on the first reporting day begins at 0.

    Raises:
        ValueError: naming the first loan and day for which it is not.
    """
    by_loan: dict[str, list[LoanMovement]] = {}
    for movement in movements:
        by_loan.setdefault(movement.loan_id, []).append(movement)
    reports: dict[str, list[LoanPosition]] = {}
    for position in positions:
        reports.setdefault(position.loan_id, []).append(position)
    first_day = min(position.as_of for rows in reports.values() for position in rows)
    for loan_id, rows in reports.items():
        rows.sort(key=lambda position: position.as_of)
        after, balance = first_day, rows[0].balance_cny if rows[0].as_of == first_day else Decimal(0)
        for position in rows:
            balance += sum(
                movement.signed_cny
                for movement in by_loan.get(loan_id, ())
                if after < movement.day <= position.as_of
            )
            if balance != position.balance_cny:
                raise ValueError(
                    f"{loan_id} {position.as_of}: found {position.balance_cny}, expected {balance}"
                )
            after = position.as_of


def _fate(loan: Loan, recipe: BookRecipe, draws: Draws) -> _Fate:
    periods = loan.terms.periods
    if draws.fate < recipe.prepaid_share:
        return _Fate(periods, is_written_off=False, prepays_in=1 + int(draws.when * recipe.n_quarters))
    if draws.fate > 1.0 - recipe.overdue_share:
        stopped = 1 + int(draws.when * recipe.overdue_longest_months)
        drawn_on, as_of = loan.terms.drawn_on, recipe.as_of
        elapsed = (as_of.year - drawn_on.year) * 12 + as_of.month - drawn_on.month
        is_written_off = draws.written_off < recipe.written_off_share
        return _Fate(max(0, elapsed - stopped), is_written_off, None)
    return _Fate(periods, is_written_off=False, prepays_in=None)


def _open_after(loan: Loan, plan: Plan, n_paid: int) -> Decimal:
    return (
        loan.terms.principal_cny if n_paid == 0 else Decimal(int(plan.closing_cents[n_paid - 1])).scaleb(-2)
    )


def _overdue_days(plan: Plan, n_due: int, pays: int, day: dt.date) -> int:
    if n_due <= pays:
        return 0
    first_unpaid: dt.date = plan.due[pays].item()
    return (day - first_unpaid).days


def _ending(fate: _Fate, quarter: int, overdue_days: int) -> MovementKind | None:
    if fate.prepays_in == quarter:
        return MovementKind.PREPAID
    if fate.is_written_off and overdue_days > _WRITTEN_OFF_AFTER_DAYS:
        return MovementKind.WRITTEN_OFF
    return None


def _position(loan: Loan, day: dt.date, balance: Decimal, overdue: int, arrears: Decimal) -> LoanPosition:
    quality = next((name for above, name in _CLASSES if overdue > above), FiveClass.NORMAL)
    is_impaired = overdue > _IMPAIRED_AFTER_DAYS
    return LoanPosition(
        loan.loan_id, day, balance, loan.terms.rate_annual, overdue, arrears, quality, is_impaired
    )


def _movement(loan: Loan, quarter: int, kind: MovementKind, day: dt.date, amount: Decimal) -> LoanMovement:
    return LoanMovement(f"{loan.loan_id}-{quarter}-{kind.value}", loan.loan_id, day, kind, amount)
