"""Sections: expected credit loss in three stages, and the five classes."""

import math
from decimal import Decimal

from flows.reports.bilingual import Bilingual
from flows.reports.charts.breakdown_model import Breakdown, BreakdownChart, Part
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Figure,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import percent
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, listing, text, title, total_row
from flows.reports.portfolio_report.book_facts import BookFacts
from flows.reports.portfolio_report.funds import funds_in_allowance
from services.loans.quality.book_quality import ClassTotal
from services.loans.quality.classification import ClassifiedLoan
from services.loans.quality.classification_report import BookQuality
from services.loans.quality.credit_loss import CreditLossTotal, LoanCreditLoss
from services.loans.reported.position import FiveClass
from services.loans.statistics.result import Grouping


def credit_loss_section(book: BookFacts) -> Section:
    """Stages, products, compensation funds, and the loans with the largest allowances."""
    report = book.figures.credit_loss
    if not report.loans:
        return chapter("credit_loss", Paragraph(text("nothing_owed")))
    stages = {total: label(f"portfolio_row.stage_{total.key}") for total in report.by_stage}
    chart = BreakdownChart(
        label("portfolio_axis.amount"),
        (
            Breakdown(
                label("portfolio_row.exposure"),
                tuple(Part(name.zh, in_wan(total.exposure_cny)) for total, name in stages.items()),
            ),
            Breakdown(
                label("portfolio_row.allowance"),
                tuple(Part(name.zh, in_wan(total.allowance_cny)) for total, name in stages.items()),
            ),
        ),
        has_own_scales=True,
    )
    products = {total: book.name_of(Grouping.PRODUCT, total.key) for total in report.by_product}
    largest = sorted(report.loans, key=lambda loan: (-loan.allowance_cny, loan.loan_id))
    return chapter(
        "credit_loss",
        Paragraph(text("credit_loss")),
        Figure(title("stage_chart"), chart),
        _totals("stages", "stage", stages, report.total),
        _totals("by_product", "product", products, report.total),
        *funds_in_allowance(report),
        listing("allowances", _allowance_columns(), [_allowance(loan) for loan in largest]),
    )


def _totals(key: str, first: str, totals: dict[CreditLossTotal, Bilingual], whole: CreditLossTotal) -> Table:
    def cells(total: CreditLossTotal) -> tuple[Cell, ...]:
        return (
            Cell(total.n_loans),
            Cell(total.exposure_cny),
            Cell(total.allowance_cny),
            Cell(total.coverage),
        )

    rows = [Row((Cell(name), *cells(total))) for total, name in totals.items()]
    return Table(
        title(key),
        (
            heading(first),
            heading("loans", ColumnKind.INTEGER),
            heading("balance", ColumnKind.WAN),
            heading("allowance", ColumnKind.WAN),
            heading("coverage", ColumnKind.PERCENT, decimals=2),
        ),
        (*rows, total_row(*cells(whole))),
    )


def _allowance_columns() -> tuple[Column, ...]:
    return (
        heading("loan"),
        heading("stage", ColumnKind.INTEGER),
        heading("balance", ColumnKind.WAN),
        heading("twelve_month", ColumnKind.WAN),
        heading("lifetime", ColumnKind.WAN),
        heading("allowance", ColumnKind.WAN),
        heading("reason", is_long_text=True),
    )


def _allowance(loan: LoanCreditLoss) -> Row:
    reason = Bilingual(loan.reasons[0].message_zh, loan.reasons[0].message_en) if loan.reasons else None
    return Row(
        (
            Cell(loan.loan_id),
            Cell(loan.stage),
            Cell(loan.exposure_cny),
            Cell(loan.twelve_month_cny),
            Cell(loan.lifetime_cny),
            Cell(loan.allowance_cny),
            Cell(reason),
        )
    )


def classes_section(book: BookFacts) -> Section:
    """Five classes with their balances, and every loan that is not normal with its reasons."""
    quality = book.figures.quality
    if quality is None:
        return chapter("classes", Paragraph(text("no_positions")))
    bars = tuple(
        Bar(label(f"portfolio_class.{total.quality}").zh, in_wan(float(total.balance_cny)))
        for total in quality.totals
    )
    reasoned = [loan for loan in quality.loans if loan.reasons and loan.facts.balance_cny > 0]
    worst_first = sorted(
        reasoned,
        key=lambda loan: (-list(FiveClass).index(loan.quality), -loan.facts.balance_cny, loan.facts.loan_id),
    )
    blocks: list[Block] = [
        Paragraph(text("classes", ratio=percent(quality.non_performing_ratio, 2))),
        Figure(title("class_chart"), BarChart(label("portfolio_axis.balance"), bars)),
        _class_table(quality),
    ]
    if worst_first:
        columns = (
            heading("loan"),
            heading("borrower"),
            heading("balance", ColumnKind.WAN),
            heading("overdue", ColumnKind.INTEGER),
            heading("class"),
            heading("reason", is_long_text=True),
        )
        blocks.append(listing("reasons", columns, [_classified(loan) for loan in worst_first]))
    else:
        blocks.append(Paragraph(text("all_normal")))
    return chapter("classes", *blocks)


def _class_table(quality: BookQuality) -> Table:
    def row(total: ClassTotal) -> Row:
        return Row(
            (
                Cell(label(f"portfolio_class.{total.quality}")),
                Cell(total.n_loans),
                Cell(total.balance_cny),
                Cell(total.share),
            )
        )

    whole = total_row(
        Cell(sum(total.n_loans for total in quality.totals)),
        Cell(sum((total.balance_cny for total in quality.totals), Decimal(0))),
        Cell(math.fsum(total.share for total in quality.totals)),
    )
    return Table(
        title("classes"),
        (
            heading("class"),
            heading("loans", ColumnKind.INTEGER),
            heading("balance", ColumnKind.WAN),
            heading("share", ColumnKind.PERCENT, decimals=2),
        ),
        (*(row(total) for total in quality.totals), whole),
    )


def _classified(loan: ClassifiedLoan) -> Row:
    reasons = Bilingual(
        "；".join(reason.message_zh for reason in loan.reasons),
        "; ".join(reason.message_en for reason in loan.reasons),
    )
    return Row(
        (
            Cell(loan.facts.loan_id),
            Cell(loan.facts.borrower_id),
            Cell(loan.facts.balance_cny),
            Cell(loan.facts.overdue_days),
            Cell(label(f"portfolio_class.{loan.quality}")),
            Cell(reasons),
        )
    )
