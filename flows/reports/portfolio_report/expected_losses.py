"""The expected losses that the report tells, side by side: what each is, and how far those differ that should not.

The loss simulation, the linked side of wrong-way risk and the base market of the stress test are one quantity: their
differences are sampling errors and are told in standard errors. Economic capital and credit loss ask something else.
"""

import math
from dataclasses import dataclass

from flows.reports.document import Cell, ColumnKind, Paragraph, Row, Section, Table
from flows.reports.figures import wan
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, text, title
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.quality.credit_loss import LoanCreditLoss

_IN_DEFAULT = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected loss.

    Attributes:
        key: its words, label("portfolio_expected.<key>") and label("portfolio_basis.<key>").
        months: horizon; None for one that differs by loan.
        n_paths: simulated.
        loss_cny: the figure.
        error_cny: its standard error; None where the measure does not report one.
        is_same: whether it estimates what the first one does.
    """

    key: str
    months: str | None
    n_paths: int
    loss_cny: float
    error_cny: float | None = None
    is_same: bool = False


def expected_section(book: BookFacts) -> Section:
    """A paragraph that reconciles them, the table it speaks of, and what each of them is."""
    first, *others = found = measures(book)
    same = [other for other in others if other.is_same]
    widest = max(same, key=lambda other: abs(in_standard_errors(first, other) or 0.0))
    words = text(
        "expected",
        first=wan(first.loss_cny),
        difference=wan(abs(widest.loss_cny - first.loss_cny)),
        errors=f"{abs(in_standard_errors(first, widest) or 0.0):.1f}",
        defaulted=wan(sum(loan.allowance_cny for loan in _in_default(book))),
        loans=f"{len(_in_default(book)):,}",
        allowance=wan(book.figures.credit_loss.total.allowance_cny),
    )
    return chapter("expected", Paragraph(words), _table(found), _bases(found))


def measures(book: BookFacts) -> tuple[Expected, ...]:
    """Every expected loss of the report, the loss simulation's first."""
    figures, request = book.figures, book.review.request
    base, linked = figures.stress.worlds[0], figures.wrong_way.together
    owing = figures.credit_loss.loans
    return (
        Expected(
            "simulation", book.months, request.n_paths, figures.loss.expected_loss_cny,
            figures.loss.expected_loss_error_cny, is_same=True,
        ),
        Expected(
            "linked", book.months, request.n_paths, linked.expected_loss_cny, linked.expected_loss_error_cny,
            is_same=True,
        ),
        Expected(
            "base_world", book.months, request.stress_paths, base.expected_loss_cny,
            base.expected_loss_error_cny, is_same=True,
        ),
        Expected(
            "economic", "12", request.n_paths, figures.capital.totals.economic_recognised.expected_loss_cny
        ),
        Expected(
            "twelve_month", "12", request.credit_loss_paths,
            math.fsum(loan.twelve_month_cny for loan in owing if loan.stage < _IN_DEFAULT),
        ),
        Expected(
            "allowance", None, request.credit_loss_paths, figures.credit_loss.total.allowance_cny
        ),
    )  # fmt: skip


def in_standard_errors(first: Expected, other: Expected) -> float | None:
    """Difference over its standard error, as if both stood on paths of their own; shared paths make it surer.

    None where the two are not the same quantity or nothing is known of an error; 0 for two that are equal.
    """
    if not (first.is_same and other.is_same) or first.error_cny is None or other.error_cny is None:
        return None
    difference, error = other.loss_cny - first.loss_cny, math.hypot(first.error_cny, other.error_cny)
    if difference == 0.0:
        return 0.0
    return difference / error if error > 0.0 else None


def _in_default(book: BookFacts) -> list[LoanCreditLoss]:
    return [loan for loan in book.figures.credit_loss.loans if loan.stage == _IN_DEFAULT]


def _table(found: tuple[Expected, ...]) -> Table:
    first = found[0]
    rows = tuple(
        Row(
            (
                Cell(label(f"portfolio_expected.{item.key}")),
                Cell(label("portfolio_expected.life") if item.months is None else item.months),
                Cell(item.n_paths),
                Cell(item.loss_cny),
                Cell(item.error_cny),
                Cell(item.loss_cny - first.loss_cny if item.is_same and item is not first else None),
                Cell(None if item is first else in_standard_errors(first, item)),
            )
        )
        for item in found
    )
    return Table(
        title("expected"),
        (
            heading("key"),
            heading("months"),
            heading("paths", ColumnKind.INTEGER),
            heading("expected_loss", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("to_first", ColumnKind.WAN),
            heading("in_errors", ColumnKind.NUMBER, unit="倍"),
        ),
        rows,
        text("expected_errors"),
    )


def _bases(found: tuple[Expected, ...]) -> Table:
    rows = tuple(
        Row((Cell(label(f"portfolio_expected.{item.key}")), Cell(label(f"portfolio_basis.{item.key}"))))
        for item in found
    )
    return Table(title("expected_bases"), (heading("key"), heading("basis", is_long_text=True)), rows)
