"""The two project lists of Zhangye as projects of a pipeline, with exact amounts."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from services.fund.pipeline.project import Project
from services.runtime.errors import FieldViolation, InvalidInput


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """How a list is written.

    Attributes:
        pipeline: name of the pipeline it becomes.
        amount_column: with the total investment.
        cny_per_unit: of that column.
        sector_column: with the sector.
        optional_columns: field of a project to column, where the list has one.
    """

    pipeline: str
    amount_column: str
    cny_per_unit: Decimal
    sector_column: str
    optional_columns: Mapping[str, str]

    def required_columns(self) -> tuple[str, ...]:
        """Columns that the header must have."""
        fixed = ("project_id", self.sector_column, "name", "start_year", "end_year", self.amount_column)
        return (*fixed, "county", "content", *self.optional_columns.values())


RESERVE_2026 = ProjectFile(
    "reserve_2026",
    "total_investment_wan",
    Decimal(10_000),
    "category",
    {"owner": "owner", "progress": "progress"},
)
"""Reserve list of 2026, amounts in 万元."""

ECO_INDUSTRY_2020 = ProjectFile(
    "eco_industry_2020", "total_investment_yi", Decimal(100_000_000), "industry", {}
)
"""List of the ten eco-industries of 2020, amounts in 亿元."""


def read_projects(path: Path, form: ProjectFile) -> tuple[Project, ...]:
    """The projects of a list, in its order.

    Years out of order and amounts of 0 are taken as they are: `services.fund.pipeline.flags` speaks about them.

    Raises:
        InvalidInput: with every place (file, row, column), what was found and what is expected.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            _check_header(path, rows.fieldnames, form)
            numbered = [(rows.line_num, row) for row in rows]
    except FileNotFoundError:
        raise InvalidInput.of(str(path), "no such file, expected a list of projects") from None
    except UnicodeDecodeError as error:
        raise InvalidInput.of(
            str(path), f"found a byte that is not UTF-8 at position {error.start}"
        ) from error
    read = [_Row(str(path), line, row, form) for line, row in numbered]
    violations = [violation for row in read for violation in row.find_flaws()]
    violations += _repeated(read)
    if not read:
        violations.append(FieldViolation(str(path), "found no rows, expected at least one project"))
    if violations:
        raise InvalidInput.from_violations(violations)
    return tuple(row.project() for row in read)


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    line: int
    cells: Mapping[str | None, str | list[str] | None]
    form: ProjectFile

    def find_flaws(self) -> Iterator[FieldViolation]:
        """Everything that is wrong with the row."""
        if None in self.cells or None in self.cells.values():
            yield FieldViolation(f"{self.file} line {self.line}", "has more or fewer cells than the header")
            return
        for column in ("project_id", "name", self.form.sector_column):
            if not self.text(column):
                yield self._flaw(column, "a text")
        for column in ("start_year", "end_year"):
            if not (self.text(column).isascii() and self.text(column).isdecimal()):
                yield self._flaw(column, "a year such as 2026")
        if self.amount() is None:
            yield self._flaw(self.form.amount_column, "a number such as 7211 or 87695.94")

    def text(self, column: str) -> str:
        """A cell without surrounding space."""
        return str(self.cells[column]).strip()

    def amount(self) -> Decimal | None:
        """The total investment in CNY, exactly; None if the cell holds no number."""
        try:
            amount = Decimal(self.text(self.form.amount_column))
        except InvalidOperation:
            return None
        return amount * self.form.cny_per_unit if amount.is_finite() else None

    def project(self) -> Project:
        """The project of a row without flaws."""
        amount = self.amount()
        assert amount is not None  # noqa: S101  # find_flaws saw it
        return Project(
            project_id=self.text("project_id"),
            pipeline=self.form.pipeline,
            name=self.text("name"),
            sector=self.text(self.form.sector_column),
            county=self.text("county"),
            start_year=int(self.text("start_year")),
            end_year=int(self.text("end_year")),
            total_investment_cny=amount,
            content=self.text("content"),
            **{field: self.text(column) for field, column in self.form.optional_columns.items()},
        )

    def _flaw(self, column: str, expected: str) -> FieldViolation:
        found = self.text(column)
        return FieldViolation(
            f"{self.file} line {self.line} column {column}", f"found {found!r}, expected {expected}"
        )


def _check_header(path: Path, found: object, form: ProjectFile) -> None:
    columns = list(found) if isinstance(found, list | tuple) else []
    missing = [column for column in form.required_columns() if column not in columns]
    if missing:
        raise InvalidInput.of(
            f"{path} line 1", f"found columns {', '.join(columns)}; {', '.join(missing)} missing"
        )


def _repeated(rows: list[_Row]) -> list[FieldViolation]:
    lines: dict[str, int] = {}
    violations = []
    for row in rows:
        identifier = str(row.cells.get("project_id"))
        if lines.setdefault(identifier, row.line) != row.line:
            violations.append(
                FieldViolation(
                    f"{row.file} line {row.line} column project_id",
                    f"found {identifier!r} as in line {lines[identifier]}, expected each once",
                )
            )
    return violations
