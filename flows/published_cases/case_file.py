"""Reads the published cases and refuses a file that is not what it should be, naming every wrong cell."""

import csv
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path

from flows.published_cases.case import CollateralKind, PublishedCase, QuantityUnit
from services.runtime.errors import FieldViolation, InvalidInput

PUBLISHED_CASE_IDS = tuple(f"C{number:02d}" for number in range(1, 30))
LARGEST_FILE_BYTES = 1_000_000
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


def _text(cell: str) -> str:
    return cell.strip()


def _required_text(cell: str) -> str:
    if not cell.strip():
        raise ValueError("a text")
    return cell.strip()


def _one_of(kinds: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(cell: str) -> StrEnum:
        try:
            return kinds(cell.strip())
        except ValueError:
            raise ValueError(f"one of {', '.join(kinds)}") from None

    return parse


def _year(cell: str) -> int:
    if not cell.strip().isdecimal() or not _FIRST_YEAR <= int(cell) <= _LAST_YEAR:
        raise ValueError(f"a year from {_FIRST_YEAR} to {_LAST_YEAR}, or nothing")
    return int(cell)


def _positive(cell: str) -> Decimal:
    try:
        number = Decimal(cell.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise ValueError("a number above 0, or nothing")
    return number


def _percent(cell: str) -> Decimal:
    try:
        number = Decimal(cell.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and 0 <= number <= 100):
        raise ValueError("a percentage from 0 to 100, or nothing")
    return number


def _or_nothing(parse: Callable[[str], object]) -> Callable[[str], object]:
    return lambda cell: None if not cell.strip() else parse(cell)


# Every column of the file in order, and how its cells are read.
COLUMNS: dict[str, Callable[[str], object]] = {
    "case_id": _required_text,
    "collateral_kind": _one_of(CollateralKind),
    "place": _required_text,
    "lender": _text,
    "year": _or_nothing(_year),
    "quantity_per_year": _or_nothing(_positive),
    "quantity_unit": _or_nothing(_one_of(QuantityUnit)),
    "price_used_cny": _or_nothing(_positive),
    "term_years": _or_nothing(_positive),
    "published_value_wan": _or_nothing(_positive),
    "value_basis": _text,
    "loan_wan": _or_nothing(_positive),
    "credit_line_wan": _or_nothing(_positive),
    "ltv_stated_pct": _or_nothing(_percent),
    "rate_pct": _or_nothing(_percent),
    "guarantee_fee_pct": _or_nothing(_percent),
    "structure": _text,
    "source": _required_text,
}


def read_cases(path: Path, expected_ids: Iterable[str] = PUBLISHED_CASE_IDS) -> tuple[PublishedCase, ...]:
    """Reads the cases in the order of the file.

    Args:
        path: a CSV file with the header `COLUMNS`, UTF-8.
        expected_ids: the cases that must be there, each once and no others.

    Raises:
        InvalidInput: file missing, too large or not UTF-8; wrong header; wrong cells (all of them, each as
            "file, row, column: found, expected"); a case missing, doubled or unknown. Row 1 is the header.
    """
    rows = list(csv.reader(_content(path).splitlines()))
    if not rows:
        raise InvalidInput.of(str(path), "is empty, expected a header and the cases")
    _check_header(path, rows[0])
    violations: list[FieldViolation] = []
    cases = [
        case
        for number, cells in enumerate(rows[1:], start=2)
        if (case := _read_row(f"{path}, row {number}", cells, violations)) is not None
    ]
    if not violations:
        _check_ids(path, [case.case_id for case in cases], tuple(expected_ids), violations)
    if violations:
        raise InvalidInput.from_violations(violations)
    return tuple(cases)


def _content(path: Path) -> str:
    if not path.is_file():
        raise InvalidInput.of(str(path), "no such file, expected the published cases as CSV")
    if (size := path.stat().st_size) > LARGEST_FILE_BYTES:
        raise InvalidInput.of(str(path), f"found {size} bytes, expected at most {LARGEST_FILE_BYTES}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput.of(
            str(path), f"byte {error.start} is not UTF-8, expected a CSV file in UTF-8"
        ) from None


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown or header != list(COLUMNS):
        raise InvalidInput.of(
            f"{path}, row 1",
            f"found the columns {', '.join(header)}; missing: {', '.join(missing) or 'none'}; "
            f"unknown: {', '.join(unknown) or 'none'}; expected {', '.join(COLUMNS)}",
        )


def _read_row(where: str, cells: list[str], violations: list[FieldViolation]) -> PublishedCase | None:
    if len(cells) != len(COLUMNS):
        violations.append(
            FieldViolation(where, f"found {len(cells)} cells, expected {len(COLUMNS)} as in the header")
        )
        return None
    values: dict[str, object] = {}
    found_before = len(violations)
    for (column, parse), cell in zip(COLUMNS.items(), cells, strict=True):
        try:
            values["kind" if column == "collateral_kind" else column] = parse(cell)
        except ValueError as error:
            violations.append(
                FieldViolation(f"{where}, column {column}", f"found {cell!r}, expected {error}")
            )
    if len(violations) > found_before:
        return None
    if (values["quantity_per_year"] is None) != (values["quantity_unit"] is None):
        violations.append(
            FieldViolation(
                f"{where}, column quantity_unit",
                f"found quantity {values['quantity_per_year']} with unit {values['quantity_unit']}, "
                "expected both or neither",
            )
        )
        return None
    # The keys are the fields and the parsers give their types; the tests read every row of the real file.
    return PublishedCase(**values)  # type: ignore[arg-type]


def _check_ids(
    path: Path, found: list[str], expected: tuple[str, ...], violations: list[FieldViolation]
) -> None:
    for number, case_id in enumerate(found, start=2):
        where = f"{path}, row {number}, column case_id"
        if case_id in found[: number - 2]:
            violations.append(FieldViolation(where, f"found {case_id} again, expected each case once"))
        elif case_id not in expected:
            violations.append(
                FieldViolation(where, f"found {case_id}, expected one of {expected[0]} to {expected[-1]}")
            )
    if missing := [case_id for case_id in expected if case_id not in found]:
        violations.append(
            FieldViolation(
                str(path), f"found {len(found)} cases without {', '.join(missing)}, expected {len(expected)}"
            )
        )
