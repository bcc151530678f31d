"""The appraisal of a pledge of every kind: its figures are the service's, and its files can be opened."""

import dataclasses
import io
from pathlib import Path

import openpyxl
import pypdf
import pytest

from cli.asset_file import KINDS, read_asset_file
from flows.appraisal.appraise_pledge import appraise_pledge
from flows.appraisal.comparables import comparables
from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.published_cases.case import CollateralKind
from flows.reports.appraisal_report import build_appraisal_document, write_appraisal
from flows.reports.bilingual import Bilingual
from flows.reports.document import Document, Figure, Findings, Table
from flows.reports.factor_names import factor_names
from services.runtime.errors import InvalidInput
from services.runtime.vocabulary.names import words
from services.valuation import asset as domain
from services.valuation.asset import Asset
from services.valuation.valuation import Simulation
from tests.flows.running_book import INSTITUTION, Book

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FILES = (
    "water-right.toml",
    "forest-carbon.toml",
    "tenure-and-carbon.toml",
    "gep-revenue.toml",
    "vep-project.toml",
    "catalogued-rights.toml",
)
FEW_PATHS = Simulation(n_paths=256)


def appraised(book: Book, file: str, position: int = 0) -> PledgeAppraisal:
    content = read_asset_file(EXAMPLES / file)
    return appraise_pledge(
        book.valuation,
        content.assets[position],
        content.loan,
        institution_id=INSTITUTION,
        simulation=FEW_PATHS,
    )


def tables(document: Document) -> dict[str, Table]:
    return {table.title.zh: table for section in document.sections for table in section.tables()}


def test_every_kind_of_asset_has_a_document(book: Book) -> None:
    for file in FILES:
        for position in range(len(read_asset_file(EXAMPLES / file).assets)):
            appraisal = appraised(book, file, position)
            document = build_appraisal_document(appraisal)
            total = tables(document)["现金流"].rows[-1].cells[-1].value
            assert total == pytest.approx(appraisal.valuation.value_cny, rel=1e-9, abs=1e-6)
            charts = [block for s in document.sections for block in s.blocks if isinstance(block, Figure)]
            assert charts


def test_a_second_appraisal_is_the_first(book: Book, tmp_path: Path) -> None:
    first, second = (appraised(book, "water-right.toml") for _ in range(2))
    assert first.valuation.valuation_id == second.valuation.valuation_id
    one, other = write_appraisal(first, tmp_path / "a"), write_appraisal(second, tmp_path / "b")
    assert one.pdf.read_bytes() == other.pdf.read_bytes()
    assert one.html.read_bytes() == other.html.read_bytes()


def test_its_id_replays(book: Book) -> None:
    appraisal = appraised(book, "forest-carbon.toml")
    assert book.valuation.replay_valuation(appraisal.valuation.valuation_id).identical


def test_files_say_the_same(book: Book, tmp_path: Path) -> None:
    appraisal = appraised(book, "water-right.toml")
    written = write_appraisal(appraisal, tmp_path)
    pdf = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(written.pdf.read_bytes())).pages)
    shown = f"{appraisal.valuation.pledge_value_cny / 10_000:,.2f} 万元"
    assert shown in pdf
    assert shown in written.html.read_text(encoding="utf-8")
    assert appraisal.valuation.valuation_id in pdf
    sheets = openpyxl.load_workbook(written.xlsx, read_only=True).sheetnames
    assert len(sheets) >= len(build_appraisal_document(appraisal).sections)


def test_assumed_inputs_are_marked(book: Book) -> None:
    rows = tables(build_appraisal_document(appraised(book, "water-right.toml")))["输入"].rows
    marks = {row.cells[0].value.en: row.cells[1].mark for row in rows}  # type: ignore[union-attr]
    # The example names the whole table water_right as assumed.
    assert marks["volume_m3_per_year"] == "assumption"
    assert marks["asset_id"] == "plain"


