"""Section: the published GEP account, added up and recomputed line by line."""

from flows.accounts.reconciliation import LineCheck, Reconciliation
from flows.main_job_result import AccountReview
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column, findings_of
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Cell,
    ColumnKind,
    Figure,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_YI, in_percent, in_yi, of_all
from flows.reports.labels import label


def account_section(review: AccountReview) -> Section:
    """The account: does it add up, what makes it, which price decides it."""
    check = review.reconciliation
    title = Bilingual(review.title_zh, review.title_en)
    return Section(
        "account",
        label("section.account"),
        label("sheet.account").zh,
        (
            Paragraph(
                Bilingual(
                    f"{title.zh}（{review.source}）。{label('text.account').zh}", label("text.account").en
                )
            ),
            _key_figures(review),
            *findings_of(
                "title.account_findings", ((review.account.file, caution) for caution in check.cautions)
            ),
            Figure(label("title.account_chart"), _chart(check), label("caption.account_chart")),
            class_table(check),
            line_table(check),
        ),
    )


def _key_figures(review: AccountReview) -> KeyFigures:
    check = review.reconciliation
    computed = [line for line in check.lines if line.agrees is not None]
    figures = [KeyFigure(label("figure.account_sum"), in_yi(check.total_cny))]
    if review.published_total_cny is not None:
        figures += [
            KeyFigure(label("figure.published_total"), in_yi(review.published_total_cny)),
            KeyFigure(
                label("figure.difference"),
                in_yi(check.total_cny - review.published_total_cny, 3),
                label("detail.rounding_of_total"),
            ),
        ]
    agreeing = sum(1 for line in computed if line.agrees)
    figures.append(
        KeyFigure(
            label("figure.lines_agreeing"), of_all(agreeing, len(computed)), label("detail.lines_agreeing")
        )
    )
    figures += [
        KeyFigure(
            label("figure.dominant_price"),
            in_percent(price.share),
            label(
                "detail.dominant_price",
                price=f"{price.unit_price:g} {price.price_unit}",
                indicators="、".join(price.indicators),
                category_zh=label(f"category.{price.category}").zh,
                category_en=label(f"category.{price.category}").en,
            ),
            Mark.FLAGGED,
        )
        for price in check.dominant_prices
    ]
    return KeyFigures(tuple(figures))


def _chart(check: Reconciliation) -> BarChart:
    bars = tuple(
        Bar(
            line.line.indicator,
            line.line.value_cny / CNY_PER_YI,
            label(f"category.{line.line.category}").inline(),
        )
        for line in sorted(check.lines, key=lambda line: (_class_order(check, line), -line.line.value_cny))
    )
    return BarChart(label("axis.value_yi_year"), bars)


def _class_order(check: Reconciliation, line: LineCheck) -> int:
    return [item.category for item in check.classes].index(line.line.category)


def class_table(check: Reconciliation) -> Table:
    """What the classes of an account add up to."""
    rows = [
        Row((Cell(label(f"category.{item.category}")), Cell(item.value_cny), Cell(item.share)))
        for item in check.classes
    ]
    rows.append(
        Row(
            (
                Cell(label("row.total")),
                Cell(check.total_cny),
                Cell(sum(item.share for item in check.classes)),
            ),
            is_total=True,
        )
    )
    return Table(
        label("title.account_classes"),
        (
            column("category"),
            column("value", ColumnKind.YI, decimals=4),
            column("share", ColumnKind.PERCENT, decimals=2),
        ),
        tuple(rows),
    )


def line_table(check: Reconciliation) -> Table:
    """Every line of an account beside its quantity times its price."""
    return Table(
        label("title.account_lines"),
        (
            column("category"),
            column("indicator"),
            column("quantity", ColumnKind.NUMBER),
            column("quantity_unit"),
            column("unit_price", ColumnKind.NUMBER),
            column("price_unit"),
            column("printed_value", ColumnKind.YI, decimals=4),
            column("computed_value", ColumnKind.YI, decimals=4),
            column("difference", ColumnKind.PERCENT, decimals=2),
            column("tolerance", ColumnKind.PERCENT, decimals=2),
            column("line_status"),
        ),
        (*(_line_row(line) for line in check.lines), _line_total(check)),
        label("caption.account_lines"),
    )


def _line_row(check: LineCheck) -> Row:
    line = check.line
    status = {True: "status.agrees", False: "status.differs", None: "status.not_computed"}[check.agrees]
    return Row(
        (
            Cell(label(f"category.{line.category}")),
            Cell(line.indicator),
            Cell(line.quantity),
            Cell(line.quantity_unit),
            Cell(line.unit_price),
            Cell(line.price_unit),
            Cell(line.value_cny),
            cell(check.computed_cny),
            cell(check.relative_difference),
            Cell(None if check.agrees is None else check.tolerance),
            Cell(label(status), Mark.FLAGGED if check.agrees is False else Mark.PLAIN),
        )
    )


def _line_total(check: Reconciliation) -> Row:
    blank = Cell("")
    none = Cell(None)
    return Row(
        (
            Cell(label("row.total")),
            blank,
            none,
            blank,
            none,
            blank,
            Cell(check.total_cny),
            none,
            none,
            none,
            blank,
        ),
        is_total=True,
    )
