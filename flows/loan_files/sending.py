"""Loan files sent to the loans service; what it refuses is told by the rows of the files."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from flows.loan_files.reading import LoanFile
from services.loans.collateral import Collateral
from services.loans.loan import Loan, PutCounts
from services.loans.reported.position import LoanMovement, LoanPosition
from services.runtime.errors import FieldViolation, InvalidInput

_ROW = re.compile(r"(rows|loans|positions|movements|pledges)\[(\d+)\]\.?(.*)")
_ROW_NUMBER = re.compile(r"\b(rows|loans|positions|movements|pledges)\[(\d+)\]")


class ImportPort(Protocol):
    """What the loans service takes; its client satisfies it."""

    def import_loans(self, as_of: dt.date, loans: Iterable[Loan]) -> PutCounts:
        """Loans as their states of a business date."""
        ...

    def import_positions(self, positions: Iterable[LoanPosition]) -> PutCounts:
        """Positions of loans that exist."""
        ...

    def import_movements(self, movements: Iterable[LoanMovement]) -> PutCounts:
        """Movements of loans that exist."""
        ...

    def import_pledges(self, pledges: Iterable[Collateral]) -> PutCounts:
        """Pledges of loans that exist."""
        ...

    def import_book(
        self,
        as_of: dt.date | None,
        loans: Iterable[Loan],
        positions: Iterable[LoanPosition],
        movements: Iterable[LoanMovement],
        pledges: Iterable[Collateral] = (),
    ) -> Mapping[Any, PutCounts]:
        """All of them together, by kind what was done."""
        ...


def send_loan_files(
    service: ImportPort,
    tables: Sequence[LoanFile],
    as_of: dt.date | None,
    pledges: Sequence[Collateral] = (),
) -> dict[str, PutCounts]:
    """Store the rows of tables that belong together, all of them or none.

    Args:
        service: to store them.
        tables: at most one of each kind.
        as_of: business date of the states of loans; None without loans, as the other rows have their own.
        pledges: valued, one for each row of the table of pledges; see `flows.loan_files.valued_pledges`.

    Returns:
        What was done, by kind of the tables.

    Raises:
        InvalidInput: no date for loans; or what the service refuses, by the rows of the files.
    """
    rows = {table.kind: table.rows for table in tables}
    if "loans" in rows and as_of is None:
        raise InvalidInput.of("--as-of", "is missing, expected the business date of the loans")
    loans = (row for row in rows.get("loans", ()) if isinstance(row, Loan))
    positions = (row for row in rows.get("positions", ()) if isinstance(row, LoanPosition))
    movements = (row for row in rows.get("movements", ()) if isinstance(row, LoanMovement))
    try:
        if len(tables) > 1:
            done = service.import_book(as_of, loans, positions, movements, pledges)
            return {table.kind: done[table.kind] for table in tables}
        match tables[0].kind:
            case "loans":
                assert as_of is not None  # noqa: S101  # refused above; tells mypy
                counts = service.import_loans(as_of, loans)
            case "positions":
                counts = service.import_positions(positions)
            case "pledges":
                counts = service.import_pledges(pledges)
            case _:
                counts = service.import_movements(movements)
    except InvalidInput as error:
        raise (
            InvalidInput.from_violations(_in_files(tables, found) for found in error.violations)
            if error.violations
            else error
        ) from error
    return {tables[0].kind: counts}


def _in_files(tables: Sequence[LoanFile], found: FieldViolation) -> FieldViolation:
    by_rows = {"rows": tables[0]} | {table.kind: table for table in tables}
    match = _ROW.fullmatch(found.field)
    if match is None or match[1] not in by_rows:
        return found
    described = _ROW_NUMBER.sub(lambda row: by_rows[row[1]].place(int(row[2])), found.description)
    return FieldViolation(by_rows[match[1]].place(int(match[2]), match[3]), described)
