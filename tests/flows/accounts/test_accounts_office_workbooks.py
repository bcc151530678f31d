"""GEP workbooks in the shapes that offices send: what is read, what is refused, and that nothing else comes out.

The figures are those of the account of Garze 2010 (doi 10.5846/stxb201607011362): 150.17e8 m3 of industrial water at
3.6 CNY/m3 is 540.61e8 CNY.
"""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet.worksheet import Worksheet

from flows.accounts.gep_account import GepAccount, read_gep_account
from flows.accounts.quarantine import quarantine
from flows.accounts.reconciliation import reconcile
from services.runtime.errors import InvalidInput

HEADINGS = ["类别", "核算科目", "指标", "功能量", "单位", "单价", "单价单位", "价值量（亿元）"]
WATER = ["物质产品", "水资源", "工业用水量", 150.17, "亿m3", 3.6, "元/m3", 540.612]
TOTAL = ["合计", *[None] * 6, 540.612]


def _read(folder: Path, build: Callable[[Worksheet], None]) -> GepAccount:
    path = folder / "gep_account.xlsx"
    workbook = openpyxl.Workbook()
    assert isinstance(workbook.active, Worksheet)
    build(workbook.active)
    workbook.save(path)
    return read_gep_account(path)


def _append(sheet: Worksheet, *rows: list[Any]) -> None:
    for row in rows:
        sheet.append(row)


def _two_rows_of_headings(sheet: Worksheet) -> None:
    _append(
        sheet,
        ["某州2010年生态产品总值核算结果"],
        ["类别", "核算科目", "指标", "功能量", None, "价格", None, "价值量\n（亿元）"],
        [None, None, None, "数量", "单位", "单价", "单价单位", None],
        WATER,
        TOTAL,
    )
    for area in ("A1:H1", "D2:E2", "F2:G2", "A2:A3", "B2:B3", "C2:C3", "H2:H3"):
        sheet.merge_cells(area)


def _notes_below(sheet: Worksheet) -> None:
    _append(sheet, HEADINGS, WATER, TOTAL, ["注：价格为2010年不变价。"], ["数据来源：某州统计局"])
    sheet.merge_cells("A4:H4")


def _footnote_marks(sheet: Worksheet) -> None:
    _append(sheet, HEADINGS, ["物质产品*", "水资源①", "工业用水量①", *WATER[3:]], ["注1：含自来水。"])


def _full_width(sheet: Worksheet) -> None:
    _append(sheet, HEADINGS, [*WATER[:3], "１５０．１７", "亿ｍ³", "３．６", "元／ｍ３", "５４０．６１２"])


def _thousands(sheet: Worksheet) -> None:
    _append(sheet, HEADINGS, [*WATER[:3], "1，501，700", "万立方米", "3.6", "元/m³", "540.612"])


def _unit_of_the_table(sheet: Worksheet) -> None:
    _append(sheet, ["表3 核算结果"], ["（单位：万元）"], [*HEADINGS[:-1], "价值量"], [*WATER[:-1], 5406120])


def _in_yuan(sheet: Worksheet) -> None:
    _append(sheet, [*HEADINGS[:-1], "价值量(元)"], [*WATER[:-1], "54,061,200,000"])


def _other_sheets(sheet: Worksheet) -> None:
    sheet.title = "封面"
    _append(sheet, ["某州生态产品总值核算"], ["编制单位"])
    workbook = sheet.parent
    assert workbook is not None
    workbook.create_sheet("附表")
    _append(workbook.create_sheet("核算汇总"), HEADINGS, WATER, TOTAL)


def _shares(sheet: Worksheet) -> None:
    _append(sheet, [*HEADINGS, "占比（%）"], [*WATER, 100.0], [*TOTAL, 100.0])


@pytest.mark.parametrize(
    "build",
    [
        _two_rows_of_headings,
        _notes_below,
        _footnote_marks,
        _full_width,
        _thousands,
        _unit_of_the_table,
        _in_yuan,
        _other_sheets,
        _shares,
    ],
    ids=lambda build: build.__name__.strip("_"),
)
def test_shapes_that_offices_send(tmp_path: Path, build: Callable[[Worksheet], None]) -> None:
    account = _read(tmp_path, build)
    [line] = account.lines
    assert (line.category, line.service, line.unit_price) == ("provisioning", "water_supply", 3.6)
    assert line.value_cny == pytest.approx(540.612e8, rel=1e-12)
    [check] = reconcile(account).lines
    # 150.17e8 m3 x 3.6 CNY/m3
    assert check.computed_cny == pytest.approx(150.17e8 * 3.6, rel=1e-12)
    assert check.agrees


