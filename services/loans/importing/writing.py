"""Writes the rows of an import at its end, in one transaction: loans, then positions, movements and pledges."""

from collections.abc import Callable, Mapping, Sequence

from services.loans.collateral import Collateral
from services.loans.importing.intake import MAX_REPORTED, ImportKind, Intake, Row, is_reversal
from services.loans.loan import PutCounts
from services.loans.reported.booking_days import future_violations, require_day_has_come
from services.loans.reported.position import LoanMovement, LoanPosition
from services.loans.reported.reversals import reversal_violations
from services.loans.repository import LoanStore
from services.runtime.errors import FieldViolation, InvalidInput

PutPledges = Callable[[Sequence[Collateral]], PutCounts]
"""Stores pledges and the events that follow, in the transaction of the import."""


def write_import(
    store: LoanStore,
    intake: Intake,
    put_pledges: PutPledges,
    check_alive: Callable[[], None] = lambda: None,
) -> dict[ImportKind, PutCounts]:
    """Write the rows of an import in the transaction of the store.

    Args:
        store: to write to; what is raised must end its transaction.
        intake: all rows, each key once.
        put_pledges: stores pledges of loans that exist.
        check_alive: called between chunks; what it raises ends the import.

    Returns:
        What was done with the rows of each kind that the import may have; of a book's pledges only where it has some.

    Raises:
        InvalidInput: a business date of loans that has not come; or naming the rows whose loan does not exist or whose
            day has not come, and reversals that do not agree with what they reverse.
    """
    done: dict[ImportKind, PutCounts] = {}
    for kind in intake.header.row_kinds:
        match kind:
            case ImportKind.LOANS:
                done[kind] = _write_loans(store, intake, check_alive)
            case ImportKind.PLEDGES:
                if intake.n_rows[kind] > 0:
                    done[kind] = _write_pledges(store, intake, put_pledges, check_alive)
            case _:
                done[kind] = _write(store, intake, kind, check_alive)
    return done


def _write_pledges(
    store: LoanStore, intake: Intake, put_pledges: PutPledges, check_alive: Callable[[], None]
) -> PutCounts:
    """All together: a loan with several pledges does not cross a level between two chunks."""
    pledges: list[Collateral] = []
    for _, rows in intake.chunks(ImportKind.PLEDGES):
        check_alive()
        pledges += [row for row in rows if isinstance(row, Collateral)]
    wrong = _unknown(store, dict(enumerate(pledges)), intake.header.rows_of(ImportKind.PLEDGES))
    if wrong:
        raise InvalidInput.from_violations(wrong[:MAX_REPORTED])
    return put_pledges(pledges)


def _write_loans(store: LoanStore, intake: Intake, check_alive: Callable[[], None]) -> PutCounts:
    total, as_of = PutCounts(0, 0, 0), intake.header.as_of
    if intake.n_rows[ImportKind.LOANS] == 0:
        return total
    assert as_of is not None  # noqa: S101  # loans without it are refused on arrival; tells mypy
    require_day_has_come("header.as_of", as_of, store.today())
    for texts in intake.texts():
        check_alive()
        total = total.plus(store.put_loan_texts(as_of, texts))
    return total


def _write(store: LoanStore, intake: Intake, kind: ImportKind, check_alive: Callable[[], None]) -> PutCounts:
    total, wrong = PutCounts(0, 0, 0), list[FieldViolation]()
    rows_name = intake.header.rows_of(kind)
    # What is reversed may stand below its reversal in a file.
    passes = (False, True) if kind is ImportKind.MOVEMENTS and intake.has_reversals else (False,)
    for are_reversals in passes:
        for begin, rows in intake.chunks(kind):
            check_alive()
            chosen = {i: row for i, row in enumerate(rows, start=begin) if is_reversal(row) == are_reversals}
            wrong += _wrong(store, chosen, rows_name)
            if not wrong:
                total = total.plus(_record(store, list(chosen.values())))
            elif len(wrong) > MAX_REPORTED:
                break
        if wrong:
            raise InvalidInput.from_violations(wrong[:MAX_REPORTED])
    return total


def _record(store: LoanStore, rows: Sequence[Row]) -> PutCounts:
    positions = [row for row in rows if isinstance(row, LoanPosition)]
    if positions:
        return store.record_positions(positions)
    return store.record_movements([row for row in rows if isinstance(row, LoanMovement)])


def _wrong(store: LoanStore, rows: Mapping[int, Row], rows_name: str) -> list[FieldViolation]:
    """What is wrong with rows, by number: unknown loans, days to come, reversals that do not fit what is stored."""
    found = _unknown(store, rows, rows_name)
    booked = {i: row for i, row in rows.items() if isinstance(row, LoanMovement | LoanPosition)}
    places = list(booked)
    found += future_violations(list(booked.values()), store.today(), lambda i: f"{rows_name}[{places[i]}]")
    movements = {i: row for i, row in rows.items() if isinstance(row, LoanMovement)}
    numbers = list(movements)
    return found + reversal_violations(
        store, list(movements.values()), lambda i: f"{rows_name}[{numbers[i]}]"
    )


def _unknown(store: LoanStore, rows: Mapping[int, Row], rows_name: str) -> list[FieldViolation]:
    missing = set(store.unknown_loans(row.loan_id for row in rows.values()))
    return [
        FieldViolation(f"{rows_name}[{i}].loan_id", f"found {row.loan_id!r}, expected a loan that exists")
        for i, row in rows.items()
        if row.loan_id in missing
    ]