@pytest.mark.parametrize(
    ("file", "position", "field", "named"),
    [
        ("gep-revenue.toml", 0, "services[0].service", Bilingual("水资源供给", "water supply")),
        ("vep-project.toml", 1, "method.changes[1].service", Bilingual("休闲旅游", "recreation and tourism")),
        ("vep-project.toml", 0, "method.revenue_factor", None),
        ("water-right.toml", 0, "allocation_factor", None),
    ],
)
def test_services_and_factors_are_named_and_not_coded(
    book: Book, file: str, position: int, field: str, named: Bilingual | None
) -> None:
    """Services by the words of the report, factors by those of the snapshot."""
    appraisal = appraised(book, file, position)
    rows = tables(build_appraisal_document(appraisal))["输入"].rows
    shown = {row.cells[0].value.en: row.cells[1].value for row in rows}[field]  # type: ignore[union-attr]
    assert shown == named if named is not None else shown in factor_names(appraisal.snapshot).values()


def test_what_only_the_loan_brings_up_is_told(book: Book) -> None:
    content = read_asset_file(EXAMPLES / "water-right.toml")
    assert content.loan is not None
    loan = dataclasses.replace(content.loan, tenor_years=12.0)  # the right and its one renewal end after 10
    appraisal = appraise_pledge(
        book.valuation, content.assets[0], loan, institution_id=INSTITUTION, simulation=FEW_PATHS
    )
    assert "LOAN_OUTLASTS_RIGHT" not in {caution.code for caution in appraisal.valuation.cautions}
    document = build_appraisal_document(appraisal)
    told = [finding.message.zh for s in document.sections for block in s.blocks if isinstance(block, Findings)
            for finding in block.findings]  # fmt: skip
    assert sum("贷款期限 12 年" in text for text in told) == 2  # in the conclusion and among the warnings
    years = tables(document)["随现金流还款的各年情况"]  # no cash in years 11 and 12: level instalments fail
    assert len(years.rows) == 12


def test_an_asset_without_a_loan_has_no_limit(book: Book) -> None:
    asset = read_asset_file(EXAMPLES / "water-right.toml").assets[0]
    appraisal = appraise_pledge(book.valuation, asset, None, institution_id=INSTITUTION, simulation=FEW_PATHS)
    assert appraisal.sized is None
    assert "各项限制" not in tables(build_appraisal_document(appraisal))


def test_a_wrong_asset_is_refused_with_its_field(book: Book) -> None:
    asset = read_asset_file(EXAMPLES / "water-right.toml").assets[0]
    wrong = dataclasses.replace(asset, detail=domain.WaterRight(-1.0, 5.0))
    with pytest.raises(InvalidInput) as refused:
        appraise_pledge(book.valuation, wrong, None, institution_id=INSTITUTION, simulation=FEW_PATHS)
    assert any("volume_m3_per_year" in found.field for found in refused.value.violations)


def test_comparables_are_of_the_kind_and_as_published() -> None:
    found = comparables(Asset("W", "", "", domain.WaterRight(1.0, 1.0)))
    # C13 to C21 of the list of published cases are water rights.
    assert {case.case_id for case in found} == {f"C{number}" for number in range(13, 22)}
    assert all(case.kind is CollateralKind.WATER_RIGHT for case in found)
    assert [case.year or 0 for case in found] == sorted((case.year or 0 for case in found), reverse=True)


def fields_of(kind: type) -> set[str]:
    """Names of the fields of a kind and of the tables within it."""
    names: set[str] = set()
    for field in dataclasses.fields(kind):
        inner = [
            t
            for t in vars(domain).values()
            if isinstance(t, type) and dataclasses.is_dataclass(t) and t.__name__ in str(field.type)
        ]
        names |= set().union(*(fields_of(t) for t in inner)) if inner else {field.name}
    return names


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_kind_has_a_name_in_chinese(kind: str) -> None:
    missing = {name for name in fields_of(KINDS[kind]) if name not in words()["fields"]}
    assert not missing
