"""Section: loan to value today and over 12 months, levels, and how probable it is that one is reached."""

from flows.reports.bilingual import Bilingual
from flows.reports.charts.grid_model import BandGridChart, BandPanel
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Figure,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import wan
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, listing, text, title, total_row
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.pledges.levels import PledgeLevel
from services.loans.pledges.monitored import MonitoredLoan
from services.loans.statistics.result import Grouping

_MOST_PANELS = 8
_PERCENT = 100.0
# The service tells no loan to value above this; a reader learns no more from it.
_HIGHEST_LTV = 10.0


def monitoring_section(book: BookFacts) -> Section:
    """Levels, the loans that may newly reach one, the highest loans to value, fans."""
    pledged = pledged_loans(book)
    if not pledged:
        return chapter("monitoring", Paragraph(text("no_pledges")))
    paths = book.figures.pledges.manifest.n_paths
    blocks: list[Block] = [Paragraph(text("monitoring", paths=f"{paths:,}"))]
    bare = [loan for loan in book.figures.pledges.loans if not loan.pledges]
    if bare:
        balance = wan(sum(loan.balance_cny for loan in bare))
        blocks.append(Paragraph(text("unpledged", n=f"{len(bare):,}", balance=balance)))
    bars = tuple(Bar(_level(level).zh, in_wan(_balance(pledged, level))) for level in PledgeLevel)
    blocks += [
        Figure(title("level_chart"), BarChart(label("portfolio_axis.balance"), bars)),
        _level_table(pledged),
        *_fans(book, pledged),
    ]
    likeliest = unsure(pledged)
    if likeliest:
        blocks.append(listing("breaches", _columns(), [_row(book, loan) for loan in likeliest]))
    highest = sorted(pledged, key=lambda loan: (-loan.loan_to_value, -loan.balance_cny, loan.loan_id))
    blocks += [
        listing("watched", _columns(), [_row(book, loan) for loan in highest]),
        _rules(book, pledged),
    ]
    return chapter("monitoring", *blocks)


def pledged_loans(book: BookFacts) -> list[MonitoredLoan]:
    """Loans that owe something and have a pledge."""
    return [loan for loan in book.figures.pledges.loans if loan.pledges]


def unsure(pledged: list[MonitoredLoan]) -> list[MonitoredLoan]:
    """Loans below the call level today that may reach it within the year, the likeliest first."""
    below = [loan for loan in pledged if loan.level in {PledgeLevel.NORMAL, PledgeLevel.WARNING}]
    return sorted(
        (loan for loan in below if loan.fan[-1].call_probability > 0.0),
        key=lambda loan: (-loan.fan[-1].call_probability, -loan.balance_cny, loan.loan_id),
    )


def _level(level: PledgeLevel) -> Bilingual:
    return label(f"portfolio_level.{level}")


def _balance(loans: list[MonitoredLoan], level: PledgeLevel) -> float:
    return sum(loan.balance_cny for loan in loans if loan.level is level)


def _level_table(pledged: list[MonitoredLoan]) -> Table:
    def cells(loans: list[MonitoredLoan]) -> tuple[Cell, ...]:
        balance, value = (
            sum(loan.balance_cny for loan in loans),
            sum(loan.value_cny for loan in loans),
        )
        return (
            Cell(len(loans)),
            Cell(balance),
            Cell(value),
            Cell(balance / value if value > 0.0 else None),
            Cell(sum(loan.margin_cash_cny for loan in loans)),
        )

    rows = [
        Row((Cell(_level(level)), *cells([loan for loan in pledged if loan.level is level])))
        for level in PledgeLevel
    ]
    return Table(
        title("levels"),
        (
            heading("level"),
            heading("loans", ColumnKind.INTEGER),
            heading("balance", ColumnKind.WAN),
            heading("pledge_value", ColumnKind.WAN),
            heading("ltv", ColumnKind.PERCENT),
            heading("cash", ColumnKind.WAN),
        ),
        (*rows, total_row(*cells(pledged))),
    )


