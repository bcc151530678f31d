"""The refresh against real services, without Prefect: what it stores, that a repeat stores nothing more."""

import csv
import html
import json
import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from flows.refresh.job import RefreshJob, RefreshResult
from flows.refresh.request import RefreshRequest
from flows.reports.document import Table
from flows.reports.figures import wan
from flows.reports.refresh_report.artifact import markdown
from flows.reports.refresh_report.document import build_refresh_document
from flows.reports.refresh_report.summary import summarise
from flows.reports.refresh_report.tables import write
from services.loans.pledges.levels import PledgeLevel
from services.runtime.errors import InvalidInput
from services.valuation.valuation import Simulation, Valuation
from tests.flows.key_figures import figures_in_words
from tests.flows.running_book import AS_OF, EXAMPLE, INSTITUTION, LOANS_WAN, Book

PLEDGES = 12


def _request(tmp_path: Path) -> RefreshRequest:
    return RefreshRequest(
        EXAMPLE, AS_OF, tmp_path / "out", INSTITUTION, batch_size=5, simulation=Simulation(n_paths=256)
    )


def _run(book: Book, request: RefreshRequest, *, stop_after: int | None = None) -> RefreshResult:
    job = RefreshJob(request, book.services())
    for batch in range(job.read()):
        job.value_batch(batch)
        if batch == stop_after:
            raise KeyboardInterrupt
        job.push_batch(batch)
    return job.result()


def test_every_pledge_is_valued_and_stored_once(book: Book, tmp_path: Path) -> None:
    result = _run(book, _request(tmp_path))
    assert [item.pledge.asset.asset_id for item in result.valued] == [
        pledge.asset.asset_id for pledge in result.accounts.pledges
    ]
    assert all(isinstance(item.outcome, Valuation) for item in result.valued)
    assert {asset_id: len(ids) for asset_id, ids in book.stored().items()} == {
        item.pledge.asset.asset_id: 1 for item in result.valued
    }


def test_schedules_go_to_the_loans_that_exist(book: Book, tmp_path: Path) -> None:
    result = _run(book, _request(tmp_path))
    assert book.collateral() == {loan_id: (loan_id,) for loan_id in LOANS_WAN}
    assert result.collateral.created == len(LOANS_WAN)
    assert set(result.collateral.loans_missing) == {"C14", "C15", "C16", "C18", "C23", "C27"}


def test_the_summary_names_valued_pledges_that_secure_no_loan_yet(book: Book, tmp_path: Path) -> None:
    # The only two rows of data/example_accounts/pledges.csv without a loan_id.
    summary = summarise(_run(book, _request(tmp_path)), {})
    assert summary.pledges_without_loan == ("JIANGLE-TICKET", "GARZE-CASH")


def test_a_repeat_gives_the_first_answers(book: Book, tmp_path: Path) -> None:
    first = _run(book, _request(tmp_path))
    second = _run(book, _request(tmp_path))
    assert [item.outcome for item in second.valued] == [item.outcome for item in first.valued]
    assert second.key == first.key
    assert all(len(ids) == 1 for ids in book.stored().values())


def test_a_repeat_tells_what_it_did_itself(book: Book, tmp_path: Path) -> None:
    first = _run(book, _request(tmp_path))
    second = _run(book, _request(tmp_path))
    assert (first.reused, second.reused) == (0, PLEDGES)
    assert (second.collateral.created, second.collateral.updated) == (0, 0)
    assert second.collateral.unchanged == len(LOANS_WAN)


def test_only_what_changed_is_valued_again(book: Book, tmp_path: Path) -> None:
    """The water of one permit changes: its pledge alone gets a second valuation and a new schedule."""
    first = _run(book, _request(tmp_path))
    folder = tmp_path / "accounts"
    shutil.copytree(EXAMPLE, folder)
    account = folder / "water_account.csv"
    text = account.read_text(encoding="utf-8")
    assert text.count("136000000") == 1
    account.write_text(text.replace("136000000", "136000001"), encoding="utf-8")
    second = _run(book, replace(_request(tmp_path), accounts_dir=folder))
    assert second.key != first.key
    assert second.reused == PLEDGES - 1
    assert {asset_id for asset_id, ids in book.stored().items() if len(ids) == 2} == {"C13"}
    assert (second.collateral.updated, second.collateral.unchanged) == (1, len(LOANS_WAN) - 1)


def test_a_fall_through_a_level_is_told_once_with_its_figures(book: Book, tmp_path: Path) -> None:
    """A permit of a hundredth of its water is worth a hundredth: 1000 万元 against it are beyond every level."""
    first = _run(book, _request(tmp_path))
    assert [change.loan_id for change in first.level_changes if change.loan_id == "C13"] == []
    folder = tmp_path / "accounts"
    shutil.copytree(EXAMPLE, folder)
    account = folder / "water_account.csv"
    account.write_text(account.read_text(encoding="utf-8").replace("136000000", "1360000"), encoding="utf-8")
    fallen = _run(book, replace(_request(tmp_path), accounts_dir=folder))
    [change] = [change for change in fallen.level_changes if change.loan_id == "C13"]
    assert (change.before, change.after, change.is_worse) == (
        PledgeLevel.NORMAL,
        PledgeLevel.LIQUIDATION,
        True,
    )
    values = {value.asset_id: value.value_cny for value in (*first.valuations(), *fallen.valuations())}
    assert change.value_after_cny == pytest.approx(values["C13"], rel=1e-9)
    assert change.loan_to_value == pytest.approx(change.balance_cny / values["C13"], rel=1e-9)
    # A repeat stores nothing and so tells of the same crossing, under the same number.
    again = _run(book, replace(_request(tmp_path), accounts_dir=folder))
    assert again.level_changes == fallen.level_changes
    paths = write(again, tmp_path / "out")
    with paths["events"].open(encoding="utf-8-sig", newline="") as file:
        assert {row["loan_id"]: row["after"] for row in csv.DictReader(file)}["C13"] == "liquidation"
    assert "C13" in markdown(again).partition("押品事件")[2].partition("未能估值")[0]
    assert "押品事件" in paths["html"].read_text(encoding="utf-8")


