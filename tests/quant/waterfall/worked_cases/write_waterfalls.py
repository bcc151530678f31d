"""Writes waterfalls.xlsx: variants of terms worked as a spreadsheet would, every figure a formula to be read.

`python tests/quant/waterfall/worked_cases/write_waterfalls.py` writes the formulas and lets LibreOffice compute them,
so that the figures in the committed file are those of another program and not ours. The formulas know nothing of the
product: they are the tiers of a term sheet written out by year.
"""

import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

HERE = Path(__file__).resolve().parent
WORKBOOK = HERE / "waterfalls.xlsx"
FIRST_ROW = 9  # of the years, as spreadsheets count
HEADINGS = (
    "year", "called", "distributable", "capital owed", "preferred owed", "capital", "preferred", "capital left",
    "preferred left", "grass roots", "above", "profit before", "carry before", "catch-up", "catch-up manager", "split",
    "split manager", "partners", "manager", "check",
)  # fmt: skip


@dataclass(frozen=True)
class WholeFund:
    """A fund that distributes as a whole; flows are (called, distributable) of years 0, 1, ..."""

    name: str
    source: str
    flows: Sequence[tuple[float, float]]
    hurdle: float
    carry: float
    manager_share: float | None = 1.0  # None without catch-up
    is_simple: bool = False
    preferred_first: bool = False
    grassroots: float = 0.0


WHOLE_FUNDS = (
    WholeFund(
        "european_one_year",
        "Published: analystforum.com/t/154723: 50m in, 100m out a year later, 8 %, full catch-up, 80/20. LP 50 + 4 + "
        "36 = 90m, GP 1 + 9 = 10m",
        ((50e6, 0), (0, 100e6)),
        0.08,
        0.2,
    ),
    WholeFund(
        "no_catch_up",
        "Published: plumuleadvisory.com, How investment fund carried interest works, part 3: 100 in, 200 out, 8 %, no "
        "catch-up. LP 181.60, GP 18.40",
        ((100, 0), (0, 200)),
        0.08,
        0.2,
        None,
    ),
    WholeFund(
        "european_years",
        "Worked here: calls over three years, distributions over four, hurdle reached in the last but one",
        ((4000, 0), (3000, 0), (3000, 500), (0, 4000), (0, 6000), (0, 3333.33), (0, 2500)),
        0.08,
        0.2,
    ),
    WholeFund(
        "partial_catch_up",
        "Worked here: the manager takes half of the catch-up",
        ((1000, 0), (0, 1100), (0, 60), (0, 300)),
        0.08,
        0.2,
        0.5,
    ),
    WholeFund(
        "simple_hurdle",
        "Worked here: 8 % a year without compounding",
        ((1000, 0), (0, 0), (0, 0), (0, 1400)),
        0.08,
        0.2,
        is_simple=True,
    ),
    WholeFund(
        "preferred_first",
        "Worked here: preferred return before capital, no catch-up",
        ((1000, 0), (0, 100), (0, 1158.40)),
        0.08,
        0.2,
        None,
        preferred_first=True,
    ),
    WholeFund(
        "below_the_hurdle",
        "Worked here: capital comes back, the hurdle is not reached, the manager receives nothing",
        ((1000, 0), (500, 0), (0, 700), (0, 900)),
        0.08,
        0.2,
    ),
    WholeFund(
        "grass_roots",
        "Worked here: 5 % of what is above the preferred return goes to the grass roots, no catch-up",
        ((1700, 0), (0, 600), (0, 1200), (0, 1600)),
        0.06,
        0.2,
        None,
        grassroots=0.05,
    ),
    WholeFund(
        "new_call_after_carry",
        "Worked here: carry is paid, then capital is called again and the catch-up runs a second time",
        ((1000, 0), (0, 1500), (400, 0), (0, 700)),
        0.08,
        0.2,
    ),
)


def write_whole_fund(book: Workbook, fund: WholeFund) -> None:
    sheet = book.create_sheet(fund.name)
    put(sheet, 1, 1, ["case", fund.name])
    put(sheet, 2, 1, ["source", fund.source])
    put(sheet, 3, 1, ["hurdle", fund.hurdle, "carry", fund.carry])
    put(sheet, 4, 1, ["manager_share", 0 if fund.manager_share is None else fund.manager_share])
    put(sheet, 5, 1, ["is_simple", int(fund.is_simple), "preferred_first", int(fund.preferred_first)])
    put(sheet, 6, 1, ["grassroots", fund.grassroots])
    put(sheet, FIRST_ROW - 1, 1, HEADINGS)
    for year, (called, cash) in enumerate(fund.flows):
        row = FIRST_ROW + year
        put(sheet, row, 1, [year, called, cash])
        put(sheet, row, 4, _formulas(fund, row, is_first=year == 0))
    last = FIRST_ROW + len(fund.flows) - 1
    sheet[f"A{last + 1}"] = "total"
    for column in "BCFGJNOPQRST":
        sheet[f"{column}{last + 1}"] = f"=SUM({column}{FIRST_ROW}:{column}{last})"


