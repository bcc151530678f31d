"""The synthetic book: consistent to the cent, the same for the same seed, marked everywhere, and importable."""

import datetime as dt
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import openpyxl
import pytest

from flows.loan_files.reading import read_loan_files
from flows.loan_files.sending import send_loan_files
from flows.synthetic_book.drawing import DrawnFrom, read_recipe
from flows.synthetic_book.files import NOTE, TABLES, write_book
from services.loans.loan import Loan
from services.loans.products import read_products
from services.loans.synthetic.book import BLOCK, MARK, SyntheticLoan, synthetic_loans
from services.loans.synthetic.history import check_roll_forward
from services.runtime.errors import InvalidInput
from services.valuation.asset import WaterRight

DAY = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def drawn_from() -> DrawnFrom:
    return read_recipe(DAY, 4)


@pytest.fixture(scope="module")
def book(drawn_from: DrawnFrom) -> list[SyntheticLoan]:
    return list(synthetic_loans(drawn_from.recipe, 600, 7))


def test_balances_roll_forward_by_their_movements(book: list[SyntheticLoan]) -> None:
    positions = [position for item in book for position in item.positions]
    movements = [movement for item in book for movement in item.movements]
    check_roll_forward(positions, movements)
    kinds = {movement.kind.value for movement in movements}
    assert kinds == {"drawn", "repaid", "prepaid", "written_off"}
    # A missing movement is found.
    with pytest.raises(ValueError, match="expected"):
        check_roll_forward(positions, movements[1:])


def test_a_loan_that_pays_owes_what_its_schedule_says(book: list[SyntheticLoan]) -> None:
    from services.loans.repayment.schedule import scheduled_balances

    paying = [item for item in book if all(p.overdue_days == 0 and p.balance_cny > 0 for p in item.positions)]
    ends = [item.positions[-1] for item in paying]
    assert len(paying) > 400
    expected = scheduled_balances([item.loan.terms for item in paying], [end.as_of for end in ends])
    assert [int(end.balance_cny * 100) for end in ends] == expected.tolist()


def test_arrears_follow_the_days_overdue(book: list[SyntheticLoan]) -> None:
    seen = set()
    for position in (position for item in book for position in item.positions):
        assert position.quality is not None
        seen.add(position.quality.value)
        over = position.overdue_days
        expected = (
            "normal" if over == 0 else "special_mention" if over <= 90 else "substandard" if over <= 270
            else "doubtful" if over <= 360 else "loss"
        )  # fmt: skip
        assert position.quality.value == expected
        assert position.is_credit_impaired == (over > 90)
        assert over > 0 or position.overdue_principal_cny == 0
    assert len(seen) == 5


def test_the_seed_alone_decides_and_a_larger_book_begins_with_the_smaller(
    drawn_from: DrawnFrom, book: list[SyntheticLoan]
) -> None:
    larger = synthetic_loans(drawn_from.recipe, BLOCK + 10, 7)
    assert list(islice(larger, 600)) == book
    assert list(synthetic_loans(drawn_from.recipe, 3, 8)) != book[:3]


def test_a_borrower_is_the_same_in_all_of_its_loans(book: list[SyntheticLoan]) -> None:
    by_borrower: dict[str, set[object]] = {}
    for item in book:
        loan = item.loan
        facts = (loan.default_probability_annual, loan.index_weights, loan.borrower_size, loan.county)
        by_borrower.setdefault(loan.borrower_id, set()).add(facts)
    assert len(by_borrower) == 450
    assert all(len(facts) == 1 for facts in by_borrower.values())


def test_everything_says_that_it_is_synthetic(book: list[SyntheticLoan], tmp_path: Path) -> None:
    assert all(MARK in item.loan.name and item.loan.loan_id.startswith("SYN-") for item in book)
    assert {item.loan.product for item in book} <= set(read_products())
    write_book(tmp_path / "b.xlsx", book[:20])
    workbook = openpyxl.load_workbook(tmp_path / "b.xlsx", read_only=True)
    for table in TABLES:
        first, *rows = workbook[table].iter_rows(values_only=True)
        assert first[0] == NOTE
        assert {row[0] for row in rows} == {MARK}


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_files_read_back_to_the_same_book(book: list[SyntheticLoan], tmp_path: Path, suffix: str) -> None:
    some = book[:150]
    counts, paths = write_book(tmp_path / f"b.{suffix}", some)
    read = {
        table: read_loan_files(
            [paths[0] if suffix == "xlsx" else tmp_path / f"b-{table}.{suffix}"],
            sheet=table if suffix == "xlsx" else None,
        )[0]
        for table in TABLES
    }
    assert {table: len(found.rows) for table, found in read.items()} == counts
    assert list(read["loans"].rows) == [item.loan for item in some]
    assert list(read["positions"].rows) == [position for item in some for position in item.positions]
    assert list(read["movements"].rows) == [movement for item in some for movement in item.movements]


