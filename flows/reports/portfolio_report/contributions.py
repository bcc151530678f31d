"""Section: who makes the tail: Euler contributions of loans, borrowers, products, places and modes of guarantee."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from flows.reports.bilingual import Bilingual
from flows.reports.charts.breakdown_model import Breakdown, BreakdownChart, Part
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.figures import percent
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import (
    chapter,
    heading,
    in_wan,
    listing,
    share_of,
    text,
    title,
    total_row,
)
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.portfolio import LossShare
from services.loans.statistics.result import Grouping

_MOST_BARS = 6
_LARGEST_BORROWERS = 10


@dataclass(slots=True)
class _Borrower:
    n_loans: int = 0
    exposure_cny: float = 0.0
    expected_loss_cny: float = 0.0
    contribution_cny: float = 0.0


def contributions_section(book: BookFacts) -> Section:
    """Tables whose contributions each add up to the expected shortfall, or begin with its largest parts."""
    loss = book.figures.loss
    confidence = "—" if loss.contribution_confidence is None else percent(loss.contribution_confidence)
    borrowers = borrowers_of(book)
    groups = (
        ("by_product", Grouping.PRODUCT, loss.by_product),
        ("by_county", Grouping.COUNTY, loss.by_county),
        ("by_guarantee_mode", Grouping.GUARANTEE_MODE, loss.by_guarantee_mode),
    )
    blocks: list[Block] = [
        Paragraph(text("contributions", confidence=confidence)),
        Paragraph(_concentration(borrowers)),
    ]
    if any(contribution_of(share) > 0.0 for share in loss.by_product):
        panels = tuple(_panel(book, name, grouping, shares) for name, grouping, shares in groups)
        chart = BreakdownChart(label("portfolio_axis.contribution"), panels)
        blocks.append(Figure(title("contribution_chart"), chart))
    blocks += [_borrower_table(borrowers), _loan_table(book)]
    blocks += [_group_table(book, name, grouping, shares) for name, grouping, shares in groups]
    blocks.append(Paragraph(text("factors")))
    return chapter("contributions", *blocks)


def contribution_of(share: LossShare) -> float:
    """Part of the expected shortfall, CNY; 0 where it was not asked for."""
    return 0.0 if share.tail_contribution_cny is None else share.tail_contribution_cny


def borrowers_of(book: BookFacts) -> list[tuple[str, _Borrower]]:
    """Borrowers with the sums of their loans, the largest contribution first."""
    found: dict[str, _Borrower] = defaultdict(_Borrower)
    for share in book.figures.loss.by_loan:
        borrower = found[book.borrower_of(share.key)]
        borrower.n_loans += 1
        borrower.exposure_cny += share.exposure_cny
        borrower.expected_loss_cny += share.expected_loss_cny
        borrower.contribution_cny += contribution_of(share)
    return sorted(found.items(), key=lambda pair: (-pair[1].contribution_cny, -pair[1].exposure_cny, pair[0]))


def _concentration(borrowers: list[tuple[str, _Borrower]]) -> Bilingual:
    largest = [borrower for _, borrower in borrowers[:_LARGEST_BORROWERS]]
    every = [borrower for _, borrower in borrowers]
    balance = share_of(_sum_exposure(largest), _sum_exposure(every))
    tail = share_of(_sum_contribution(largest), _sum_contribution(every))
    return text(
        "concentration",
        n=str(len(largest)),
        balance="—" if balance is None else percent(balance),
        tail="—" if tail is None else percent(tail),
    )


def _sum_exposure(borrowers: Iterable[_Borrower]) -> float:
    return sum(borrower.exposure_cny for borrower in borrowers)


def _sum_contribution(borrowers: Iterable[_Borrower]) -> float:
    return sum(borrower.contribution_cny for borrower in borrowers)


def _panel(book: BookFacts, name: str, grouping: Grouping, shares: tuple[LossShare, ...]) -> Breakdown:
    largest = sorted(shares, key=lambda share: (-contribution_of(share), share.key))
    bars = [
        Part(book.name_of(grouping, share.key).zh, in_wan(contribution_of(share)))
        for share in largest[:_MOST_BARS]
    ]
    if len(largest) > _MOST_BARS:
        rest = sum(contribution_of(share) for share in largest[_MOST_BARS:])
        bars.append(Part(label("portfolio_row.others").zh, in_wan(rest)))
    return Breakdown(title(name), tuple(bars))


def _borrower_table(borrowers: list[tuple[str, _Borrower]]) -> Table:
    whole = _sum_contribution(borrower for _, borrower in borrowers)
    rows = [
        Row(
            (
                Cell(name),
                Cell(borrower.n_loans),
                Cell(borrower.exposure_cny),
                Cell(borrower.expected_loss_cny),
                Cell(borrower.contribution_cny),
                Cell(share_of(borrower.contribution_cny, whole)),
            )
        )
        for name, borrower in borrowers
    ]
    columns = (
        heading("borrower"),
        heading("loans", ColumnKind.INTEGER),
        heading("exposure", ColumnKind.WAN),
        heading("expected_loss", ColumnKind.WAN),
        heading("contribution", ColumnKind.WAN),
        heading("contribution_share", ColumnKind.PERCENT),
    )
    return listing("borrowers", columns, rows)


def _loan_table(book: BookFacts) -> Table:
    shares = book.figures.loss.by_loan
    whole = sum(contribution_of(share) for share in shares)
    ordered = sorted(shares, key=lambda share: (-contribution_of(share), -share.exposure_cny, share.key))
    rows = []
    for share in ordered:
        record = book.records.get(share.key)
        product = "" if record is None else record.loan.product
        rows.append(
            Row(
                (
                    book.loan(share.key),
                    Cell(book.borrower_of(share.key)),
                    Cell(book.name_of(Grouping.PRODUCT, product).zh),
                    Cell(share.exposure_cny),
                    Cell(share.expected_loss_cny),
                    Cell(share.defaults_mean),
                    Cell(contribution_of(share)),
                    Cell(share_of(contribution_of(share), whole)),
                )
            )
        )
    columns = (
        heading("loan"),
        heading("borrower"),
        heading("product"),
        heading("exposure", ColumnKind.WAN),
        heading("expected_loss", ColumnKind.WAN),
        heading("default_probability", ColumnKind.PERCENT, decimals=2),
        heading("contribution", ColumnKind.WAN),
        heading("contribution_share", ColumnKind.PERCENT),
    )
    return listing("loans", columns, rows)


def _group_table(book: BookFacts, name: str, grouping: Grouping, shares: tuple[LossShare, ...]) -> Table:
    whole = sum(contribution_of(share) for share in shares)
    ordered = sorted(shares, key=lambda share: (-contribution_of(share), -share.exposure_cny, share.key))
    rows = [
        Row(
            (
                Cell(book.name_of(grouping, share.key)),
                Cell(share.exposure_cny),
                Cell(share.expected_loss_cny),
                Cell(share.defaults_mean),
                Cell(contribution_of(share)),
                Cell(share_of(contribution_of(share), whole)),
            )
        )
        for share in ordered
    ]
    rows.append(
        total_row(
            Cell(sum(share.exposure_cny for share in shares)),
            Cell(sum(share.expected_loss_cny for share in shares)),
            Cell(sum(share.defaults_mean for share in shares)),
            Cell(whole),
            Cell(1.0 if whole > 0.0 else None),
        )
    )
    return Table(
        title(name),
        (
            heading("key"),
            heading("exposure", ColumnKind.WAN),
            heading("expected_loss", ColumnKind.WAN),
            heading("defaults", ColumnKind.NUMBER, decimals=3),
            heading("contribution", ColumnKind.WAN),
            heading("contribution_share", ColumnKind.PERCENT),
        ),
        tuple(rows),
    )
