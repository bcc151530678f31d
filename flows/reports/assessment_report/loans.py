"""Section: number and volume of the loans against GEP and VEP by county."""

from decimal import Decimal

from flows.assessment.pledge_loans import PledgeLoans
from flows.reports.assessment_report.blocks import chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, ColumnKind, Finding, Findings, Paragraph, Row, Section, Table
from flows.reports.labels import label
from services.loans.statistics.result import StatisticsLine
from services.runtime.results import Severity

_CENTS = 100


def loans_section(loans: PledgeLoans | None) -> Section:
    """The table, or why there is none."""
    if loans is None:
        return chapter("loans", Paragraph(label("assessment_text.loans_not_asked")))
    if not loans.lines:
        return chapter("loans", Paragraph(label("assessment_text.no_loans")))
    blocks: list[Block] = [Paragraph(label("assessment_text.loans", period=loans.period)), _table(loans)]
    if loans.n_breaks:
        words = Bilingual(
            f"该季度统计有 {loans.n_breaks} 处勾稽不符，数字以更正后为准",
            f"the statistics of the quarter have {loans.n_breaks} breaks; figures may be corrected",
        )
        blocks.append(Findings(label("assessment_title.findings"), (Finding(Severity.WARNING, words),)))
    return chapter("loans", *blocks)


def _table(loans: PledgeLoans) -> Table:
    rows = [Row((Cell(line.keys[0] or None), Cell(line.keys[1]), *_figures(line))) for line in loans.lines]
    total = Row(
        (
            Cell(label("row.total")),
            Cell(""),
            Cell(loans.n_loans),
            Cell(None),
            Cell(_cny(sum(line.drawn_cents for line in loans.lines))),
            Cell(_cny(loans.balance_cents)),
        ),
        is_total=True,
    )
    return Table(
        label("assessment_title.loans"),
        (
            heading("county"),
            heading("product"),
            heading("number", ColumnKind.INTEGER),
            heading("borrowers", ColumnKind.INTEGER),
            heading("drawn", ColumnKind.WAN),
            heading("balance", ColumnKind.WAN),
        ),
        (*rows, total),
    )


def _figures(line: StatisticsLine) -> tuple[Cell, ...]:
    return (
        Cell(line.n_loans),
        Cell(line.n_borrowers),
        Cell(_cny(line.drawn_cents)),
        Cell(_cny(line.closing_cents)),
    )


def _cny(cents: int) -> Decimal:
    return Decimal(cents) / _CENTS
