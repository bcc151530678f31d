"""What is wrong with an accounts folder: every problem, each with where, what was found and what was expected."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from services.runtime.errors import FieldViolation, InvalidInput

LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: name in the accounts folder.
        found, expected: plain words.
        sheet: of a workbook; empty for CSV.
        row: as a spreadsheet numbers it, the headings being row 1; None for the whole file.
        column: heading, empty for the whole row.
    """

    file: str
    found: str
    expected: str
    sheet: str = ""
    row: int | None = None
    column: str = ""

    @property
    def place(self) -> str:
        """File, sheet, row and column in one line."""
        parts = [self.file]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}, expected {self.expected}"

    def violation(self) -> FieldViolation:
        """The problem as a field violation that remembers its cell."""
        return CellViolation(
            self.place,
            f"found {self.found}, expected {self.expected}",
            self.file,
            self.sheet,
            self.row,
            self.column,
            self.found,
            self.expected,
        )


class CellError(ValueError):
    """A cell that is not what its column expects.

    Attributes:
        found, expected: plain words for the message.
    """

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True)
class CellViolation(FieldViolation):
    """A violation of a field that is a cell of a file; see `Problem`."""

    file: str
    sheet: str
    row: int | None
    column: str
    found: str
    expected: str


def refusal(problems: Iterable[Problem]) -> InvalidInput:
    """The error that carries every problem."""
    return InvalidInput.from_violations(problem.violation() for problem in problems)


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Name files by their path as the user typed it: the folder's before the names that its files have in it.

    Raises:
        InvalidInput: what was raised inside, its cells with their paths.
    """
    try:
        yield
    except InvalidInput as error:
        if not error.violations:
            raise
        named = InvalidInput.from_violations(_within(folder, found) for found in error.violations)
        for note in getattr(error, "__notes__", ()):
            named.add_note(note)
        raise named from error


def _within(folder: Path, found: FieldViolation) -> FieldViolation:
    if not isinstance(found, CellViolation) or Path(found.file).name != found.file:
        return found  # no cell, or a path that is whole already
    path = str(folder / found.file)
    return replace(found, field=path + found.field.removeprefix(found.file), file=path)


def shown(text: str) -> str:
    """A cell's text as a message quotes it, cut where it is long."""
    return repr(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, None where none is near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
