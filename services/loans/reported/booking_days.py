"""What was booked has happened: what is said of days that have not come is refused.

A movement of a day to come would be in no quarter's statistics until that day, and then without anyone having looked at
it again; most are a wrong year. What is planned stands in the repayment plan of the loan, which counts on it. Of a year
to come no state of a loan and no table of terms could be mended: nothing is deleted, and the latest day counts.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from services.loans.reported.position import LoanMovement, LoanPosition
from services.runtime.errors import FieldViolation, InvalidInput


def require_day_has_come(field: str, day: dt.date, today: dt.date) -> None:
    """Refuse a day to come.

    Args:
        field: that holds the day.
        day: of what is to be recorded.
        today: in China.

    Raises:
        InvalidInput: the day is after today.
    """
    if day > today:
        raise InvalidInput.of(field, _expected(day, today))


def future_violations(
    rows: Sequence[LoanMovement | LoanPosition], today: dt.date, place: Callable[[int], str]
) -> list[FieldViolation]:
    """What is wrong with the days of movements and positions.

    Args:
        rows: to be recorded.
        today: in China.
        place: name of a row by its position.
    """
    found = []
    for i, row in enumerate(rows):
        is_movement = isinstance(row, LoanMovement)
        field, day = ("day", row.day) if isinstance(row, LoanMovement) else ("as_of", row.as_of)
        if day > today:
            planned = "; what is planned belongs in the repayment plan of the loan" if is_movement else ""
            found.append(
                FieldViolation(
                    f"{place(i)}.{field}",
                    f"{_expected(day, today)}{planned}",
                )
            )
    return found


def _expected(day: dt.date, today: dt.date) -> str:
    return f"found {day}, expected a day up to today ({today}, in China)"
