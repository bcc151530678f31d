"""The quarter's workbook: opened by another program's reader, same bytes again, corrections as a new version."""

import datetime as dt
import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from flows.reports.statistics_workbook.layout import read_layout
from flows.reports.workbook_layout import display_width
from flows.statistics.job import StatisticsResult, read_tables, render_files, write_statistics
from flows.statistics.request import StatisticsRequest
from services.loans.conditions import GuaranteeMode
from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.statistics.client import StatisticsClient
from services.loans.statistics.quarter import Quarter
from services.loans.synthetic.book import MARK
from services.runtime.bundled import bundled
from services.runtime.channel import open_channel
from services.runtime.errors import FailedPrecondition, InvalidInput, NotFound
from tests.flows.running_book import Book

INSTITUTION = "statistics-test"
QUARTER = Quarter(2026, 3)
YEAR_BEGIN, OPENING, CLOSING = dt.date(2025, 12, 31), dt.date(2026, 6, 30), dt.date(2026, 9, 30)


@pytest.fixture
def service(book: Book) -> Iterator[StatisticsClient]:
    """A book whose statistics are added up by hand below, amounts in 万元.

    ====  ==========  =======  =====  ======  =======  ==================  =========  ========
    loan  year begin  opening  drawn  repaid  closing  purpose             county     product
    ====  ==========  =======  =====  ======  =======  ==================  =========  ========
    A     80          100      0      20      80       solar_power         甘州区     gep
    B     -           0        30.5   0       30.5     water_saving        𠮷县       vep
    C     40          40       0      0       40       (none)              =1+1       water
    ====  ==========  =======  =====  ======  =======  ==================  =========  ========
    """
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        from services.loans.client import LoansClient

        loans = LoansClient(channel)
        loans.put_loans(
            YEAR_BEGIN,
            [
                _loan("A", "solar_power", "甘州区", "gep", "D44", dt.date(2025, 3, 1)),
                _loan("B", "water_saving", "𠮷县", "vep", "农业", dt.date(2026, 7, 2)),
                _loan("C", "", "=1+1", "water_right", "农业", dt.date(2025, 3, 1)),
            ],
        )
        loans.record_positions(
            [
                _position("A", YEAR_BEGIN, 80), _position("C", YEAR_BEGIN, 40),
                _position("A", OPENING, 100), _position("C", OPENING, 40),
                _position("A", CLOSING, 80), _position("B", CLOSING, "30.5"),
                _position("C", CLOSING, 40, FiveClass.LOSS),
            ]
        )  # fmt: skip
        loans.record_movements(
            [
                LoanMovement("1", "A", CLOSING, MovementKind.REPAID, Decimal(200_000)),
                LoanMovement("2", "B", dt.date(2026, 7, 2), MovementKind.DRAWN, Decimal(305_000)),
            ]
        )
        yield StatisticsClient(channel)


def _loan(  # noqa: PLR0917  # a row of the table above
    loan_id: str, purpose: str, county: str, product: str, industry: str, drawn_on: dt.date
) -> Loan:
    terms = RepaymentTerms(Decimal(1_000_000), drawn_on, 60, 0.04, RepaymentKind.BULLET)
    return Loan(
        loan_id, f"B-{loan_id}", "", county, industry, product, terms, 0.02, 0.15, 0.45,
        purpose=purpose, approved_on=drawn_on, guarantee_mode=GuaranteeMode.PLEDGE,
    )  # fmt: skip


def _position(
    loan_id: str, day: dt.date, wan: int | str, quality: FiveClass = FiveClass.NORMAL
) -> LoanPosition:
    return LoanPosition(loan_id, day, Decimal(wan) * 10_000, 0.04, quality=quality)


def written(service: StatisticsClient, folder: Path, *, close: bool = False) -> StatisticsResult:
    return write_statistics(StatisticsRequest(QUARTER, INSTITUTION, folder, close), service)


def rows_of(sheet: Worksheet) -> dict[str, list[object]]:
    """Figures by the first line of the first cell."""
    return {
        str(row[0]).split("\n", maxsplit=1)[0]: list(row[1:])
        for row in sheet.iter_rows(min_row=4, values_only=True)
        if row[0] is not None
    }


