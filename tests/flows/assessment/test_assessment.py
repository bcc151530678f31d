"""Assessment of accounts: growth and targets by hand, refusals that name the place, a report that adds up."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.main import run
from flows.assessment.account_years import read_account_years
from flows.assessment.assessment import annual_growth, assess
from flows.assessment.pledge_loans import pledge_loans
from flows.assessment.targets import PolicyTarget, read_targets, targets_of
from flows.reports.assessment_report import build_assessment_document
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import Grouping, QuarterStatistics, StatisticsLine, Table
from services.runtime.errors import InvalidInput

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "gep-years"
HEADINGS = "category,service,indicator_zh,quantity,quantity_unit,unit_price,price_unit,value_1e8_cny\n"


def write_account(folder: Path, year: int, lines: dict[tuple[str, str], float]) -> None:
    rows = "".join(
        f"{category},{service},{service},,,,,{value}\n" for (category, service), value in lines.items()
    )
    (folder / f"gep_account_{year}.csv").write_text(HEADINGS + rows, encoding="utf-8")


def write_realised(folder: Path, years: dict[int, float]) -> None:
    rows = "".join(f"{year},{value},the test\n" for year, value in years.items())
    (folder / "realised_value.csv").write_text(f"year,realised_1e8_cny,source\n{rows}", encoding="utf-8")


def test_zhangye_needs_what_the_facts_say(tmp_path: Path) -> None:
    # data/gep_totals_published.csv: 2333.67e8 in 2023; target 2400e8 in 2028 implies 0.56 % a year
    # (shared facts on GEP and VEP, computed there from the same two figures).
    write_account(tmp_path, 2023, {("regulating", "water_retention"): 2333.67})
    found = assess("张掖市", read_account_years(tmp_path), targets_of("张掖市", read_targets()))
    total = next(item for item in found.targets if item.target.indicator == "GEP")
    assert total.reached == pytest.approx(2333.67, rel=1e-12)
    assert total.gap == pytest.approx(66.33, abs=1e-9)
    assert total.needed_growth_annual == pytest.approx(0.0056, abs=5e-5)


def test_rate_and_growth_by_hand(tmp_path: Path) -> None:
    write_account(tmp_path, 2023, {("provisioning", "water_supply"): 60.0, ("cultural", "recreation"): 40.0})
    write_account(tmp_path, 2025, {("provisioning", "water_supply"): 72.6, ("cultural", "recreation"): 48.4})
    write_realised(tmp_path, {2025: 24.2})
    found = assess("张掖市", read_account_years(tmp_path), targets_of("张掖市", read_targets()))
    # 100 -> 121 in two years is 10 % a year; 24.2 / 121 = 20 %; 35 % in 2028 wants (35 / 20)^(1/3) - 1.
    assert found.latest.growth_annual == pytest.approx(0.10, rel=1e-12)
    assert found.latest.realisation_rate == pytest.approx(0.20, rel=1e-12)
    rate = next(item for item in found.targets if item.target.indicator == "生态产品价值实现率")
    assert rate.gap == pytest.approx(15.0, rel=1e-12)
    assert rate.needed_growth_annual == pytest.approx(1.75 ** (1 / 3) - 1, rel=1e-12)


def test_targets_that_accounts_do_not_measure_have_no_figure(tmp_path: Path) -> None:
    write_account(tmp_path, 2023, {("regulating", "water_retention"): 1.0})
    found = assess("张掖市", read_account_years(tmp_path), targets_of("张掖市", read_targets()))
    tourism = next(item for item in found.targets if item.target.indicator == "旅游花费")
    assert (tourism.reached, tourism.gap, tourism.needed_growth_annual) == (None, None, None)


def test_sanming_growth_counts_from_2025(tmp_path: Path) -> None:
    target = next(t for t in read_targets() if t.indicator == "GEP growth 2025-2028")
    write_account(tmp_path, 2024, {("regulating", "water_retention"): 90.0})
    assert assess("三明市", read_account_years(tmp_path), (target,)).targets[0].reached is None
    write_account(tmp_path, 2025, {("regulating", "water_retention"): 100.0})
    write_account(tmp_path, 2027, {("regulating", "water_retention"): 102.0})
    progress = assess("三明市", read_account_years(tmp_path), (target,)).targets[0]
    assert progress.reached == pytest.approx(2.0, abs=1e-9)
    assert progress.gap == pytest.approx(1.0, abs=1e-9)


@given(first=st.floats(1.0, 1e6), growth=st.floats(-0.5, 1.0), years=st.integers(1, 30))
def test_growth_leads_from_first_to_last(first: float, growth: float, years: int) -> None:
    last = first * (1.0 + growth) ** years
    assert annual_growth(first, last, years) == pytest.approx(growth, abs=1e-9)


def test_growth_from_nothing_is_none() -> None:
    assert annual_growth(0.0, 1.0, 1) is None
    assert annual_growth(1.0, 1.0, 0) is None


def test_parts_add_up_to_the_total() -> None:
    for year in assess("示例县", read_account_years(EXAMPLE), ()).years:
        assert sum(year.by_category.values()) == pytest.approx(year.total_cny, rel=1e-12)
        assert sum(year.by_service.values()) == pytest.approx(year.total_cny, rel=1e-12)


def test_a_folder_without_accounts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="gep_account_<year>"):
        read_account_years(tmp_path)


def test_every_wrong_file_is_named(tmp_path: Path) -> None:
    write_account(tmp_path, 2023, {("regulating", "moonlight"): 1.0})
    write_realised(tmp_path, {2025: -1.0})
    with pytest.raises(InvalidInput) as refused:
        read_account_years(tmp_path)
    places = " ".join(found.field for found in refused.value.violations)
    assert "gep_account_2023.csv" in places
    assert "realised_value.csv" in places


def test_a_wrong_target_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_text(
        "place,indicator,year,value,unit,source\n张掖市,GEP,soon,2400,1e8 CNY,x\n", encoding="utf-8"
    )
    with pytest.raises(InvalidInput, match="row 2"):
        read_targets(path)


def line(county: str, product: str, closing: int, n_loans: int) -> StatisticsLine:
    return StatisticsLine(
        (county, product), 0, closing, 0, 0, 0, closing, (closing, 0, 0, 0, 0, 0), n_loans, n_loans, n_loans,
        0.04, None, None,
    )  # fmt: skip


def test_only_gep_and_vep_products_count() -> None:
    lines = (
        line("高台县", "gep_pledge", 100_00, 1),
        line("高台县", "water_right", 700_00, 7),
        line("民乐县", "vep_pledge_guarantee", 250_00, 2),
    )
    statistics = QuarterStatistics(
        Quarter.read("2026Q2"), "a", "b", (Table(Grouping.COUNTY_PRODUCT, lines),), (), (), 0, 0, "", ""
    )
    loans = pledge_loans(statistics)
    assert (loans.n_loans, loans.balance_cents) == (3, 350_00)
    found = assess(
        "示例县", read_account_years(EXAMPLE), (PolicyTarget("示例县", "GEP", 2028, 170.0, "1e8 CNY", "t"),)
    )
    document = build_assessment_document(found, read_account_years(EXAMPLE), loans)
    table = next(t for s in document.sections for t in s.tables() if t.title.zh == "分县 GEP（VEP）贷款")
    assert [row.cells[2].value for row in table.rows] == [1, 2, 3]


def test_the_command_writes_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "gep", str(EXAMPLE), "--place", "示例县", "--out", str(tmp_path)]) == 0
    assert "160.60" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {
        f"gep-assessment-示例县-2025.{suffix}" for suffix in ("html", "pdf", "xlsx")
    }  # fmt: skip
