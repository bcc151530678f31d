"""Pledge tables: what is read, every problem with its place, and what the services make of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cli.asset_file import read_asset_file
from flows.loan_files.pledge_row import PledgeRow
from flows.loan_files.pledged_assets import PledgedAsset, pledged_assets
from flows.loan_files.reading import LoanFile, read_loan_files
from flows.loan_files.sending import send_loan_files
from flows.loan_files.valued_pledges import valued_pledges
from services.loans.importing.client import ImportClient
from services.loans.loan import PutCounts
from services.runtime.channel import open_channel
from services.runtime.errors import InvalidInput, NotFound
from services.valuation.asset import Asset, WaterRight
from services.valuation.valuation import StoredValuation, Valuation
from tests.flows.running_book import INSTITUTION, Book, running_book

EXAMPLES = Path(__file__).parents[3] / "examples"
WATER, CARBON = EXAMPLES / "water-right.toml", EXAMPLES / "forest-carbon.toml"
HEADINGS = "押品编号,贷款编号,资产文件,估值编号,质押比例（%）"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with running_book(tmp_path_factory.mktemp("pledges")) as running:
        yield running


def table(folder: Path, *rows: str, headings: str = HEADINGS) -> LoanFile:
    path = folder / "pledges.csv"
    path.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
    return read_loan_files([path])[0]


def problems(folder: Path, *rows: str, headings: str = HEADINGS) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        table(folder, *rows, headings=headings)
    return [str(violation) for violation in caught.value.violations]


@dataclass
class Recorded:
    """Stored valuations by id; counts how often each is asked for."""

    stored: dict[str, StoredValuation] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, valuation_id: str) -> StoredValuation:
        self.asked.append(valuation_id)
        if valuation_id not in self.stored:
            raise NotFound(f"valuation {valuation_id}")
        return self.stored[valuation_id]


def read_assets(path: Path) -> Sequence[Asset]:
    return read_asset_file(path).assets


def named(given: LoanFile) -> tuple[PledgedAsset, ...]:
    return pledged_assets(given, read_assets, Recorded().get)


def asset_problems(given: LoanFile) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        named(given)
    return [str(violation) for violation in caught.value.violations]


def test_a_table_is_read_alike_in_every_format(tmp_path: Path) -> None:
    cells = {
        "押品编号": ["P1", "P2"],
        "借据号": ["L1", "L2"],
        "资产文件": ["assets/w.toml", None],
        "valuation id": [None, "V-7"],
        "质押比例": [0.25, None],
        "备注": ["合成", ""],
    }
    expected = (PledgeRow("P1", "L1", "assets/w.toml", "", 0.25), PledgeRow("P2", "L2", "", "V-7", 1.0))
    frame = pd.DataFrame(cells)
    frame.to_csv(tmp_path / "p.csv", index=False)
    frame.to_excel(tmp_path / "p.xlsx", index=False)
    frame.to_parquet(tmp_path / "p.parquet")
    for name in ("p.csv", "p.xlsx", "p.parquet"):
        found = read_loan_files([tmp_path / name])[0]
        assert (found.kind, found.rows, found.ignored) == ("pledges", expected, ("备注",))


def test_a_workbook_may_hold_loans_and_pledges(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    loans, pledges = workbook.active, workbook.create_sheet("押品")
    assert loans is not None
    loans.title = "贷款"
    for row in (EXAMPLES / "loans" / "book" / "loans.csv").read_text(encoding="utf-8").splitlines()[1:]:
        loans.append(row.split(","))
    pledges.append(HEADINGS.split(","))
    pledges.append(["P1", "EX-001", "w.toml", None, 100])
    workbook.save(tmp_path / "book.xlsx")
    found = read_loan_files([tmp_path / "book.xlsx"])
    assert [(item.kind, item.sheet, len(item.rows)) for item in found] == [
        ("loans", "贷款", 3),
        ("pledges", "押品", 1),
    ]
    assert found[1].rows == (PledgeRow("P1", "EX-001", "w.toml"),)


def test_every_wrong_row_is_told_with_its_place(tmp_path: Path) -> None:
    place = tmp_path / "pledges.csv"
    found = problems(
        tmp_path,
        "P1,L1,w.toml,,101",
        "P2,L1,,,50",
        "P3,L1,w.toml,V1,50",
        ",L1,w.toml,,50",
        "P5,L1,w.toml,,50",
        "P5,L2,w.toml,,50",
        f"{'P' * 65},L2,w.toml,,50",
    )
    either = "the file of the asset, or a recorded valuation in 估值编号"
    assert found == [
        f"{place}, row 2, column 质押比例（%）: found '101', expected a number from 0 to 100 %",
        f"{place}, row 3, column 资产文件: found nothing, expected {either}",
        f"{place}, row 4, column 估值编号: found 'V1' beside the asset file 'w.toml', expected one of them",
        f"{place}, row 5, column 押品编号: found nothing, expected a text",
        f"{place}, row 7, column 押品编号: found the same key as row 6: P5, expected each once",
        f"{place}, row 8, column 押品编号: found {'P' * 65!r}, expected 1 to 64 characters",
    ]


def test_a_table_without_either_name_of_an_asset_is_told(tmp_path: Path) -> None:
    place = tmp_path / "pledges.csv"
    [told] = problems(tmp_path, "P1,L1,1", headings="押品编号,贷款编号,质押比例")
    assert told == (
        f"{place}, row 1, column asset_file or valuation_id: found no column asset_file or valuation_id, expected "
        "column asset_file or valuation_id of a table of pledges"
    )


def test_paths_count_from_the_folder_of_the_table_and_files_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "w.toml").write_bytes(WATER.read_bytes())
    read: list[Path] = []

    def counted(path: Path) -> Sequence[Asset]:
        read.append(path)
        return read_assets(path)

    rows = ("P1,L1,assets/w.toml,,60", r"P2,L2,assets\w.toml,,40")
    found = pledged_assets(table(tmp_path, *rows), counted, Recorded().get)
    assert [item.asset.asset_id for item in found] == ["W1", "W1"]
    assert read == [tmp_path / "assets" / "w.toml"]


def test_of_several_assets_the_one_with_the_name_of_the_pledge_counts(tmp_path: Path) -> None:
    several = EXAMPLES / "catalogued-rights.toml"
    [found] = named(table(tmp_path, f"GRASS1,L1,{several},,"))
    assert found.asset.asset_id == "GRASS1"
    [told] = asset_problems(table(tmp_path, f"P1,L1,{several},,"))
    assert "row 2, column 资产文件" in told
    assert "found 3 assets (COMP1, GRASS1, CEA1), expected one, or one with asset_id P1" in told


def test_files_and_valuations_that_are_missing_or_wrong_are_told_together(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        WATER.read_text(encoding="utf-8").replace("volume_m3_per_year", "volume_m3"), encoding="utf-8"
    )
    other = tmp_path / "other.toml"
    other.write_text(WATER.read_text(encoding="utf-8").replace("2000000", "3000000"), encoding="utf-8")
    given = table(
        tmp_path,
        "P1,L1,nothing.toml,,",
        "P2,L1,wrong.toml,,",
        "P3,L1,,V-unknown,",
        f"P4,L1,{WATER},,70",
        "P5,L2,other.toml,,",
        f"P6,L2,{WATER},,40",
    )
    place, told = tmp_path / "pledges.csv", asset_problems(given)
    assert told[0] == (
        f"{place}, row 2, column 资产文件: {tmp_path / 'nothing.toml'}: cannot be read: No such file or directory, "
        "expected a TOML or JSON file (文件无法读取)"
    )
    assert any(
        text.startswith(f"{place}, row 3, column 资产文件: {wrong}: assets[0].water_right.volume_m3")
        for text in told
    )
    own = "expected each asset to have its own"
    before = f"of which 0.7 is pledged further up, first in {place}, row 5"
    assert told[-3:] == [
        f"{place}, row 4, column 估值编号: V-unknown: found no such valuation, expected the id of a recorded one",
        f"{place}, row 6, column 资产文件: found asset_id 'W1' for another asset than in {place}, row 5, {own}",
        f"{place}, row 7, column 质押比例（%）: found 0.4 of asset W1, {before}, expected at most 1 in all",
    ]


def test_a_table_goes_into_the_book_once_with_the_values_of_the_service(book: Book, tmp_path: Path) -> None:
    recorded = book.valuation.value_assets(read_assets(CARBON), request_id="recorded")[0]
    assert isinstance(recorded, Valuation)
    given = table(
        tmp_path,
        f"P1,C13,{WATER},,60",
        f"P2,C21,{WATER},,40",
        f"P3,C22,,{recorded.valuation_id},",
    )
    assets = pledged_assets(given, read_assets, book.valuation.get_valuation)
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        importer = ImportClient(channel)
        for expected in (PutCounts(3, 0, 0), PutCounts(0, 0, 3)):
            pledges = valued_pledges(book.valuation, assets)
            assert send_loan_files(importer, [given], None, pledges) == {"pledges": expected}
    snapshot = book.valuation.get_market_snapshot()
    [asked] = book.valuation.value_assets(read_assets(WATER), valuation_date=snapshot.as_of)
    assert isinstance(asked, Valuation)
    first, second, third = pledges
    assert (first.value_cny, first.pledged_share) == (asked.value_cny, 0.6)
    assert (second.value_cny, second.pledged_share) == (asked.value_cny, 0.4)
    assert (first.valuation_date, first.snapshot_id) == (snapshot.as_of, snapshot.snapshot_id)
    assert third.value_cny == recorded.value_cny
    assert third.valuation_date == recorded.valuation_date
    assert book.collateral() == {"C13": ("P1",), "C21": ("P2",), "C22": ("P3",), "C26": ()}
    # Two loans on one right lose it together: its schedule bears one name.
    assert first.schedule.asset_id == second.schedule.asset_id == "W1"
    found = book.loans.simulate_portfolio(snapshot, as_of=snapshot.as_of, n_paths=1_000)
    means = {share.key: share.collateral_mean_cny for share in found.by_loan}
    assert means["C13"] is not None
    assert means["C21"] is not None
    assert means["C13"] == pytest.approx(1.5 * means["C21"], rel=1e-12)
    assert means["C26"] in (None, 0.0)


def test_an_unknown_loan_and_an_asset_without_value_are_told_by_their_rows(
    book: Book, tmp_path: Path
) -> None:
    given = table(tmp_path, f"P9,C26,{CARBON},,", f"P8,NOBODY,{WATER},,")
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        pledges = valued_pledges(book.valuation, named(given))
        with pytest.raises(InvalidInput) as caught:
            send_loan_files(ImportClient(channel), [given], None, pledges)
    assert [str(violation) for violation in caught.value.violations] == [
        f"{tmp_path / 'pledges.csv'}, row 3, column 贷款编号: found 'NOBODY', expected a loan that exists"
    ]
    assert "P9" not in book.collateral()["C26"]
    [item] = named(table(tmp_path, f"P9,C26,{WATER},,"))
    assert isinstance(item.asset.detail, WaterRight)
    detail = replace(item.asset.detail, volume_m3_per_year=-1.0)
    with pytest.raises(InvalidInput, match=r"row 2, column 资产文件: found asset W1, which cannot be valued"):
        valued_pledges(book.valuation, [replace(item, asset=replace(item.asset, detail=detail))])
