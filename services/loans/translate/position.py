"""Positions and movements between protobuf and the domain; everything wrong is collected."""

from collections.abc import Hashable, Sequence
from decimal import Decimal

from google.type.money_pb2 import Money

from ecopledge.loans.v1 import position_pb2 as pb
from services.loans.loan import MAX_ID_CHARS, MAX_PRINCIPAL_CNY, PutCounts
from services.loans.reported.position import (
    MAX_OVERDUE_DAYS,
    MAX_RATE_ANNUAL,
    FiveClass,
    LoanMovement,
    LoanPosition,
    MovementKind,
)
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire, decimal_from_money, money_from_decimal

MAX_ROWS = 100_000
FIVE_CLASSES = {
    pb.FIVE_CLASS_UNSPECIFIED: None,
    pb.FIVE_CLASS_NORMAL: FiveClass.NORMAL,
    pb.FIVE_CLASS_SPECIAL_MENTION: FiveClass.SPECIAL_MENTION,
    pb.FIVE_CLASS_SUBSTANDARD: FiveClass.SUBSTANDARD,
    pb.FIVE_CLASS_DOUBTFUL: FiveClass.DOUBTFUL,
    pb.FIVE_CLASS_LOSS: FiveClass.LOSS,
}
FIVE_CLASS_TO_WIRE = {quality: number for number, quality in FIVE_CLASSES.items()}
MOVEMENT_KINDS = {
    pb.MOVEMENT_KIND_DRAWN: MovementKind.DRAWN,
    pb.MOVEMENT_KIND_REPAID: MovementKind.REPAID,
    pb.MOVEMENT_KIND_PREPAID: MovementKind.PREPAID,
    pb.MOVEMENT_KIND_WRITTEN_OFF: MovementKind.WRITTEN_OFF,
}
MOVEMENT_KIND_TO_WIRE = {kind: number for number, kind in MOVEMENT_KINDS.items()}


def positions_from_wire(request: pb.RecordPositionsRequest) -> tuple[LoanPosition, ...]:
    """Positions of a RecordPositionsRequest.

    Raises:
        InvalidInput: with everything that is wrong in any row.
    """
    violations = Violations()
    rows = request.positions
    _require_count(violations, "positions", rows)
    read = violations.each("positions", rows, position_from_wire)
    days = [(row.loan_id, row.as_of.year, row.as_of.month, row.as_of.day) for row in rows]
    _require_once(violations, "positions", "loan_id", days, "each loan once for a day")
    violations.raise_if_any()
    return read


def movements_from_wire(request: pb.RecordMovementsRequest) -> tuple[LoanMovement, ...]:
    """Movements of a RecordMovementsRequest.

    Raises:
        InvalidInput: with everything that is wrong in any row.
    """
    violations = Violations()
    rows = request.movements
    _require_count(violations, "movements", rows)
    read = violations.each("movements", rows, movement_from_wire)
    _require_once(violations, "movements", "movement_id", [row.movement_id for row in rows], "each once")
    violations.raise_if_any()
    return read


def position_from_wire(message: pb.LoanPosition, violations: Violations) -> LoanPosition | None:
    """A position, or None after noting everything that is wrong with it."""
    good = _check_id(violations, "loan_id", message.loan_id)
    day = violations.collect("as_of", date_from_wire, message.as_of)
    balance = _cents(violations, "balance", message.balance)
    overdue: Decimal | None = Decimal(0)
    if message.HasField("overdue_principal"):
        overdue = _cents(violations, "overdue_principal", message.overdue_principal)
    if balance is not None and overdue is not None:
        good &= violations.require(
            overdue <= balance,
            "overdue_principal",
            f"found {overdue.normalize():f}, expected at most the balance ({balance.normalize():f})",
        )
    good &= violations.require(
        0.0 <= message.rate_annual <= MAX_RATE_ANNUAL,
        "rate_annual",
        f"found {message.rate_annual}, expected a fraction from 0 to 1",
    )
    good &= violations.require_range("overdue_days", message.overdue_days, 0, MAX_OVERDUE_DAYS)
    good &= violations.require(
        message.quality in FIVE_CLASSES,
        "quality",
        f"found {message.quality}, expected a known value of FiveClass",
    )
    if not good or day is None or balance is None or overdue is None:
        return None
    return LoanPosition(
        message.loan_id,
        day,
        balance,
        message.rate_annual,
        message.overdue_days,
        overdue,
        FIVE_CLASSES[message.quality],
        message.is_credit_impaired,
    )


