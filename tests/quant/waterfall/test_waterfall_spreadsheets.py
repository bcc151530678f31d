"""Variants of terms beside a spreadsheet (worked_cases/waterfalls.xlsx): formulas that LibreOffice has computed.

Both interpreters are compared tier by tier and year by year, to the cent. worked_cases/write_waterfalls.py writes the
formulas; three sheets are published cases and one is a published question: the sources stand in the sheets.
"""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from quant.waterfall.one_path import CentFlow, CentYear, DealCents, run_cents
from quant.waterfall.over_paths import (
    GRASSROOTS,
    DealPaths,
    Waterfall,
    received_by,
    run_deal_paths,
    run_paths,
)
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    CedeExcess,
    CedeTier,
    Clawback,
    GrassrootsShare,
    PreferredReturn,
    ReturnOfCapital,
    Step,
)

WORKBOOK = Path(__file__).with_name("worked_cases") / "waterfalls.xlsx"
VALUES = openpyxl.load_workbook(WORKBOOK, data_only=True)
FORMULAS = openpyxl.load_workbook(WORKBOOK)
FIRST_ROW = 9
RANKED = ("investors_first", "city_cedes")
DEALS = ("winners_and_losers", "one_sold_one_written_off")
WHOLE_FUNDS = [name for name in VALUES.sheetnames if name not in (*RANKED, *DEALS)]
PARTNERS, MANAGER = 0, 1


def cents(value: object) -> Decimal:
    """A cell of money; LibreOffice's last bit is no fraction of a cent."""
    assert isinstance(value, int | float)
    found = round(Decimal(value), 2)
    assert abs(Decimal(value) - found) < Decimal("1e-6")
    return found


@dataclass(frozen=True)
class Sheet:
    """A sheet of a whole fund: its columns by heading, years in order, the last row the totals."""

    terms: Waterfall
    years: Sequence[dict[str, Decimal]]
    totals: dict[str, Decimal]

    def flows(self) -> list[CentFlow]:
        return [CentFlow(t, row["called"], row["distributable"]) for t, row in enumerate(self.years)]


def whole_fund(name: str) -> Sheet:
    sheet: Worksheet = VALUES[name]
    hurdle, carry = sheet["B3"].value, sheet["D3"].value
    manager_share, grassroots = sheet["B4"].value, sheet["B6"].value
    owed: list[Step] = [ReturnOfCapital(), PreferredReturn(hurdle, is_simple=bool(sheet["B5"].value))]
    if sheet["D5"].value:
        owed.reverse()
    shared: list[Step] = [GrassrootsShare(grassroots)] if grassroots else []
    shared += [CatchUp(manager_share, carry)] if manager_share else []
    headings = [str(cell.value) for cell in sheet[FIRST_ROW - 1]]
    rows = [
        {heading: cents(value or 0) for heading, value in zip(headings[1:], values[1:], strict=True)}
        for values in sheet.iter_rows(min_row=FIRST_ROW, values_only=True)
    ]
    *years, totals = rows
    commitments = (sum((row["called"] for row in years), Decimal(0)), Decimal(0))
    return Sheet(Waterfall(commitments, MANAGER, (*owed, *shared, CarrySplit(carry))), years, totals)


def paid(year: CentYear, step: type[Step], terms: Waterfall, recipient: int) -> Decimal:
    return sum(
        (
            p.amount
            for p in year.payments
            if isinstance(terms.steps[p.step], step) and p.recipient == recipient
        ),
        Decimal(0),
    )


def test_the_workbook_shows_its_formulas_and_no_money_is_made_or_lost() -> None:
    assert len(VALUES.sheetnames) >= 12
    for name in VALUES.sheetnames:
        texts = [cell.value for row in FORMULAS[name].iter_rows(min_row=FIRST_ROW) for cell in row]
        assert any(isinstance(text, str) and text.startswith("=") for text in texts), name
        headings = [cell.value for cell in VALUES[name][FIRST_ROW - 1]]
        if "check" in headings:
            checks = VALUES[name].iter_rows(min_row=FIRST_ROW, values_only=True)
            assert {row[headings.index("check")] for row in checks} == {0}, name


@pytest.mark.parametrize("name", WHOLE_FUNDS)
def test_one_path_of_a_whole_fund_equals_the_sheet(name: str) -> None:
    sheet = whole_fund(name)
    for year, row in zip(run_cents(sheet.terms, sheet.flows()), sheet.years, strict=True):
        tiers = {
            "capital": paid(year, ReturnOfCapital, sheet.terms, PARTNERS),
            "preferred": paid(year, PreferredReturn, sheet.terms, PARTNERS),
            "grass roots": paid(year, GrassrootsShare, sheet.terms, GRASSROOTS),
            "catch-up manager": paid(year, CatchUp, sheet.terms, MANAGER),
            "split manager": paid(year, CarrySplit, sheet.terms, MANAGER),
            "partners": sum((p.amount for p in year.payments if p.recipient == PARTNERS), Decimal(0)),
            "manager": sum((p.amount for p in year.payments if p.recipient == MANAGER), Decimal(0)),
        }
        assert tiers == {heading: row[heading] for heading in tiers}, f"{name}, year {year.year}"