def _columns() -> tuple[Column, ...]:
    return (
        heading("loan"),
        heading("level"),
        heading("balance", ColumnKind.WAN),
        heading("pledge_value", ColumnKind.WAN),
        heading("ltv", ColumnKind.PERCENT),
        heading("ltv_low", ColumnKind.PERCENT),
        heading("ltv_high", ColumnKind.PERCENT),
        heading("warning", ColumnKind.PERCENT),
        heading("call", ColumnKind.PERCENT),
        heading("error", ColumnKind.PERCENT, decimals=2),
        heading("liquidation", ColumnKind.PERCENT),
    )


def _row(book: BookFacts, loan: MonitoredLoan) -> Row:
    last = loan.fan[-1]
    capped = label("portfolio_text.ltv_capped") if loan.loan_to_value >= _HIGHEST_LTV else None
    return Row(
        (
            book.loan(loan.loan_id),
            Cell(_level(loan.level)),
            Cell(loan.balance_cny),
            Cell(loan.value_cny),
            Cell(loan.loan_to_value, note=capped),
            Cell(last.loan_to_value[0]),
            Cell(last.loan_to_value[-1]),
            Cell(last.warning_probability),
            Cell(last.call_probability),
            Cell(loan.probability_errors[1]),
            Cell(last.liquidation_probability),
        )
    )


def _fans(book: BookFacts, pledged: list[MonitoredLoan]) -> list[Block]:
    """Fans of the loans whose reaching of the call level is least sure."""
    least_sure = sorted(
        (loan for loan in unsure(pledged) if loan.fan[-1].call_probability < 1.0),
        key=lambda loan: (abs(loan.fan[-1].call_probability - 0.5), -loan.balance_cny, loan.loan_id),
    )[:_MOST_PANELS]
    if not least_sure:
        return []
    probabilities = book.figures.pledges.probabilities
    middle = probabilities.index(0.5)
    outer = f"P{_PERCENT * probabilities[0]:g}–P{_PERCENT * probabilities[-1]:g}"
    panels = tuple(
        BandPanel(
            Bilingual(loan.loan_id, f"P(call) {_PERCENT * loan.fan[-1].call_probability:.0f} %"),
            tuple(_PERCENT * date.loan_to_value[middle] for date in loan.fan),
            tuple(_PERCENT * date.loan_to_value[0] for date in loan.fan),
            tuple(_PERCENT * date.loan_to_value[-1] for date in loan.fan),
            tuple(_PERCENT * loan.levels.call for _ in loan.fan),
        )
        for loan in least_sure
    )
    chart = BandGridChart(
        label("portfolio_axis.months"),
        label("portfolio_axis.ltv"),
        tuple(float(month) for month in range(len(least_sure[0].fan))),
        label("portfolio_row.middle"),
        outer,
        label("portfolio_row.call_level"),
        panels,
    )
    return [Figure(title("fans"), chart, text("fans", outer=outer))]


def _rules(book: BookFacts, pledged: list[MonitoredLoan]) -> Table:
    """Levels of the products that are in the book, with where they come from."""
    levels = {loan.levels.product: loan.levels for loan in pledged}
    rows = []
    for product, found in sorted(levels.items()):
        mark = Mark.ASSUMPTION if found.is_assumption else Mark.PLAIN
        name = book.name_of(Grouping.PRODUCT, product) if product else label("portfolio_row.others")
        limits = (found.warning, found.call, found.liquidation)
        rows.append(Row((Cell(name), *(Cell(limit, mark) for limit in limits), Cell(found.citation))))
    return Table(
        title("rules"),
        (
            heading("product"),
            heading("warning_level", ColumnKind.PERCENT),
            heading("call_level", ColumnKind.PERCENT),
            heading("liquidation_level", ColumnKind.PERCENT),
            heading("source", is_long_text=True),
        ),
        tuple(rows),
    )