def test_figures_stand_in_the_published_layout(service: StatisticsClient, tmp_path: Path) -> None:
    result = written(service, tmp_path)
    book = openpyxl.load_workbook(result.files["xlsx"])
    sheet = book["1 主表"]
    headings = [str(cell.value).split("\n", maxsplit=1)[0] for cell in sheet[3]]
    assert headings[:4] == ["项目", "余额（万元）", "比年初增加（万元）", "比年初增长（%）"]
    rows = rows_of(sheet)
    # The rows of the published table, in its order: balance, increase since the year began, growth.
    published = pd.read_csv(bundled("green_loans_national.csv"))["item"].unique()[1:]
    assert list(rows)[1 : 1 + len(published)] == list(published)
    # 80 + 30.5 + 40 = 150.5; 150.5 - (80 + 40) = 30.5; 30.5 / 120 = 25.42 %.
    assert rows["绿色贷款合计"][:3] == [150.5, 30.5, pytest.approx(25.41666, rel=1e-5)]
    assert rows["能源绿色低碳转型"][:3] == [80, 0, 0]
    assert rows["电力热力燃气及水"][:2] == [80, 0]
    assert rows["交通运输仓储邮政"][:2] == [0, 0]
    # 40 of 150.5 are lost.
    assert rows["绿色贷款合计"][-2:] == [40, pytest.approx(26.578073, rel=1e-6)]
    cell = sheet["B4"]
    assert (cell.number_format, cell.alignment.horizontal) == ("#,##0.00", None)
    assert cell.data_type == "n"  # numbers stand flush right


def test_both_standards_counties_and_quality(service: StatisticsClient, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(service, tmp_path).files["xlsx"])
    # opening, drawn, repaid, prepaid, written off, closing
    historical, current = rows_of(book["3 历史标准"]), rows_of(book["4 现行标准"])
    assert historical["清洁能源产业"][:6] == [100, 0, 20, 0, 0, 80]
    assert historical["节能环保产业"][:6] == [0, 30.5, 0, 0, 0, 30.5]
    assert current["能源绿色低碳转型"][:6] == [100, 0, 20, 0, 0, 80]
    assert current["资源循环利用"][:6] == [0, 30.5, 0, 0, 0, 30.5]
    for rows in (historical, current):
        assert rows["未归类"][5] == 40
        assert rows["合计"][:6] == [140, 30.5, 20, 0, 0, 150.5]
    assert set(rows_of(book["7 县区"])) >= {"甘州区", "𠮷县", "=1+1", "合计"}
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    quality = rows_of(book["12 五级分类"])
    assert quality["合计"][:7] == [150.5, 110.5, 0, 0, 0, 40, 0]
    texts = [str(cell.value) for row in book["12 五级分类"].iter_rows() for cell in row]
    assert any("填报机构在期末余额报送中自行认定" in text for text in texts)


def test_number_and_volume_of_gep_and_vep_loans_by_county(service: StatisticsClient, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(service, tmp_path).files["xlsx"])["11 GEP(VEP)贷款"]
    rows = [tuple(str(value).split("\n", maxsplit=1)[0] for value in row[:4]) for row in
            sheet.iter_rows(min_row=4, values_only=True)]  # fmt: skip
    assert rows == [
        ("甘州区", "GEP贷款", "1", "80"),
        ("𠮷县", "VEP贷款", "1", "30.5"),
        ("全部县区", "GEP贷款", "1", "80"),
        ("全部县区", "VEP贷款", "1", "30.5"),
    ]


def test_cover_names_what_it_rests_on_and_leaves_room_for_signatures(
    service: StatisticsClient, tmp_path: Path
) -> None:
    result = written(service, tmp_path, close=True)
    sheet = openpyxl.load_workbook(result.files["xlsx"])["封面"]
    cover = {str(row[0]): row[1] for row in sheet.iter_rows(values_only=True)}
    assert cover["基准日 · As of"] == "2026-09-30"
    assert cover["机构 · Institution"] == INSTITUTION
    assert cover["数字校验值 · Figures"] == result.edition.content_hash
    assert cover["源数据校验值 · Source data"] == result.edition.statistics.input_hash
    assert str(cover["校验结果 · Checks"]).startswith("11 项校验中 1 项未通过")
    assert "假设" in str(cover["用途对照 · Mapping"])
    for field in ("填报人（签字） · Prepared by", "复核人（签字） · Reviewed by"):
        assert field in cover
        assert not cover[field]


