"""A loan file sent to the loans service; what it refuses is told by the rows of the file."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Protocol

from flows.loan_files.reading import LoanFile
from services.loans.loan import Loan, PutCounts
from services.loans.position import LoanMovement, LoanPosition
from services.runtime.errors import FieldViolation, InvalidInput

_ROW = re.compile(r"rows\[(\d+)\]\.?(.*)")


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


def send_loan_file(service: ImportPort, content: LoanFile, as_of: dt.date | None) -> PutCounts:
    """Store the rows of a file, all or nothing.

    Args:
        service: to store them.
        content: the file.
        as_of: business date of the states of loans; None for positions and movements, whose rows have their own.

    Raises:
        InvalidInput: no date for loans; or what the service refuses, by the rows of the file.
    """
    try:
        match content.kind:
            case "loans":
                if as_of is None:
                    raise InvalidInput.of("--as-of", "is missing, expected the business date of the loans")
                return service.import_loans(as_of, (row for row in content.rows if isinstance(row, Loan)))
            case "positions":
                return service.import_positions(row for row in content.rows if isinstance(row, LoanPosition))
            case _:
                return service.import_movements(row for row in content.rows if isinstance(row, LoanMovement))
    except InvalidInput as error:
        raise (
            InvalidInput.from_violations(_in_file(content, found) for found in error.violations)
            if error.violations
            else error
        ) from error


def _in_file(content: LoanFile, found: FieldViolation) -> FieldViolation:
    match = _ROW.fullmatch(found.field)
    if match is None:
        return found
    column = f", column {match[2]}" if match[2] else ""
    described = re.sub(r"rows\[(\d+)\]", lambda row: content.place(int(row[1])), found.description)
    return FieldViolation(content.place(int(match[1])) + column, described)
