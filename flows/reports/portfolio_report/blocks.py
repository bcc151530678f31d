"""Small pieces of the sections: the words of the report, amounts, loans in tables, lists that are long."""

from flows.reports.document import Cell, Column, Row, Table
from flows.reports.figures import CNY_PER_WAN
from flows.reports.labels import label
from flows.reports.vocabulary import Vocabulary

PORTFOLIO = Vocabulary("portfolio")
chapter, heading, title, text = PORTFOLIO.chapter, PORTFOLIO.heading, PORTFOLIO.title, PORTFOLIO.text
# Lines of a list that the page and the PDF show, and that the workbook takes at most.
SHOWN, KEPT = 20, 5_000


def in_wan(amount_cny: float) -> float:
    """An amount as an axis in 万元 shows it."""
    return amount_cny / CNY_PER_WAN


def share_of(part: float, whole: float) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole > 0.0 else None


def listing(key: str, columns: tuple[Column, ...], rows: list[Row]) -> Table:
    """A list that may be long: the page shows its beginning."""
    return Table(title(key), columns, tuple(rows[:KEPT]), page_rows=SHOWN)


def total_row(*cells: Cell) -> Row:
    """The last row of a table that adds up."""
    return Row((Cell(label("row.total")), *cells), is_total=True)