def movement_from_wire(message: pb.LoanMovement, violations: Violations) -> LoanMovement | None:
    """A movement, or None after noting everything that is wrong with it."""
    good = _check_id(violations, "movement_id", message.movement_id)
    good &= _check_id(violations, "loan_id", message.loan_id)
    day = violations.collect("day", date_from_wire, message.day)
    good &= violations.require_known_enum("kind", message.kind, MOVEMENT_KINDS, "MovementKind")
    amount = _cents(violations, "amount", message.amount)
    if amount is not None:
        good &= violations.require(amount > 0, "amount", "found 0, expected above 0")
    good &= violations.require_max_length("reverses", message.reverses, MAX_ID_CHARS)
    if message.reverses:
        good &= violations.require(bool(message.reverses.strip()), "reverses", "found blanks, expected an id")
        good &= violations.require(
            message.reverses != message.movement_id,
            "reverses",
            f"found {message.reverses!r}, expected another movement",
        )
    if not good or day is None or amount is None:
        return None
    return LoanMovement(
        message.movement_id, message.loan_id, day, MOVEMENT_KINDS[message.kind], amount, message.reverses
    )


def position_to_wire(position: LoanPosition) -> pb.LoanPosition:
    """The message of a position."""
    return pb.LoanPosition(
        loan_id=position.loan_id,
        as_of=date_to_wire(position.as_of),
        balance=money_from_decimal(position.balance_cny),
        rate_annual=position.rate_annual,
        overdue_days=position.overdue_days,
        overdue_principal=money_from_decimal(position.overdue_principal_cny),
        quality=FIVE_CLASS_TO_WIRE[position.quality],
        is_credit_impaired=position.is_credit_impaired,
    )


def movement_to_wire(movement: LoanMovement) -> pb.LoanMovement:
    """The message of a movement."""
    return pb.LoanMovement(
        movement_id=movement.movement_id,
        loan_id=movement.loan_id,
        day=date_to_wire(movement.day),
        kind=MOVEMENT_KIND_TO_WIRE[movement.kind],
        amount=money_from_decimal(movement.amount_cny),
        reverses=movement.reverses,
    )


def counts_to_positions_response(counts: PutCounts) -> pb.RecordPositionsResponse:
    """The answer of RecordPositions."""
    return pb.RecordPositionsResponse(
        created=counts.created, updated=counts.updated, unchanged=counts.unchanged
    )


def counts_to_movements_response(counts: PutCounts) -> pb.RecordMovementsResponse:
    """The answer of RecordMovements."""
    return pb.RecordMovementsResponse(
        created=counts.created, updated=counts.updated, unchanged=counts.unchanged
    )


def counts_from_wire(message: pb.RecordPositionsResponse | pb.RecordMovementsResponse) -> PutCounts:
    """What a recording call did."""
    return PutCounts(message.created, message.updated, message.unchanged)


def _cents(violations: Violations, field: str, money: Money) -> Decimal | None:
    amount = violations.collect(field, decimal_from_money, money)
    if amount is None:
        return None
    good = violations.require(
        0 <= amount <= MAX_PRINCIPAL_CNY,
        field,
        f"found {amount.normalize():f}, expected 0 to {MAX_PRINCIPAL_CNY:f}",
    ) and violations.require(
        amount == round(amount, 2), field, f"found {amount.normalize():f}, expected whole cents"
    )
    return round(amount, 2) if good else None


def _check_id(violations: Violations, field: str, value: str) -> bool:
    return (
        violations.require_non_empty(field, value)
        and violations.require_max_length(field, value, MAX_ID_CHARS)
        and violations.require_printable(field, value)
    )


def _require_count(violations: Violations, field: str, rows: Sequence[object]) -> None:
    violations.require_non_empty(field, rows)
    violations.require_max_length(field, rows, MAX_ROWS)


def _require_once(
    violations: Violations, rows: str, field: str, keys: Sequence[Hashable], expected: str
) -> None:
    first: dict[Hashable, int] = {}
    for i, key in enumerate(keys):
        if first.setdefault(key, i) != i:
            violations.add(
                f"{rows}[{i}].{field}", f"found again after {rows}[{first[key]}], expected {expected}"
            )