def _formulas(fund: WholeFund, row: int, *, is_first: bool) -> list[str]:
    """Of the columns D to T of a year."""
    before = row - 1
    base = f"H{before}" if fund.is_simple else f"(H{before}+I{before})"
    capital, preferred = f"=MIN(C{row},D{row})", f"=MIN(C{row}-F{row},E{row})"
    if fund.preferred_first:
        capital, preferred = f"=MIN(C{row}-G{row},D{row})", f"=MIN(C{row},E{row})"
    above = [FIRST_ROW, before]

    def so_far(column: str) -> str:
        return "0" if is_first else f"SUM({column}{above[0]}:{column}{above[1]})"

    catch_up = "=0"
    split_manager = f"=ROUNDDOWN(ROUND(P{row}*$D$3,6),2)"
    if fund.manager_share is not None:
        missing = f"ROUNDDOWN(ROUND(($D$3*L{row}-M{row})/($B$4-$D$3),6),2)"
        catch_up = f"=MIN(K{row},MAX(0,{missing}))"
        wanted = f"ROUNDDOWN(ROUND((L{row}+N{row}+P{row})*$D$3,6),2)-M{row}-O{row}"
        split_manager = f"=MIN(P{row},MAX(0,{wanted}))"
    return [
        f"=B{row}" if is_first else f"=H{before}+B{row}",
        "=0" if is_first else f"=I{before}+ROUND({base}*$B$3,2)",
        capital,
        preferred,
        f"=D{row}-F{row}",
        f"=E{row}-G{row}",
        f"=ROUNDDOWN(ROUND((C{row}-F{row}-G{row})*$B$6,6),2)",
        f"=ROUND(C{row}-F{row}-G{row}-J{row},2)",
        f"=G{row}+{so_far('G')}+{so_far('N')}+{so_far('P')}",
        f"={so_far('O')}+{so_far('Q')}",
        catch_up,
        f"=ROUNDDOWN(ROUND(N{row}*$B$4,6),2)",
        f"=ROUND(K{row}-N{row},2)",
        split_manager,
        f"=ROUND(F{row}+G{row}+N{row}-O{row}+P{row}-Q{row},2)",
        f"=ROUND(O{row}+Q{row},2)",
        f"=ROUND(R{row}+S{row}+J{row}-C{row},2)",
    ]


def write_ranks(book: Workbook) -> None:
    """Social capital of 600 before a city of 400; 6 % each; carry 20 % of what is above, the rest pro rata."""
    sheet = book.create_sheet("investors_first")
    put(sheet, 1, 1, ["case", "investors_first"])
    put(sheet, 2, 1, ["source", "Worked here: social capital first, then the city, 6 % each, carry 20 %"])
    put(sheet, 3, 1, ["hurdle", 0.06, "carry", 0.2, "social", 600, "city", 400])
    put(
        sheet,
        FIRST_ROW - 1,
        1,
        ["distributable", "social capital", "social preferred", "city capital", "city preferred", "above", "manager",
         "social", "city", "check"],
    )  # fmt: skip
    for k, cash in enumerate((1200, 700, 636, 500)):
        row = FIRST_ROW + k
        formulas = (
            cash,
            f"=MIN(A{row},$F$3)",
            f"=MIN(A{row}-B{row},ROUND($F$3*$B$3,2))",
            f"=MIN(A{row}-B{row}-C{row},$H$3)",
            f"=MIN(A{row}-B{row}-C{row}-D{row},ROUND($H$3*$B$3,2))",
            f"=A{row}-B{row}-C{row}-D{row}-E{row}",
            f"=ROUNDDOWN(ROUND(F{row}*$D$3,6),2)",
            f"=B{row}+C{row}+ROUND((F{row}-G{row})*$F$3/($F$3+$H$3),2)",
            f"=D{row}+E{row}+ROUND((F{row}-G{row})*$H$3/($F$3+$H$3),2)",
            f"=ROUND(G{row}+H{row}+I{row}-A{row},2)",
        )
        put(sheet, row, 1, formulas)


