"""The expected losses side by side: the report's own figures, and those that are one quantity agree."""

import math

import pytest

from flows.portfolio.book_review import BookReview
from flows.reports.document import Paragraph, Table
from flows.reports.portfolio_report import build_portfolio_document
from flows.reports.portfolio_report.book_facts import BookFacts, facts_of
from flows.reports.portfolio_report.expected_losses import Expected, in_standard_errors, measures


@pytest.fixture(scope="module")
def book(synthetic_review: BookReview) -> BookFacts:
    assert synthetic_review.figures is not None
    return facts_of(synthetic_review, synthetic_review.figures)


def test_a_difference_is_told_in_standard_errors() -> None:
    # By hand: (110 - 100) / sqrt(3^2 + 4^2) = 10 / 5.
    first = Expected("simulation", "12", 1_000, 100.0, 3.0, is_same=True)
    assert in_standard_errors(first, Expected("linked", "12", 1_000, 110.0, 4.0, is_same=True)) == 2.0
    assert in_standard_errors(first, Expected("economic", "12", 1_000, 110.0)) is None
    sure = Expected("linked", "12", 1_000, 100.0, 0.0, is_same=True)
    assert in_standard_errors(sure, sure) == 0.0


def test_what_is_one_quantity_agrees_within_its_errors(book: BookFacts) -> None:
    first, *others = measures(book)
    told = [in_standard_errors(first, other) for other in others if other.is_same]
    assert len(told) == 2
    assert all(found is not None and abs(found) <= 4.0 for found in told)


def test_the_allowance_is_its_parts(book: BookFacts) -> None:
    found = {item.key: item.loss_cny for item in measures(book)}
    loans = book.figures.credit_loss.loans
    beyond = math.fsum(loan.lifetime_cny - loan.twelve_month_cny for loan in loans if loan.stage == 2)
    in_default = math.fsum(loan.lifetime_cny for loan in loans if loan.stage == 3)
    assert found["twelve_month"] + beyond + in_default == pytest.approx(found["allowance"], rel=1e-9)


def test_a_chapter_reconciles_them(synthetic_review: BookReview, book: BookFacts) -> None:
    chapter = next(
        found for found in build_portfolio_document(synthetic_review).sections if found.key == "expected"
    )
    figures, bases = (block for block in chapter.blocks if isinstance(block, Table))
    assert [row.cells[3].value for row in figures.rows] == [item.loss_cny for item in measures(book)]
    assert [row.cells[0] for row in bases.rows] == [row.cells[0] for row in figures.rows]
    [words] = [block.text for block in chapter.blocks if isinstance(block, Paragraph)]
    assert f"{book.figures.loss.expected_loss_cny / 1e4:,.2f} 万元" in words.zh
    assert f"{book.figures.credit_loss.total.allowance_cny / 1e4:,.2f} 万元" in words.zh
