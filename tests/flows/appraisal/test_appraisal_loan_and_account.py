"""The loan and the account in an appraisal: rate, years, what would have to change, three bases kept apart."""

import dataclasses
import io
from pathlib import Path

import openpyxl
import pytest

from cli.asset_file import read_asset_file
from flows.appraisal.appraise_pledge import appraise_pledge
from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report import build_appraisal_document
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import CurveChart
from flows.reports.document import (
    Cell,
    Document,
    Figure,
    Findings,
    KeyFigures,
    Mark,
    Paragraph,
    Section,
    Table,
)
from flows.reports.figures import figure_text
from flows.reports.labels import catalogue
from flows.reports.workbook import render_workbook
from services.runtime.errors import InvalidInput
from services.runtime.vocabulary.names import words
from services.valuation.asset import AccountSpecification, Asset, GepRevenueRight, ServiceIncome, WaterRight
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.lending.loan_price import LoanPricing, RateBasis, RatePart
from services.valuation.lending.pricing_assumptions import ASSUMED
from services.valuation.valuation import LoanTerms, Simulation
from tests.flows.running_book import INSTITUTION, Book

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FEW_PATHS = Simulation(n_paths=256)
WATER = read_asset_file(EXAMPLES / "water-right.toml")
GEP = read_asset_file(EXAMPLES / "gep-revenue.toml").assets[0]


def appraised(
    book: Book, asset: Asset, loan: LoanTerms | None = None, pricing: LoanPricing | None = None
) -> PledgeAppraisal:
    return appraise_pledge(
        book.valuation, asset, loan, institution_id=INSTITUTION, pricing=pricing, simulation=FEW_PATHS
    )


def section(document: Document, key: str) -> Section:
    return next(found for found in document.sections if found.key == key)


def table(found: Section, title: str) -> Table:
    return next(one for one in found.tables() if one.title.zh == title)


def words_of(found: Section) -> str:
    return " ".join(block.text.zh for block in found.blocks if isinstance(block, Paragraph))


def test_the_rate_is_shown_part_by_part(book: Book) -> None:
    appraisal = appraised(book, WATER.assets[0], WATER.loan, WATER.pricing)
    assert appraisal.sized is not None
    rate = appraisal.sized.rate
    assert rate is not None
    found = section(build_appraisal_document(appraisal), "rate")
    *parts, total = table(found, "各项构成").rows
    assert [row.cells[1].value for row in parts] == [part.rate_annual for part in rate.components]
    assert sum(row.cells[1].value for row in parts) == pytest.approx(total.cells[1].value)  # type: ignore[misc]
    # The example has a subsidy of half the interest and a guarantee fee: both are seen in what the borrower pays.
    at_terms = table(found, "借款人成本").rows[0].cells
    nominal, after, all_in = (cell.value for cell in at_terms[1:])
    assert nominal == 0.0415
    assert after < all_in < nominal  # type: ignore[operator]
    assert len(table(found, "各年预期损失").rows) == 5
    marks = {row.cells[0].value.en: row.cells[1].mark for row in table(found, "定价参数与出处").rows}  # type: ignore[union-attr]
    assert marks["pd_annual"] is Mark.ASSUMPTION
    assert any(isinstance(block, Findings) for block in found.blocks)


def test_without_pricing_no_rate_is_invented(book: Book) -> None:
    document = build_appraisal_document(appraised(book, WATER.assets[0], WATER.loan))
    assert "不作假设" in words_of(section(document, "rate"))
    assert not section(document, "rate").tables()


def test_nothing_that_may_be_lent_has_no_rate(book: Book) -> None:
    assert WATER.loan is not None
    loan = dataclasses.replace(WATER.loan, product_cap_cny=0.0)
    appraisal = appraised(book, WATER.assets[0], loan, WATER.pricing)
    assert appraisal.sized is not None
    assert appraisal.sized.limit_cny == 0.0
    assert "可贷额度为零" in words_of(section(build_appraisal_document(appraisal), "rate"))