def test_two_sheets_with_the_headings_are_not_guessed_between(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet.title = "2009"
        workbook = sheet.parent
        assert workbook is not None
        for each in (sheet, workbook.create_sheet("2010")):
            _append(each, HEADINGS, WATER)

    with pytest.raises(InvalidInput) as refused:
        _read(tmp_path, build)
    [violation] = refused.value.violations
    assert str(violation) == (
        "gep_account.xlsx: found sheets '2009', '2010' with the same headings, "
        "expected one sheet with the headings, or one named gep_account"
    )


def test_a_refusal_names_sheet_and_cell_and_quarantine_keeps_the_row_of_that_sheet(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        _other_sheets(sheet)
        workbook = sheet.parent
        assert workbook is not None
        workbook["核算汇总"]["D2"] = "约150"

    with pytest.raises(InvalidInput) as refused:
        _read(tmp_path, build)
    assert [str(violation) for violation in refused.value.violations] == [
        "gep_account.xlsx, sheet 核算汇总, row 2, column D 功能量 (quantity): found '约150', expected a number >= 0"
    ]
    kept = quarantine(refused.value, tmp_path, tmp_path / "out")
    rows = (kept.folder / "rows.csv").read_text(encoding="utf-8-sig")
    assert "约150" in rows
    assert "编制单位" not in rows


def test_a_unit_of_the_table_that_measures_something_else_is_no_unit(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"540\.612 without a unit"):
        _read(tmp_path, lambda sheet: _append(sheet, ["单位：万t"], [*HEADINGS[:-1], "价值量"], WATER))


_SPITEFUL = (
    "１２",
    "1,2,3",
    "5%",
    "-",
    "#N/A",
    "①",
    "=1/0",
    "=SUM(D2:D9)",
    "",
    "注：",
    "单位：亿元",
    "合计",
    "小计",
)
_KNOWN = ("价值量", "物质产品", "水资源", "亿m3", "万t", "hm2", "亩", "元/m³")
_WORDS = st.sampled_from([*HEADINGS, *_KNOWN, *_SPITEFUL])
_CELL = st.one_of(
    _WORDS,
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=12),
)
_AREA = st.tuples(st.integers(1, 9), st.integers(1, 10), st.integers(0, 4), st.integers(0, 4))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changed=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 10), _CELL), max_size=12),
    areas=st.lists(_AREA, max_size=4),
    inserted=st.integers(0, 3),
    dropped=st.lists(st.integers(1, 8), max_size=2),
    titles=st.lists(
        st.sampled_from(["gep_account", "封面", "汇总", "2010"]), min_size=1, max_size=3, unique=True
    ),
)
def test_any_workbook_is_read_or_refused(
    changed: list[tuple[int, int, Any]],
    areas: list[tuple[int, int, int, int]],
    inserted: int,
    dropped: list[int],
    titles: list[str],
) -> None:
    """A right workbook whose cells, types, merged areas, rows, columns and sheets were changed at random."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = titles[0]
    _append(sheet, HEADINGS, WATER, WATER, TOTAL)
    for title in titles[1:]:
        _append(workbook.create_sheet(title), HEADINGS[: len(title)], WATER)
    sheet.insert_rows(1, inserted)
    for column in dropped:
        sheet.delete_cols(column)
    for row, column, value in changed:
        _write(sheet, row, column, value)
    for row, column, down, right in areas:
        sheet.merge_cells(start_row=row, start_column=column, end_row=row + down, end_column=column + right)
    content = io.BytesIO()
    workbook.save(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gep_account.xlsx"
        path.write_bytes(content.getvalue())
        refused: InvalidInput | None = None
        try:
            reconcile(read_gep_account(path))
        except InvalidInput as error:
            refused = error
        if refused is not None:
            assert refused.violations
            assert all(" expected " in str(violation) for violation in refused.violations)
            assert quarantine(refused, path, Path(folder) / "out").n_problems == len(refused.violations)


def _write(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """A cell may hold what the library can write; what it refuses no workbook has."""
    try:
        sheet.cell(row, column, value)
    except (ValueError, IllegalCharacterError):
        sheet.cell(row, column, "?")