def test_a_long_list_is_cut_on_the_page_alone(book: Book, tmp_path: Path) -> None:
    result = _run(book, _request(tmp_path))
    page, workbook = build_refresh_document(result, most_rows=3), build_refresh_document(result)
    assert figures_in_words(workbook) == []
    shown, everything = (
        next(block for block in document.sections[1].blocks if isinstance(block, Table))
        for document in (page, workbook)
    )
    assert [len(table.rows) for table in (shown, everything)] == [3 + 1, PLEDGES + 1]
    assert shown.rows[-1] == everything.rows[-1]
    largest = sorted(result.valuations(), key=lambda value: -value.value_cny)[:3]
    assert {row.cells[0].value for row in shown.rows[:-1]} == {value.asset_id for value in largest}


def test_another_market_values_everything_again(book: Book, tmp_path: Path) -> None:
    _run(book, _request(tmp_path))
    standard = book.valuation.get_market_snapshot()
    book.valuation.put_market_snapshot(replace(standard, snapshot_id="later"), request_id="market")
    second = _run(book, replace(_request(tmp_path), snapshot_id="later"))
    assert second.reused == 0
    assert all(len(ids) == 2 for ids in book.stored().values())


def test_a_run_that_was_stopped_half_way_is_finished_with_nothing_doubled(book: Book, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _run(book, _request(tmp_path), stop_after=1)
    before = book.stored()
    assert len(before) == 10
    result = _run(book, _request(tmp_path))
    after = book.stored()
    assert len(after) == PLEDGES
    assert all(len(ids) == 1 for ids in after.values())
    assert {asset_id: after[asset_id] for asset_id in before} == before
    assert result.reused == len(before)
    assert result.collateral.created + result.collateral.unchanged == len(LOANS_WAN)


def test_another_day_is_another_refresh(book: Book, tmp_path: Path) -> None:
    first = _run(book, _request(tmp_path))
    second = _run(book, replace(_request(tmp_path), as_of=AS_OF.replace(day=22)))
    assert first.key != second.key
    assert all(len(ids) == 2 for ids in book.stored().values())


def test_a_loan_that_came_later_gets_its_collateral_from_a_repeat(book: Book, tmp_path: Path) -> None:
    _run(book, _request(tmp_path))
    loan = next(iter(book.loans.list_loans())).loan
    book.loans.put_loans(AS_OF, [replace(loan, loan_id="C14")], request_id="a-later-loan")
    _run(book, _request(tmp_path))
    assert book.collateral()["C14"] == ("C14",)


def test_a_wrong_folder_stores_nothing(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "accounts"
    folder.mkdir()
    with pytest.raises(InvalidInput, match="no such file"):
        _run(book, replace(_request(tmp_path), accounts_dir=folder))
    assert book.stored() == {}


def test_the_report_says_what_was_stored(book: Book, tmp_path: Path) -> None:
    result = _run(book, _request(tmp_path))
    paths = write(result, tmp_path / "out")
    with paths["valuations"].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["asset_id"]: [row["valuation_id"]] for row in rows} == book.stored()
    assert {row["asset_id"]: float(row["value_cny"]) for row in rows} == {
        item.pledge.asset.asset_id: item.outcome.value_cny
        for item in result.valued
        if isinstance(item.outcome, Valuation)
    }
    summary = json.loads(paths["summary"].read_text(encoding="utf-8"))
    # 7545.598e8: the lines of the Garze account, doi 10.5846/stxb201607011362 (published 7545.59)
    assert summary["account_total_cny"] == pytest.approx(7545.598e8, rel=1e-12)
    assert summary["valued"] == PLEDGES
    assert {c["code"]: c["count"] for c in summary["cautions"]}["ONE_PRICE_DOMINATES"] == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "cautions.csv",
        "events.csv",
        "failures.csv",
        "reconciliation.csv",
        "refresh.html",
        "refresh.xlsx",
        "summary.json",
        "valuations.csv",
    ]
    assert "7,545.60 亿元" in markdown(result)
    assert summarise(result, paths).valuation_ids == tuple(row["valuation_id"] for row in rows)


def test_the_page_and_the_workbook_say_the_same_figures(book: Book, tmp_path: Path) -> None:
    result = _run(book, _request(tmp_path))
    paths = write(result, tmp_path / "out")
    page = paths["html"].read_text(encoding="utf-8")
    for value in result.valuations():
        assert wan(value.value_cny).removesuffix(" 万元") in page
        assert value.valuation_id in page
    assert "7,545.60 亿元" in page
    assert all(caution.message_zh in html.unescape(page) for _, caution in result.cautions())
    sheet = openpyxl.load_workbook(paths["xlsx"])["2 押品估值"]
    table = {row[0]: row for row in sheet.iter_rows(min_row=4, values_only=True)}
    for value in result.valuations():
        assert table[value.asset_id][3] == pytest.approx(value.value_cny / 1e4, rel=1e-12)
        assert table[value.asset_id][9] == value.valuation_id


def test_nothing_refused_leaves_a_table_without_rows(book: Book, tmp_path: Path) -> None:
    paths = write(_run(book, _request(tmp_path)), tmp_path / "out")
    assert paths["failures"].read_text(encoding="utf-8-sig") == "asset_id,code,message\n"