def test_a_wrong_figure_of_the_rate_stores_nothing(book: Book) -> None:
    asset = dataclasses.replace(WATER.assets[0], asset_id="never-stored")
    with pytest.raises(InvalidInput) as refused:
        appraised(book, asset, WATER.loan, LoanPricing(pd_annual=2.0))
    assert [found.field for found in refused.value.violations] == ["pricing.pd_annual"]
    assert not book.valuation.list_valuations(asset_id="never-stored").valuations


def test_a_loan_that_the_cash_does_not_cover_is_shown_as_the_cash_repays_it(book: Book) -> None:
    # A crediting period of 20 years with credits every fifth year: level instalments of the first years have no cash.
    file = read_asset_file(EXAMPLES / "forest-carbon.toml")
    loan = LoanTerms(10.0, 0.04, min_dscr=1.0)
    appraisal = appraised(book, file.assets[0], loan)
    assert appraisal.sized is not None
    assert any(year.dscr is not None and year.dscr < 1.0 for year in appraisal.sized.years)
    found = section(build_appraisal_document(appraisal), "limit")
    titles = [one.title.zh for one in found.tables()]
    assert any(title.startswith("随现金流还款") for title in titles)
    level = table(found, "按限额等额还款的各年情况")
    charts = [block.chart for block in found.blocks if isinstance(block, Figure)]
    assert all(isinstance(chart, CurveChart) for chart in charts)
    # Cover of nothing due is no figure: the loan that follows the cash is due in one year only, which is no line.
    assert [len(chart.curves) for chart in charts if isinstance(chart, CurveChart)] == [2, 3]
    flagged = [row.cells[4].mark is Mark.FLAGGED for row in level.rows]
    assert flagged == [year.dscr is not None and year.dscr < 1.0 for year in appraisal.sized.years]


@pytest.mark.parametrize(
    ("requested_cny", "words"),
    [(None, "未给出申请额度"), (1.0, "无需改变"), (5e8, "超过限额")],
)
def test_what_would_have_to_change_is_always_answered(
    book: Book, requested_cny: float | None, words: str
) -> None:
    assert WATER.loan is not None
    loan = dataclasses.replace(WATER.loan, requested_cny=requested_cny)
    found = section(build_appraisal_document(appraised(book, WATER.assets[0], loan)), "limit")
    assert words in words_of(found)


def test_three_bases_are_kept_apart(book: Book) -> None:
    appraisal = appraised(book, GEP)
    account = appraisal.valuation.ecosystem_account
    assert account is not None
    found = section(build_appraisal_document(appraisal), "account")
    rows = table(found, "各项服务（每年）").rows
    # By hand from the example: 12 + 30 + 250 million of product, 20 % and 10 % of the first two paid, 0.3 million cost.
    assert [cell.value for cell in rows[-1].cells[1:4]] == pytest.approx([292e6, 5.4e6, 5.1e6])
    assert rows[-2].cells[3].value == pytest.approx(-300_000.0)
    assert rows[0].cells[0].value == Bilingual("水资源供给", "water supply")
    shown = next(block for block in found.blocks if isinstance(block, KeyFigures)).figures
    assert [figure_text(figure.value) for figure in shown] == ["29,200.00 万元", "540.00 万元", "510.00 万元"]
    assert "张掖市 GEP 核算技术规范" in words_of(found)


