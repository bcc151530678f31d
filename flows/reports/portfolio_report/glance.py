"""Section: the book by product, county, industry and mode of guarantee."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from flows.reports.charts.breakdown_model import Breakdown, BreakdownChart, Part
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, share_of, text, title, total_row
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.loan import Loan
from services.loans.statistics.result import Grouping

_MOST_BARS = 6


def _guarantee_mode(loan: Loan) -> str:
    return "" if loan.guarantee_mode is None else loan.guarantee_mode.value


GROUPINGS: dict[str, tuple[Grouping, Callable[[Loan], str]]] = {
    "by_product": (Grouping.PRODUCT, lambda loan: loan.product),
    "by_county": (Grouping.COUNTY, lambda loan: loan.county),
    "by_industry": (Grouping.INDUSTRY, lambda loan: loan.industry),
    "by_guarantee_mode": (Grouping.GUARANTEE_MODE, _guarantee_mode),
}


@dataclass(slots=True)
class _Group:
    balance_cny: float = 0.0
    n_loans: int = 0
    borrowers: set[str] = field(default_factory=set)


def glance_section(book: BookFacts) -> Section:
    """Balances in four groupings: a chart of each, and a table that adds up to the book."""
    if not book.figures.credit_loss.loans:
        return chapter("glance", Paragraph(text("nothing_owed")))
    groups = {name: _groups(book, key_of) for name, (_, key_of) in GROUPINGS.items()}
    panels = tuple(_panel(book, name, found) for name, found in groups.items())
    chart = BreakdownChart(label("portfolio_axis.balance"), panels)
    blocks: list[Block] = [Paragraph(text("glance")), Figure(title("balance_chart"), chart)]
    blocks += [_table(book, name, found) for name, found in groups.items()]
    return chapter("glance", *blocks)


def _groups(book: BookFacts, key_of: Callable[[Loan], str]) -> list[tuple[str, _Group]]:
    """Groups, the largest balance first."""
    found: dict[str, _Group] = defaultdict(_Group)
    for item in book.figures.credit_loss.loans:
        loan = book.records[item.loan_id].loan
        group = found[key_of(loan)]
        group.balance_cny += item.exposure_cny
        group.n_loans += 1
        group.borrowers.add(loan.borrower_id)
    return sorted(found.items(), key=lambda pair: (-pair[1].balance_cny, pair[0]))


def _panel(book: BookFacts, name: str, groups: list[tuple[str, _Group]]) -> Breakdown:
    grouping = GROUPINGS[name][0]
    bars = [
        Part(book.name_of(grouping, key).zh, in_wan(group.balance_cny)) for key, group in groups[:_MOST_BARS]
    ]
    rest = sum(group.balance_cny for _, group in groups[_MOST_BARS:])
    if len(groups) > _MOST_BARS:
        bars.append(Part(label("portfolio_row.others").zh, in_wan(rest)))
    return Breakdown(title(name), tuple(bars))


def _table(book: BookFacts, name: str, groups: list[tuple[str, _Group]]) -> Table:
    grouping, total = GROUPINGS[name][0], book.figures.credit_loss.total.exposure_cny
    rows = [
        Row(
            (
                Cell(book.name_of(grouping, key)),
                Cell(group.n_loans),
                Cell(len(group.borrowers)),
                Cell(group.balance_cny),
                Cell(share_of(group.balance_cny, total)),
            )
        )
        for key, group in groups
    ]
    borrowers = set().union(*(group.borrowers for _, group in groups))
    rows.append(
        total_row(
            Cell(sum(group.n_loans for _, group in groups)),
            Cell(len(borrowers)),
            Cell(total),
            Cell(1.0 if total > 0.0 else None),
        )
    )
    return Table(
        title(name),
        (
            heading("key"),
            heading("loans", ColumnKind.INTEGER),
            heading("borrowers", ColumnKind.INTEGER),
            heading("balance", ColumnKind.WAN),
            heading("share", ColumnKind.PERCENT),
        ),
        tuple(rows),
    )
