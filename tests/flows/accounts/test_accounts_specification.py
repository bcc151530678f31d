"""An account that says which specification it follows is read by that specification's names of services."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.accounts.folder import read_accounts
from flows.accounts.gep_account import read_gep_account
from services.runtime.errors import InvalidInput
from services.valuation.asset import AccountSpecification, GepRevenueRight

Spoil = Callable[[str, str, str], None]

HEADINGS = (
    "category,service,indicator_zh,quantity,quantity_unit,unit_price,price_unit,value_1e8_cny,specification"
)


def account(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    path = tmp_path / "gep_account.csv"
    lines = [f"regulating,{service},指标,,,,,1.5,{specification}" for service, specification in rows]
    path.write_text("\n".join([HEADINGS, *lines]) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("specification", "service", "code"),
    [
        ("陆地生态系统生产总值（GEP）核算技术指南 2020", "氧气提供", "oxygen_release"),
        ("《生态产品总值核算规范》（试行）2022", "大气净化", "air_purification"),
        ("SEEA EA 2021", "air filtration", "air_purification"),
        # Another name of a service that the specification has.
        ("SEEA EA 2021", "空气净化", "air_purification"),
        ("", "空气净化", "air_purification"),
    ],
)
def test_services_are_read_by_the_names_of_the_specification(
    tmp_path: Path, specification: str, service: str, code: str
) -> None:
    read = read_gep_account(account(tmp_path, (service, specification)))
    assert [line.service for line in read.lines] == [code]
    assert (read.account_specification is None) == (specification == "")


def test_the_specification_goes_with_the_account(tmp_path: Path) -> None:
    read = read_gep_account(account(tmp_path, ("air filtration", "SEEA EA 2021"), ("water supply", "")))
    assert read.account_specification == AccountSpecification("SEEA EA", "2021")


@pytest.mark.parametrize(
    ("rows", "column", "expected"),
    [
        ((("水源涵养", "某县规范 2019"),), "specification", "SEEA EA 2021"),
        ((("水源涵养", "生态产品总值核算规范 2019"),), "specification", "生态产品总值核算规范（试行） 2022"),
        ((("pollination", "SEEA EA 2021"),), "service", "left out"),
        ((("固碳释氧", "生态产品总值核算规范 2022"),), "service", "each of them apart"),
        ((("病虫害控制", "陆地生态系统生产总值（GEP）核算技术指南 2020"),), "service", "水源涵养"),
        ((("air filtration", "SEEA EA 2021"), ("water supply", "SEEA EA 2022")), "specification", "row 2"),
    ],
)
def test_an_unknown_specification_version_or_service_is_refused(
    tmp_path: Path, rows: tuple[tuple[str, str], ...], column: str, expected: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_gep_account(account(tmp_path, *rows))
    [violation] = refused.value.violations
    assert f"column {column}" in violation.field
    assert expected in violation.description


@pytest.mark.parametrize(
    ("cell", "by_service"), [("by_service", True), ("按服务合成", True), ("目录值", False), ("", False)]
)
def test_a_pledge_may_ask_for_an_error_by_service(
    folder: Path, spoil: Spoil, cell: str, by_service: bool
) -> None:
    spoil("pledges.csv", "reference,loan_id", "reference,估值误差,loan_id")
    pledges = (folder / "pledges.csv").read_text("utf-8").splitlines()
    with_column = [pledges[0]] + [
        _with_cell(line, cell if line.startswith("GARZE-CASH") else "") for line in pledges[1:]
    ]
    (folder / "pledges.csv").write_text("\n".join(with_column) + "\n", "utf-8")
    read = read_accounts(folder, dt.date(2026, 8, 21))
    [right] = [
        pledge.asset.detail for pledge in read.pledges if isinstance(pledge.asset.detail, GepRevenueRight)
    ]
    assert right.uncertainty_by_service == by_service


def _with_cell(line: str, cell: str) -> str:
    """The line of a pledge with a cell after its fifth."""
    cells = next(csv.reader([line]))
    row = io.StringIO()
    csv.writer(row).writerow([*cells[:5], cell, *cells[5:]])
    return row.getvalue().strip()
