"""Curves and funds that somebody gives with a question, in place of those that the book keeps; values only."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment_file import read_compensation_funds, read_default_curves


class TermsArguments(TypedDict):
    """Given terms as questions and clients take them."""

    default_curves: tuple[DefaultCurve, ...]
    compensation_funds: tuple[CompensationFundTerms, ...]
    without_book_terms: bool


@dataclass(frozen=True, slots=True)
class GivenTerms:
    """What a question says of curves and funds; nothing said leaves it to the book.

    Attributes:
        default_curves: term structures of default, in place of those of the book.
        compensation_funds: named funds, in place of those of the book.
        without_book_terms: leave out the curves and funds that the book keeps.
    """

    default_curves: tuple[DefaultCurve, ...] = ()
    compensation_funds: tuple[CompensationFundTerms, ...] = ()
    without_book_terms: bool = False

    def arguments(self) -> TermsArguments:
        """For `PortfolioQuestion(market, **terms.arguments())` and its like."""
        return TermsArguments(
            default_curves=self.default_curves,
            compensation_funds=self.compensation_funds,
            without_book_terms=self.without_book_terms,
        )


AS_THE_BOOK = GivenTerms()


def read_given_terms(
    curve_file: Path | None = None, fund_file: Path | None = None, *, without_book_terms: bool = False
) -> GivenTerms:
    """What the files of a question say; examples/loans shows their form.

    Raises:
        InvalidInput: a file is missing or wrong, with every place.
    """
    return GivenTerms(
        () if curve_file is None else read_default_curves(curve_file),
        () if fund_file is None else read_compensation_funds(fund_file),
        without_book_terms,
    )
