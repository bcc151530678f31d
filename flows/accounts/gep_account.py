"""A GEP account: one line for each indicator, with its value as printed and its service as the catalogue calls it."""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.cells import without_footnote_mark
from flows.accounts.checked import CheckedRow, CheckedTable, read_checked
from flows.accounts.problems import Problem, nearest, refusal, shown
from flows.accounts.units import DATA_FOLDER, UnitError, parse_unit
from services.runtime.errors import InvalidInput
from services.valuation.accounts.specifications import (
    ServiceMapping,
    mapping_of,
    read_specifications,
    stated_specification,
)
from services.valuation.asset import AccountSpecification

CNY_PER_1E8 = 1e8


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One indicator of an account, a flow of one year.

    Attributes:
        row: as a spreadsheet shows it.
        category: provisioning, regulating or cultural.
        service: code in the catalogue's service table.
        indicator: name as the account has it.
        quantity, quantity_unit: as printed; None and empty where the account has none.
        unit_price, price_unit: likewise.
        value_cny: as printed, CNY a year.
        printed_quantity, printed_price, printed_value: the texts, whose digits say how far they were rounded.
        value_unit_cny: CNY that one unit of the printed value is.
    """

    row: int
    category: str
    service: str
    indicator: str
    quantity: float | None
    quantity_unit: str
    unit_price: float | None
    price_unit: str
    value_cny: float
    printed_quantity: str
    printed_price: str
    printed_value: str
    value_unit_cny: float


@dataclass(frozen=True, slots=True)
class StatedTotal:
    """A row of the account that holds a total.

    Attributes:
        category: the class that it adds up, empty for all.
    """

    row: int
    category: str
    value_cny: float


@dataclass(frozen=True, slots=True)
class GepAccount:
    """An account as it was read.

    Attributes:
        specification: name and version of the specification it follows; empty where the file does not say.
        account_specification: the same as one whose names of services are known; None where the file does not say.
    """

    file: str
    sheet: str
    specification: str
    lines: tuple[AccountLine, ...]
    stated_totals: tuple[StatedTotal, ...]
    account_specification: AccountSpecification | None = None

    @property
    def total_cny(self) -> float:
        """Sum of the lines, CNY a year."""
        return sum(line.value_cny for line in self.lines)


def read_gep_account(path: Path) -> GepAccount:
    """Read an account in CSV or XLSX.

    Raises:
        InvalidInput: with every problem found.
    """
    table = read_checked(path, "gep_account")
    problems: list[Problem] = []
    mapping = _mapping(table, problems)
    codes: list[str] = []
    for row in table.rows:
        codes.append(_service(row, mapping, problems))
        problems += _unit_problems(row)
    if problems:
        raise refusal(problems)
    return GepAccount(
        table.file,
        table.sheet,
        next((row.text("specification") for row in table.rows if row.text("specification")), ""),
        tuple(_line(row, code) for row, code in zip(table.rows, codes, strict=True)),
        _stated_totals(table),
        None if mapping is None else mapping.specification,
    )


def service_code(name: str) -> str | None:
    """The catalogue's code of a service, by any of its names; None where it has none."""
    return _service_names().get(name.strip().lower())


@functools.cache
def _service_names() -> dict[str, str]:
    with (DATA_FOLDER / "service_names.csv").open(encoding="utf-8", newline="") as file:
        names = {row["name"].lower(): row["service"] for row in csv.DictReader(file)}
    return names | {code: code for code in names.values()}


def _mapping(table: CheckedTable, problems: list[Problem]) -> ServiceMapping | None:
    """Service names of the specification that the account states; one account follows one specification."""
    stating = [row for row in table.rows if row.text("specification")]
    if not stating:
        return None
    mappings, text = read_specifications(), stating[0].text("specification")
    found = stated_specification(mappings, text)
    if found is None:
        known = "; ".join(str(mapping.specification) for mapping in mappings.values())
        expected = f"name and version of one of data/accounts/service_specifications.csv: {known}"
        problems.append(stating[0].problem("specification", shown(text), expected))
        return None
    problems += [
        row.problem(
            "specification", shown(row.text("specification")), f"{text!r}, as in row {stating[0].number}"
        )
        for row in stating
        if row.text("specification") != text
    ]
    return mapping_of(mappings, found, "specification")


def _service(row: CheckedRow, mapping: ServiceMapping | None, problems: list[Problem]) -> str:
    """The catalogue's code of a row's service, by the names of the specification where one is stated."""
    name = row.text("service")
    if service_code(name) is None:
        name = without_footnote_mark(name)
    code = service_code(name)
    if mapping is not None:
        try:
            return mapping.service(name, "service")
        except InvalidInput as refused:
            # Another name of a service that the specification has, such as an English one, is as good as its own.
            covered = {one for known in mapping.services.values() for one in known.services}
            if code is None or code not in covered or name.strip().lower() in mapping.services:
                expected = refused.violations[0].description.partition("expected ")[2]
                problems.append(row.problem("service", shown(name), expected))
                return ""
    if code is None:
        near = nearest(name.lower(), _service_names())
        expected = "a service of data/accounts/service_names.csv" + (f", such as {near!r}" if near else "")
        problems.append(row.problem("service", shown(name), expected))
    return code or ""


def _unit_problems(row: CheckedRow) -> list[Problem]:
    problems = []
    for figure, unit in (("quantity", "quantity_unit"), ("unit_price", "price_unit")):
        text = row.text(unit)
        if row.figure(figure) is not None and not text:
            problems.append(row.problem(unit, "an empty cell", f"the unit of {figure}"))
        if text:
            try:
                parse_unit(text)
            except UnitError as refused:
                problems.append(row.problem(unit, shown(text), str(refused).partition("expected ")[2]))
    return problems


def _line(row: CheckedRow, service: str) -> AccountLine:
    value_1e8 = row.figure("value_1e8_cny") or 0.0
    printed = row.printed["value_1e8_cny"]
    in_print = float(printed.replace(",", ""))
    unit_cny = CNY_PER_1E8 if in_print == 0.0 else value_1e8 * CNY_PER_1E8 / in_print
    return AccountLine(
        row.number,
        row.text("category"),
        service,
        row.text("indicator_zh"),
        row.figure("quantity"),
        row.text("quantity_unit"),
        row.figure("unit_price"),
        row.text("price_unit"),
        value_1e8 * CNY_PER_1E8,
        row.printed.get("quantity", ""),
        row.printed.get("unit_price", ""),
        printed,
        unit_cny,
    )


def _stated_totals(table: CheckedTable) -> tuple[StatedTotal, ...]:
    """Totals in the table; a subtotal inside a merged class cell belongs to that class."""
    classes = {row.text("category") for row in table.rows}
    totals = []
    for row in table.totals:
        value_1e8 = row.figure("value_1e8_cny")
        if value_1e8 is not None:
            category = row.text("category")
            totals.append(
                StatedTotal(row.number, category if category in classes else "", value_1e8 * CNY_PER_1E8)
            )
    return tuple(totals)