def test_the_workbook_holds_the_conclusion_as_numbers(book: Book) -> None:
    appraisal = appraised(book, WATER.assets[0], WATER.loan)
    assert appraisal.sized is not None
    content = render_workbook(build_appraisal_document(appraisal))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["1 结论"]
    cells = {str(row[0].value): row[1] for row in sheet.iter_rows() if row[0].value}
    found = {name.split(" · ")[0]: cell for name, cell in cells.items()}
    value = found["评估现值"]
    # 10,000 CNY are 1 万元; a ratio stays one, because the format of the cell writes the percent.
    assert value.value == pytest.approx(appraisal.valuation.value_cny / 10_000, rel=1e-12)
    assert value.number_format == '#,##0.00" 万元（假设）"'
    assert found["折扣率"].value == pytest.approx(appraisal.valuation.haircut, rel=1e-12)
    assert found["折扣率"].number_format == '#,##0.0%"（假设）"'
    assert found["可贷额度"].value == pytest.approx(appraisal.sized.limit_cny / 10_000, rel=1e-12)


def test_names_of_a_specification_are_shown_as_doubtful(book: Book) -> None:
    right = GepRevenueRight(
        (ServiceIncome("Water supply", 1e6, 0.5), ServiceIncome("recreation", 1e6, 0.5)),
        5.0,
        account_specification=AccountSpecification("SEEA EA", "2021"),
    )
    appraisal = appraised(book, Asset("G", "", "", right))
    rows = table(section(build_appraisal_document(appraisal), "account"), "各项服务（每年）").rows
    named, coded = rows[0].cells[0], rows[1].cells[0]
    assert named.mark is Mark.FLAGGED
    assert named.note is not None
    assert "尚未与规范正式文本核对" in named.note.zh
    warnings = section(build_appraisal_document(appraisal), "warnings").blocks
    told = [found.message.en for block in warnings if isinstance(block, Findings) for found in block.findings]
    assert any("SEEA EA 2021" in message and "to be confirmed" in message for message in told)
    given = table(section(build_appraisal_document(appraisal), "asset"), "输入").rows
    values = {row.cells[0].value.en: row.cells[1].value for row in given}  # type: ignore[union-attr]
    assert values["services[0].service"] == Bilingual("Water supply")
    assert "Water supply" in named.value.zh  # type: ignore[union-attr]
    # A code of the catalogue is nobody's name.
    assert coded == Cell(Bilingual("休闲旅游", "recreation and tourism"))


def test_a_water_right_has_no_account(book: Book) -> None:
    document = build_appraisal_document(appraised(book, WATER.assets[0]))
    assert "account" not in [found.key for found in document.sections]


def test_every_word_of_loan_rate_and_service_has_a_label() -> None:
    labels = catalogue()
    terms = {field.name for field in dataclasses.fields(LoanTerms)}
    assert terms <= set(words()["fields"])
    numbers = {field.name for field in dataclasses.fields(LoanPricing) if "float" in str(field.type)}
    assert numbers | set(ASSUMED) <= set(words()["fields"])
    assert all(f"appraisal_rate_part.{part}" in labels for part in RatePart)
    assert all(f"appraisal_borrower_cost.{basis}" in labels for basis in RateBasis)


def test_services_are_called_as_the_catalogue_calls_them() -> None:
    services = read_catalogue().services
    named = {code: catalogue()[f"appraisal_service.{code}"] for code in services}
    assert named == {code: Bilingual(found.name_zh, found.name_en) for code, found in services.items()}


def test_a_debt_above_the_pledge_is_told_at_the_top_and_flagged_year_by_year(book: Book) -> None:
    """At 1 % a year a right is lost by year 6 with 5.82 %: the pledge value, a P5, is 0 from then on at the latest."""
    asset = Asset("W30", "", "", WaterRight(2e6, 30.0, transferable_share=0.9, conveyance_efficiency=0.53))
    document = build_appraisal_document(appraised(book, asset, LoanTerms(8.0, 0.04)))
    for key in ("summary", "warnings"):
        blocks = [block for block in section(document, key).blocks if isinstance(block, Findings)]
        assert any("1 - confidence" in found.message.en for block in blocks for found in block.findings)
    rows = table(section(document, "limit"), "按限额等额还款的各年情况").rows
    assert [row.cells[6].mark is Mark.FLAGGED for row in rows[5:]] == [True] * 3
    assert rows[0].cells[6].mark is not Mark.FLAGGED