@pytest.mark.parametrize("name", WHOLE_FUNDS)
def test_many_paths_of_a_whole_fund_equal_the_sheet(name: str) -> None:
    sheet = whole_fund(name)
    called = np.array([[float(row["called"])] * 3 for row in sheet.years])
    # The middle path is the sheet's; the others receive nothing and twice as much.
    cash = np.array(
        [[0.0, float(row["distributable"]), 2.0 * float(row["distributable"])] for row in sheet.years]
    )
    for year, row in zip(run_paths(sheet.terms, called, cash), sheet.years, strict=True):
        for recipient, heading in ((PARTNERS, "partners"), (MANAGER, "manager"), (GRASSROOTS, "grass roots")):
            assert received_by(year, recipient)[1] == pytest.approx(float(row[heading]), abs=1e-6), (
                f"{name}, year {year.year}, {heading}"
            )


@pytest.mark.parametrize(
    ("name", "partners", "manager"),
    [("european_one_year", "90000000", "10000000"), ("no_catch_up", "181.60", "18.40")],
)
def test_the_published_totals_stand_in_the_sheet(name: str, partners: str, manager: str) -> None:
    totals = whole_fund(name).totals
    assert (totals["partners"], totals["manager"]) == (Decimal(partners), Decimal(manager))


@pytest.mark.parametrize("name", DEALS)
@pytest.mark.parametrize("has_clawback", [False, True])
def test_deals_equal_the_sheet(name: str, has_clawback: bool) -> None:
    sheet = VALUES[name]
    rows = list(sheet.iter_rows(min_row=FIRST_ROW, values_only=True))
    deals = [row for row in rows if str(row[0]).startswith("deal ")]
    found = {str(row[0]): row for row in rows if row[0] is not None}
    costs, proceeds = [cents(row[1]) for row in deals], [cents(row[2]) for row in deals]
    spent, sold = sum(costs, Decimal(0)), sum(proceeds, Decimal(0))
    terms = Waterfall(
        (spent, Decimal(0)),
        MANAGER,
        (ReturnOfCapital(), CarrySplit(sheet["B3"].value)),
        is_deal_by_deal=True,
        carries_losses=False,
        clawback=Clawback() if has_clawback else None,
    )
    manager = cents(found["manager"][1]) if has_clawback else cents(found["total"][5])
    partners = cents(found["partners"][1]) if has_clawback else cents(found["total"][6])
    nothing = Decimal(0)
    years = run_cents(
        terms,
        [
            CentFlow(0, spent, nothing, tuple(DealCents(str(i), c, nothing) for i, c in enumerate(costs))),
            CentFlow(
                1,
                nothing,
                sold,
                tuple(DealCents(str(i), nothing, p, True) for i, p in enumerate(proceeds)),
            ),
        ],
    )
    received = {who: sum(p.amount for y in years for p in y.payments if p.recipient == who) for who in (0, 1)}
    assert received == {PARTNERS: partners, MANAGER: manager}
    called = np.array([[[float(c)], [0.0]] for c in costs])
    cash = np.array([[[0.0], [float(p)]] for p in proceeds])
    paths = list(run_deal_paths(terms, DealPaths(called, cash, np.ones(len(deals), dtype=np.intp))))
    assert sum(received_by(year, MANAGER)[0] for year in paths) == pytest.approx(float(manager))
    assert sum(received_by(year, PARTNERS)[0] for year in paths) == pytest.approx(float(partners))


RANKS = (
    ReturnOfCapital((0,)),
    PreferredReturn(0.06, partners=(0,)),
    ReturnOfCapital(),
    PreferredReturn(0.06),
    CarrySplit(0.2),
)
CEDING = (
    ReturnOfCapital(),
    PreferredReturn(0.06),
    GrassrootsShare(0.05),
    CedeExcess(0, (CedeTier(2.0, 0.2), CedeTier(2.5, 0.4), CedeTier(3.0, 0.6)), 2.0),
    CarrySplit(0.2),
)


@pytest.mark.parametrize(
    ("name", "terms", "headings"),
    [
        (
            "investors_first",
            Waterfall((Decimal(600), Decimal(400), Decimal(0)), 2, RANKS),
            {"social": 0, "city": 1, "manager": 2},
        ),
        (
            "city_cedes",
            Waterfall((Decimal(400), Decimal(300), Decimal(300), Decimal(0)), 3, CEDING),
            {"city": 0, "province": 1, "social": 2, "manager": 3, "grass roots": GRASSROOTS},
        ),
    ],
)
def test_a_year_of_several_partners_equals_the_sheet(
    name: str, terms: Waterfall, headings: dict[str, int]
) -> None:
    sheet = VALUES[name]
    columns = [cell.value for cell in sheet[FIRST_ROW - 1]]
    for row in sheet.iter_rows(min_row=FIRST_ROW, values_only=True):
        cash = cents(row[0])
        years = run_cents(terms, [CentFlow(0, Decimal(1000), Decimal(0)), CentFlow(1, Decimal(0), cash)])
        *_, many = run_paths(terms, [1000.0, 0.0], [[0.0], [float(cash)]])
        for heading, who in headings.items():
            expected = cents(row[columns.index(heading)])
            got = sum((p.amount for y in years for p in y.payments if p.recipient == who), Decimal(0))
            assert got == expected, f"{name}, {cash}, {heading}"
            assert received_by(many, who)[0] == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_computes_the_same_figures_again(tmp_path: Path) -> None:
    bare = tmp_path / "bare" / WORKBOOK.name
    bare.parent.mkdir()
    openpyxl.load_workbook(WORKBOOK).save(bare)  # formulas alone: openpyxl keeps no figures beside them
    command = ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path), str(bare)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    again = openpyxl.load_workbook(tmp_path / WORKBOOK.name, data_only=True)
    for name in VALUES.sheetnames:
        one = [[cell.value for cell in row] for row in VALUES[name].iter_rows()]
        assert [[cell.value for cell in row] for row in again[name].iter_rows()] == one
