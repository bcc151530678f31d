"""Section: what is to be done: margin calls, pledges to value again, and the events that were recorded."""

from collections import defaultdict

from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, ColumnKind, Paragraph, Row, Section, Table
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, listing, text, title
from flows.reports.portfolio_report.book_facts import BookFacts
from flows.reports.portfolio_report.monitoring import pledged_loans
from services.loans.pledges.event import PledgeEvent
from services.loans.pledges.levels import PledgeLevel
from services.loans.pledges.monitored import RevaluationDue, RevaluationReason


def calls_section(book: BookFacts) -> Section:
    """The three lists; each says so where it is empty."""
    return chapter("calls", *_calls(book), *_revaluations(book), *_events(book))


def _calls(book: BookFacts) -> list[Block]:
    called = [loan for loan in pledged_loans(book) if loan.margin_cash_cny > 0]
    if not called:
        return [Paragraph(text("nothing_called"))]
    largest = sorted(called, key=lambda loan: (-loan.margin_cash_cny, loan.loan_id))
    rows = [
        Row(
            (
                book.loan(loan.loan_id),
                Cell(book.borrower_of(loan.loan_id)),
                Cell(label(f"portfolio_level.{loan.level}")),
                Cell(loan.balance_cny),
                Cell(loan.value_cny),
                Cell(loan.margin_cash_cny),
                Cell(loan.margin_pledge_cny),
            )
        )
        for loan in largest
    ]
    columns = (
        heading("loan"),
        heading("borrower"),
        heading("level"),
        heading("balance", ColumnKind.WAN),
        heading("pledge_value", ColumnKind.WAN),
        heading("cash", ColumnKind.WAN),
        heading("pledge", ColumnKind.WAN),
    )
    return [Paragraph(text("calls")), listing("calls", columns, rows)]


def _revaluations(book: BookFacts) -> list[Block]:
    due = book.figures.pledges.revaluations
    if not due:
        return [Paragraph(text("nothing_due"))]
    at_stake = book.figures.pledges.at_stake_cny()
    rows = [
        Row(
            (
                Cell(item.collateral_id),
                Cell(item.loan_id),
                Cell(at_stake[item.loan_id]),
                Cell(label(f"portfolio_reason.{item.reason}")),
                Cell(Bilingual(item.message_zh, item.message_en)),
            )
        )
        for item in sorted(due, key=lambda item: (-at_stake[item.loan_id], item.loan_id, item.collateral_id))
    ]
    columns = (
        heading("collateral_id"),
        heading("loan"),
        heading("at_stake", ColumnKind.WAN),
        heading("why"),
        heading("reason", is_long_text=True),
    )
    return [_by_reason(due), Paragraph(text("due")), listing("due", columns, rows)]


def _by_reason(due: tuple[RevaluationDue, ...]) -> Table:
    pledges: dict[RevaluationReason, set[str]] = defaultdict(set)
    for item in due:
        pledges[item.reason].add(item.collateral_id)
    rows = tuple(
        Row((Cell(label(f"portfolio_reason.{reason}")), Cell(len(pledges[reason]))))
        for reason in RevaluationReason
        if reason in pledges
    )
    return Table(title("due_by_reason"), (heading("why"), heading("pledges", ColumnKind.INTEGER)), rows)


def _events(book: BookFacts) -> list[Block]:
    events = book.review.events
    if not events:
        return [Paragraph(text("no_events"))]
    columns = (
        heading("loan"),
        heading("valued_on", ColumnKind.DATE),
        heading("before"),
        heading("after"),
        heading("balance", ColumnKind.WAN),
        heading("value_before", ColumnKind.WAN),
        heading("value_after", ColumnKind.WAN),
    )
    latest_first = sorted(events, key=lambda event: -event.number)
    return [listing("events", columns, [_event(book, event) for event in latest_first])]


def _event(book: BookFacts, event: PledgeEvent) -> Row:
    crossing = event.crossing
    return Row(
        (
            book.loan(crossing.loan_id),
            Cell(crossing.as_of),
            Cell(_level(crossing.before)),
            Cell(_level(crossing.after)),
            Cell(crossing.balance_cny),
            Cell(crossing.value_before_cny),
            Cell(crossing.value_after_cny),
        )
    )


def _level(level: PledgeLevel | None) -> Bilingual:
    return label("portfolio_row.unknown" if level is None else f"portfolio_level.{level}")
