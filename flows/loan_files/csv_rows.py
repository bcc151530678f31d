"""The rows of a CSV file counted before they are read: each has as many cells as there are headings, or none at all.

A row with a comma too many would otherwise be shifted and cut: 200,000 without quotes would be an amount of 200.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.problems import Problem, refusal


@dataclass(frozen=True, slots=True)
class CsvRows:
    """What stands below the headings.

    Attributes:
        headings: texts of the row of headings.
        n_rows: rows below it, as a spreadsheet counts them.
        blank: of these, from 0, those without any text.
    """

    headings: tuple[str, ...]
    n_rows: int
    blank: tuple[int, ...]


def counted_rows(path: Path, encoding: str, heading_row: int) -> CsvRows:
    """Count the rows below the headings; empty cells behind the last heading are no cells.

    Raises:
        InvalidInput: naming every row with more or fewer cells than there are headings.
    """
    blank: list[int] = []
    problems: list[Problem] = []
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, skipinitialspace=True)
        for _ in range(heading_row - 1):
            next(rows)
        headings = next(rows)
        n_cells, row = len(headings), -1
        for row, cells in enumerate(rows):
            if len(cells) == n_cells and cells[0]:
                continue
            if not any(map(str.strip, cells)):
                blank.append(row)
            elif len(cells) < n_cells or any(map(str.strip, cells[n_cells:])):
                expected = f"{n_cells} as there are headings; a cell with a comma in it stands in quotes"
                problems.append(
                    Problem(str(path), f"{len(cells)} cells", expected, row=heading_row + 1 + row)
                )
    if problems:
        raise refusal(problems)
    return CsvRows(tuple(headings), row + 1, tuple(blank))
