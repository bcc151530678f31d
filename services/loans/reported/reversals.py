"""Movements that withdraw others (冲销): what a reversal must agree with before it is recorded.

A reversal stands on its own day. On the day of what it reverses it corrects that quarter; on a later day it is part of
the quarter in which the bank booked it. The reversed movement and its reversal both stay on record.
"""

from collections.abc import Callable, Mapping, Sequence

from services.loans.reported.position import LoanMovement
from services.loans.reported.position_store import PositionStore
from services.runtime.errors import FieldViolation


def reversal_violations(
    store: PositionStore, movements: Sequence[LoanMovement], place: Callable[[int], str]
) -> list[FieldViolation]:
    """What is wrong with movements as reversals, and as corrections of what was reversed.

    Args:
        store: of the movements on record.
        movements: to be recorded together, with distinct ids.
        place: name of the row of a movement by its position.
    """
    given = {movement.movement_id: movement for movement in movements}
    named = {movement.reverses for movement in movements if movement.reverses}
    on_record = store.movements_of([*given, *named])
    reversed_by = store.reversals_of([*given, *named])
    found: list[FieldViolation] = []
    for i, movement in enumerate(movements):
        before = on_record.get(movement.movement_id)
        wrong = _wrong_correction(movement, before, reversed_by)
        if wrong is None and movement.reverses:
            original = given.get(movement.reverses, on_record.get(movement.reverses))
            other = reversed_by.setdefault(movement.reverses, movement.movement_id)
            wrong = _wrong_reversal(movement, original, other)
        if wrong is not None:
            found.append(FieldViolation(f"{place(i)}.{wrong[0]}", wrong[1]))
    return found


def _wrong_correction(
    movement: LoanMovement, before: LoanMovement | None, reversed_by: Mapping[str, str]
) -> tuple[str, str] | None:
    """Field and message of a correction that would part a reversal from what it reverses."""
    if before is None or before == movement:
        return None
    if before.reverses != movement.reverses:
        return "reverses", f"found {movement.reverses!r}, expected {before.reverses!r} as first recorded"
    if movement.movement_id in reversed_by:
        other = reversed_by[movement.movement_id]
        found = f"found a correction of {movement.movement_id!r}, which {other!r} reverses"
        return "movement_id", f"{found}; expected a new movement"
    return None


def _wrong_reversal(
    movement: LoanMovement, original: LoanMovement | None, reversed_by: str
) -> tuple[str, str] | None:
    """Field and message of what keeps a movement from reversing another."""
    if original is None:
        return "reverses", f"found {movement.reverses!r}, expected a movement that exists"
    if original.reverses:
        return (
            "reverses",
            f"found {movement.reverses!r}, which is a reversal; expected a new movement instead",
        )
    if reversed_by != movement.movement_id:
        return "reverses", f"found {movement.reverses!r}, which {reversed_by!r} reverses already"
    for field, value, expected in (
        ("loan_id", movement.loan_id, original.loan_id),
        ("kind", movement.kind.value, original.kind.value),
        ("amount", movement.amount_cny, original.amount_cny),
    ):
        if value != expected:
            return field, f"found {value}, expected {expected} as {movement.reverses!r}, which it reverses"
    if movement.day < original.day:
        return (
            "day",
            f"found {movement.day}, expected {original.day} or later: the day of {movement.reverses!r}",
        )
    return None