def test_what_the_service_refuses_is_told_by_the_row_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_text(
        "标题\nloan_id,borrower_id,principal_cny,drawn_on,periods,rate_annual,kind,default_probability_annual,"
        "asset_correlation,unsecured_lgd\nL1,B1,100,2026-01-15,12,0.04,bullet,0.02,0.15,0.4\n",
        encoding="utf-8",
    )

    class Refusing:
        def import_loans(self, as_of: dt.date, loans: object) -> object:
            raise InvalidInput.of("rows[0].terms.periods", "found 12, expected more after rows[0]")

    with pytest.raises(InvalidInput, match=r"loans.csv, row 3, column periods: .* after .*loans\.csv, row 3"):
        send_loan_files(Refusing(), read_loan_files([path]), DAY)  # type: ignore[arg-type]  # refuses everything
    with pytest.raises(InvalidInput, match="--as-of"):
        send_loan_files(Refusing(), read_loan_files([path]), None)  # type: ignore[arg-type]  # as above


def test_the_day_must_end_a_quarter() -> None:
    with pytest.raises(InvalidInput, match="2026-05-31"):
        read_recipe(dt.date(2026, 5, 31), 4)


def test_another_suffix_is_refused(book: list[SyntheticLoan], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"b\.txt"):
        write_book(tmp_path / "b.txt", book)


@pytest.mark.parametrize("seed", [20260821, 7, 3])
def test_no_quarter_writes_off_more_than_two_percent_of_the_book(drawn_from: DrawnFrom, seed: int) -> None:
    # The balance is that of the quarter's beginning, which has yet to lose what is written off.
    days = drawn_from.recipe.report_days()
    balance, written_off = dict.fromkeys(days, 0.0), dict.fromkeys(days, 0.0)
    for item in synthetic_loans(drawn_from.recipe, 500, seed):
        for position in item.positions:
            balance[position.as_of] += float(position.balance_cny)
        for movement in item.movements:
            if movement.kind.value == "written_off":
                written_off[movement.day] += float(movement.amount_cny)
    assert sum(written_off.values()) > 0.0
    for before, day in pairwise(days):
        assert written_off[day] <= 0.02 * balance[before]


def test_large_amounts_are_damped_and_small_ones_are_not(drawn_from: DrawnFrom) -> None:
    recipe = drawn_from.recipe
    plain = replace(recipe, damping_power=1.0)
    above = recipe.damped_above_cny
    for damped, drawn in zip(synthetic_loans(recipe, 200, 7), synthetic_loans(plain, 200, 7), strict=True):
        found, amount = float(damped.loan.terms.principal_cny), float(drawn.loan.terms.principal_cny)
        expected = amount if amount <= above else above * (amount / above) ** recipe.damping_power
        # Both are whole 10,000 CNY: half of that on either side, and the slope of the damping is below 1.
        assert found == pytest.approx(expected, abs=10_000.0)
    for wrong in ({"damping_power": 1.5}, {"damped_above_cny": 0.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            replace(recipe, **wrong)  # type: ignore[arg-type]  # broken on purpose


def test_terms_are_those_of_a_loan(book: list[SyntheticLoan]) -> None:
    for loan in (item.loan for item in book):
        assert isinstance(loan, Loan)
        assert loan.terms.principal_cny % 10_000 == 0
        assert dt.date(2023, 6, 1) <= loan.terms.drawn_on <= DAY


def test_borrowers_of_zhangye_water_alone_follow_the_heihe(drawn_from: DrawnFrom) -> None:
    followers = {
        template.case_id
        for template in drawn_from.recipe.templates
        if any(weight.factor == "inflow.yingluoxia" for weight in template.index_weights)
    }
    rivers = {
        asset.asset_id
        for asset in drawn_from.assets
        if isinstance(asset.detail, WaterRight) and asset.detail.allocation_factor != ""
    }
    assert followers == rivers == {"C21"}