def test_columns_are_wide_enough(service: StatisticsClient, tmp_path: Path) -> None:
    path = written(service, tmp_path).files["xlsx"]
    book = openpyxl.load_workbook(path)
    for number, sheet in enumerate(book.worksheets[1:], start=2):
        with zipfile.ZipFile(path) as parts:
            xml = parts.read(f"xl/worksheets/sheet{number}.xml").decode()
        found = re.findall(r'<col min="(\d+)" max="(\d+)" width="([0-9.]+)"', xml)
        widths = {
            column: float(width) for low, high, width in found for column in range(int(low), int(high) + 1)
        }
        for column, cell in enumerate(sheet[3], start=1):
            heading = str(cell.value or "").split("\n", maxsplit=1)[0]
            assert not heading or widths[column] >= display_width(heading), (sheet.title, heading)


def test_a_closed_quarter_gives_the_same_bytes_again(service: StatisticsClient, tmp_path: Path) -> None:
    first = written(service, tmp_path / "1", close=True)
    second = written(service, tmp_path / "2", close=True)
    third = written(service, tmp_path / "3")
    assert (first.is_new_version, second.is_new_version, third.is_new_version) == (True, False, False)
    assert third.is_corrected_since is False
    contents = [
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())} for name in "123"
    ]
    assert contents[0] == contents[1] == contents[2]
    assert sorted(contents[0]) == [
        "green-loans-2026Q3-v1-breaks.csv",
        "green-loans-2026Q3-v1-manifest.json",
        "green-loans-2026Q3-v1.csv",
        "green-loans-2026Q3-v1.xlsx",
    ]
    manifest = json.loads(contents[0].pop("green-loans-2026Q3-v1-manifest.json"))
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents[0].items()
    }


def test_a_correction_is_a_new_version_that_lists_its_differences(
    service: StatisticsClient, book: Book, tmp_path: Path
) -> None:
    before = written(service, tmp_path, close=True)
    kept = before.files["xlsx"].read_bytes()
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        from services.loans.client import LoansClient

        LoansClient(channel).record_positions([_position("A", CLOSING, "79.99995")])
    stale = written(service, tmp_path)
    assert stale.is_corrected_since is True
    assert stale.files["xlsx"].read_bytes() == kept
    with pytest.raises(FailedPrecondition, match="roll_forward 1"):
        written(service, tmp_path, close=True)
    asked = StatisticsRequest(
        QUARTER, INSTITUTION, tmp_path, close=True, accepted_breaks_reason="尾差 rounding"
    )
    after = write_statistics(asked, service)
    assert after.edition.version is not None
    cover = openpyxl.load_workbook(after.files["xlsx"]).worksheets[0]
    shown = [str(value) for row in cover.iter_rows(values_only=True) for value in row if value is not None]
    assert any("带差异结账的理由" in value for value in shown)
    assert any("尾差 rounding" in value for value in shown)
    assert (after.is_new_version, after.edition.version.version) == (True, 2)
    sheet = openpyxl.load_workbook(after.files["xlsx"])["15 版本差异"]
    rows = [row[:6] for row in sheet.iter_rows(min_row=4, max_row=5, values_only=True)]
    # 79.99995 万元 are 50 cents less than 80 万元; the difference shows in 元.
    assert rows == [
        ("合计", "合计", "期末余额", 1_505_000, 1_504_999.5, -0.5),
        ("合计", "合计", "正常", 1_105_000, 1_104_999.5, -0.5),
    ]
    table = pd.read_csv(after.files["differences"])
    assert set(table["difference"][table["unit"] == "CNY"]) == {-0.5}
    breaks = pd.read_csv(after.files["breaks"])
    assert breaks[["check", "loan_id", "amount_cny"]].to_numpy().tolist() == [
        ["roll_forward", "A", -0.5],
        ["purpose_mapped", "C", 400_000],
    ]
    assert written(service, tmp_path, close=True).is_new_version is False
    old = write_statistics(StatisticsRequest(QUARTER, INSTITUTION, tmp_path / "old", version=1), service)
    assert old.files["xlsx"].read_bytes() == kept


