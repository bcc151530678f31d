"""From the result of the main job to its document."""

from flows.main_job_result import MainJobResult
from flows.reports.bilingual import Bilingual
from flows.reports.document import Document, Fact
from flows.reports.labels import label
from flows.reports.main_report.account import account_section
from flows.reports.main_report.cases import cases_section
from flows.reports.main_report.fund import fund_section
from flows.reports.main_report.loan_book import loan_book_section
from flows.reports.main_report.market import market_section
from flows.reports.main_report.oddities import oddities_section
from flows.reports.main_report.pipelines import pipelines_section
from flows.reports.main_report.summary import summary_section


def build_document(result: MainJobResult) -> Document:
    """The report; the same result gives the same document."""
    loss_manifest = result.loan_book.loss.manifest
    facts = (
        Fact(label("cover.snapshot"), result.snapshot.snapshot_id),
        Fact(label("cover.snapshot_date"), result.snapshot.as_of.isoformat()),
        Fact(label("cover.snapshot_hash"), result.snapshot.content_hash()[:16]),
        Fact(label("cover.seed"), str(loss_manifest.seed)),
    )
    return Document(
        label("cover.title"),
        label("cover.subtitle"),
        result.as_of,
        facts,
        _sources(result),
        (
            summary_section(result),
            account_section(result.account),
            cases_section(result.appraisals, result.oddities, result.snapshot),
            oddities_section(result.oddities),
            pipelines_section(result.pipelines),
            loan_book_section(result.loan_book),
            fund_section(result.fund),
            market_section(result),
        ),
    )


def _sources(result: MainJobResult) -> tuple[Bilingual, ...]:
    """Where the published figures come from; those of the market stand in its section."""
    account = Bilingual(f"{result.account.title_zh}：{result.account.source}")
    lists = [Bilingual(f"{review.title_zh}：{review.source}") for review in result.pipelines]
    cases = [
        Bilingual(f"{a.case_id} {a.mapping.case.place}：{a.mapping.case.source}") for a in result.appraisals
    ]
    return (account, *lists, *cases)
