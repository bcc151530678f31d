"""What core banking would report of a synthetic loan: it pays as scheduled, prepays in full, or stops paying.

Repayments of a quarter are one movement on the last due date of the quarter. A loan that stops paying accrues days
overdue from its first unpaid due date; the class follows from them by the 2023 rule (more than 90, 270 and 360 days).
Some are written off at the end of the first quarter in which they are overdue more than 360 days.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.loans.loan import Loan
from services.loans.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.schedule import Instalment, repayment_schedule
from services.loans.synthetic.recipe import BookRecipe

_IMPAIRED_AFTER_DAYS = 90
_WRITTEN_OFF_AFTER_DAYS = 360
_CLASSES = (
    (360, FiveClass.LOSS),
    (270, FiveClass.DOUBTFUL),
    (90, FiveClass.SUBSTANDARD),
    (0, FiveClass.SPECIAL_MENTION),
)


@dataclass(frozen=True, slots=True)
class _Fate:
    """How many instalments are paid at most, whether it is written off, and the quarter of a full prepayment."""

    pays: int
    is_written_off: bool
    prepays_in: int | None


def report_loan(
    loan: Loan, recipe: BookRecipe, draws: tuple[float, float, float]
) -> tuple[tuple[LoanPosition, ...], tuple[LoanMovement, ...]]:
    """Positions on the ends of quarters and the movements between them.

    Args:
        loan: without prepayments or resets.
        recipe: of the book.
        draws: uniforms of what happens, when, and whether it is written off.
    """
    days = recipe.report_days()
    rows = repayment_schedule(loan.terms).instalments
    fate = _fate(loan, recipe, draws)
    positions: list[LoanPosition] = []
    movements: list[LoanMovement] = []
    balance, is_closed = Decimal("0.00"), False
    for quarter, day in enumerate(days):
        if loan.terms.drawn_on > day:
            continue
        drawn = loan.terms.principal_cny if not positions else Decimal("0.00")
        due = [row for row in rows if row.due_on <= day]
        paid = due[: fate.pays]
        opening = balance + drawn
        balance = Decimal("0.00") if is_closed else _open_after(loan, paid)
        if quarter > 0:
            if drawn > 0:
                movements.append(_movement(loan, quarter, MovementKind.DRAWN, loan.terms.drawn_on, drawn))
            was = opening if positions or loan.terms.drawn_on > days[quarter - 1] else balance
            if was > balance:
                movements.append(
                    _movement(loan, quarter, MovementKind.REPAID, paid[-1].due_on, was - balance)
                )
            overdue = _overdue_days(due, fate.pays, day)
            ending = _ending(fate, quarter, overdue)
            if ending is not None and balance > 0:
                movements.append(_movement(loan, quarter, ending, day, balance))
                balance, is_closed = Decimal("0.00"), True
        positions.append(
            _position(loan, day, balance, due, 0 if is_closed else fate.pays, is_closed=is_closed)
        )
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


def _fate(loan: Loan, recipe: BookRecipe, draws: tuple[float, float, float]) -> _Fate:
    what, when, written_off = draws
    if what < recipe.prepaid_share:
        return _Fate(loan.terms.periods, False, 1 + int(when * recipe.n_quarters))
    if what > 1.0 - recipe.overdue_share:
        stopped = 1 + int(when * recipe.overdue_longest_months)
        elapsed = (
            (recipe.as_of.year - loan.terms.drawn_on.year) * 12
            + recipe.as_of.month
            - loan.terms.drawn_on.month
        )
        return _Fate(max(0, elapsed - stopped), written_off < recipe.written_off_share, None)
    return _Fate(loan.terms.periods, False, None)


def _open_after(loan: Loan, paid: Sequence[Instalment]) -> Decimal:
    return paid[-1].closing_cny if paid else loan.terms.principal_cny


def _overdue_days(due: Sequence[Instalment], pays: int, day: dt.date) -> int:
    return (day - due[pays].due_on).days if len(due) > pays else 0


def _ending(fate: _Fate, quarter: int, overdue_days: int) -> MovementKind | None:
    if fate.prepays_in == quarter:
        return MovementKind.PREPAID
    if fate.is_written_off and overdue_days > _WRITTEN_OFF_AFTER_DAYS:
        return MovementKind.WRITTEN_OFF
    return None


def _position(
    loan: Loan, day: dt.date, balance: Decimal, due: Sequence[Instalment], pays: int, *, is_closed: bool
) -> LoanPosition:
    overdue = 0 if is_closed else _overdue_days(due, pays, day)
    arrears = Decimal("0.00") if overdue == 0 else balance - _open_after(loan, due)
    quality = next((name for above, name in _CLASSES if overdue > above), FiveClass.NORMAL)
    return LoanPosition(
        loan.loan_id,
        day,
        balance,
        loan.terms.rate_annual,
        overdue,
        arrears,
        quality,
        overdue > _IMPAIRED_AFTER_DAYS,
    )


def _movement(loan: Loan, quarter: int, kind: MovementKind, day: dt.date, amount: Decimal) -> LoanMovement:
    return LoanMovement(f"{loan.loan_id}-{quarter}-{kind.value}", loan.loan_id, day, kind, amount)