def write_ceding(book: Workbook) -> None:
    """6 %, 5 % to the grass roots, 20 % carry; the city gives a fifth of its part of the excess to the other two."""
    sheet = book.create_sheet("city_cedes")
    put(sheet, 1, 1, ["case", "city_cedes"])
    put(
        sheet,
        2,
        1,
        [
            "source",
            "Worked here: tier of Ganzhou at 2.0 times: 20 % of the excess is ceded",
        ],
    )
    put(sheet, 3, 1, ["hurdle", 0.06, "carry", 0.2, "grassroots", 0.05, "ceded", 0.2])
    put(sheet, 4, 1, ["city", 400, "province", 300, "social", 300])
    put(
        sheet,
        FIRST_ROW - 1,
        1,
        ["distributable", "capital", "preferred", "grass roots", "manager", "excess", "ceded", "city", "province",
         "social", "check"],
    )  # fmt: skip
    whole = "($B$4+$D$4+$F$4)"
    for k, cash in enumerate((1260, 1460, 1060, 900)):
        row = FIRST_ROW + k
        owed = f"(B{row}+C{row}+F{row})"
        formulas = (
            cash,
            f"=MIN(A{row},{whole})",
            f"=MIN(A{row}-B{row},ROUND({whole}*$B$3,2))",
            f"=ROUNDDOWN(ROUND((A{row}-B{row}-C{row})*$F$3,6),2)",
            f"=ROUNDDOWN(ROUND((A{row}-B{row}-C{row}-D{row})*$D$3,6),2)",
            f"=A{row}-B{row}-C{row}-D{row}-E{row}",
            f"=ROUNDDOWN(ROUND(F{row}*$B$4/{whole}*$H$3,6),2)",
            f"=ROUND({owed}*$B$4/{whole}-G{row},2)",
            f"=ROUND({owed}*$D$4/{whole}+G{row}*$D$4/($D$4+$F$4),2)",
            f"=ROUND({owed}*$F$4/{whole}+G{row}*$F$4/($D$4+$F$4),2)",
            f"=ROUND(D{row}+E{row}+H{row}+I{row}+J{row}-A{row},2)",
        )
        put(sheet, row, 1, formulas)


def write_deals(book: Workbook, name: str, source: str, deals: Sequence[tuple[float, float]]) -> None:
    """Deals called in year 0 and sold in year 1, no hurdle, 20 %, no losses carried; a clawback at the end."""
    sheet = book.create_sheet(name)
    put(sheet, 1, 1, ["case", name])
    put(sheet, 2, 1, ["source", source])
    put(sheet, 3, 1, ["carry", 0.2])
    put(sheet, FIRST_ROW - 1, 1, ["deal", "cost", "proceeds", "capital", "profit", "carry", "partners"])
    for k, (cost, proceeds) in enumerate(deals):
        row = FIRST_ROW + k
        put(
            sheet,
            row,
            1,
            [
                f"deal {k + 1}",
                cost,
                proceeds,
                f"=MIN(B{row},C{row})",
                f"=C{row}-D{row}",
                f"=ROUNDDOWN(ROUND(E{row}*$B$3,6),2)",
                f"=C{row}-F{row}",
            ],
        )
    last = FIRST_ROW + len(deals) - 1
    total = last + 1
    put(sheet, total, 1, ["total", *(f"=SUM({column}{FIRST_ROW}:{column}{last})" for column in "BCDEFG")])
    summary = {
        "whole-fund carry": f"=ROUNDDOWN(ROUND(MAX(0,C{total}-B{total})*$B$3,6),2)",
        "clawback": f"=MAX(0,F{total}-B{total + 2})",
        "manager": f"=F{total}-B{total + 3}",
        "partners": f"=C{total}-B{total + 4}",
    }
    for k, (words, formula) in enumerate(summary.items()):
        put(sheet, total + 2 + k, 1, [words, formula])


def put(sheet: Worksheet, row: int, column: int, values: Iterable[str | float]) -> None:
    """Values and formulas side by side, from a cell on; both count from 1."""
    for place, value in enumerate(values, start=column):
        sheet.cell(row, place, value)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = folder / "formulas" / WORKBOOK.name
        written.parent.mkdir()
        book = Workbook()
        del book[book.sheetnames[0]]
        for fund in WHOLE_FUNDS:
            write_whole_fund(book, fund)
        write_ranks(book)
        write_ceding(book)
        write_deals(
            book,
            "winners_and_losers",
            "Published: preqveca.ru, directory, Clawback: 5 deals make 500m, 5 lose 500m; carry 100m without a "
            "clawback, none with one",
            [*[(100e6, 200e6)] * 5, *[(100e6, 0)] * 5],
        )
        write_deals(
            book,
            "one_sold_one_written_off",
            "Published question: solutioninn.com 12134621: two investments of 45, one sold for 70, one written off, no "
            "hurdle, 80/20, clawback; worked here",
            [(45, 70), (45, 0)],
        )
        book.save(written)
        convert = ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(written)]
        subprocess.run(convert, check=True, capture_output=True, timeout=120)
        WORKBOOK.write_bytes((folder / WORKBOOK.name).read_bytes())


if __name__ == "__main__":
    main()