def test_csv_beside_it_holds_every_line_to_the_cent(service: StatisticsClient, tmp_path: Path) -> None:
    result = written(service, tmp_path)
    table = pd.read_csv(result.files["lines"], keep_default_na=False, dtype=str)
    total = table[table["grouping"] == "total"].iloc[0]
    assert (total["opening_cny"], total["closing_cny"], total["loss_cny"]) == (
        "1400000.00", "1505000.00", "400000.00",
    )  # fmt: skip
    counties = table[table["grouping"] == "county"]
    assert counties["closing_cny"].astype(float).sum() == 1_505_000
    # A county that begins like a formula stays a text.
    assert "'=1+1" in set(counties["key_1"])
    assert result.files["lines"].read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_draft_says_so_and_a_moment_is_named(service: StatisticsClient, tmp_path: Path) -> None:
    moment = dt.datetime.now(dt.UTC)
    draft = write_statistics(StatisticsRequest(QUARTER, INSTITUTION, tmp_path, known_at=moment), service)
    assert draft.files["xlsx"].name == "green-loans-2026Q3-draft.xlsx"
    sheet = openpyxl.load_workbook(draft.files["xlsx"])["封面"]
    cover = {str(row[0]): row[1] for row in sheet.iter_rows(values_only=True)}
    assert "未结账" in str(sheet["A2"].value)
    assert cover["截至录入时点 · As known at"] == moment.isoformat(timespec="seconds")


def test_a_synthetic_book_says_so_on_every_sheet(
    service: StatisticsClient, book: Book, tmp_path: Path
) -> None:
    assert written(service, tmp_path).edition.statistics.n_synthetic == 0
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        from services.loans.client import LoansClient

        made_up = replace(
            _loan("A", "solar_power", "甘州区", "gep", "D44", dt.date(2025, 3, 1)), name=f"{MARK} 1"
        )
        LoansClient(channel).put_loans(YEAR_BEGIN, [made_up])
    result = written(service, tmp_path)
    assert result.edition.statistics.n_synthetic == 1
    for sheet in openpyxl.load_workbook(result.files["xlsx"]):
        assert "合成数据" in str(sheet["A1"].value), sheet.title


def test_two_that_close_at_once_write_one_version(service: StatisticsClient, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: written(service, tmp_path, close=True), range(2)))
    assert sorted(result.is_new_version for result in results) == [False, True]
    assert [facts.version for facts in service.versions(QUARTER)] == [1]


def test_what_cannot_be_written_leaves_nothing(service: StatisticsClient, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not closed"):
        write_statistics(StatisticsRequest(QUARTER, INSTITUTION, tmp_path / "a", version=1), service)
    with pytest.raises(InvalidInput, match="expected a quarter that has ended"):
        write_statistics(
            StatisticsRequest(Quarter(2998, 1), INSTITUTION, tmp_path / "a", close=True), service
        )
    with pytest.raises(ValueError, match="close and version, expected at most one"):
        StatisticsRequest(QUARTER, INSTITUTION, tmp_path, close=True, version=1)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("layout.csv", "main,total,", "main,energy,", "main: found the row 'energy' twice"),
        ("layout.csv", ",industry,G;", ",industries,G;", "row 7, grouping: found 'industries'"),
        ("layout.csv", "current_standard,energy_transition", "current_standard,", "row 4, keys"),
        ("layout.csv", "label_zh", "标签", "layout.csv, row 1"),
        ("columns.csv", "main,closing,", "main,clsing,", "columns.csv, row 2, figure: found 'clsing'"),
        ("columns.csv", "gep_vep,", "gep,", "table: found 'gep'"),
        ("names.csv", "guarantee_mode,pledge,质押,Pledge", "guarantee_mode,pledge", "expected 4 cells"),
    ],
)
def test_a_wrong_table_of_the_layout_is_refused_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, named: str
) -> None:
    folder = tmp_path / "statistics"
    shutil.copytree(bundled("statistics"), folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_layout(folder)
    assert named in " ".join(str(violation) for violation in refused.value.violations)


def test_an_edited_layout_is_followed(service: StatisticsClient, tmp_path: Path) -> None:
    result = written(service, tmp_path / "out", close=True)
    folder = tmp_path / "statistics"
    shutil.copytree(bundled("statistics"), folder)
    with (folder / "layout.csv").open("a", encoding="utf-8") as file:
        file.write("main,water,用水权,Water rights,product,water*,G0101-7,own\n")
    taxonomy, layout = read_tables(folder)
    contents = render_files(result.edition, taxonomy, layout)
    path = tmp_path / "edited.xlsx"
    path.write_bytes(contents["green-loans-2026Q3-v1.xlsx"])
    rows = rows_of(openpyxl.load_workbook(path)["1 主表"])
    assert rows["用水权"][:2] == ["G0101-7", 40]
