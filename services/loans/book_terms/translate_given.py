"""Curves and funds that a question gives, between protobuf and the domain."""

from typing import Any, Protocol

from ecopledge.loans.v1 import loans_pb2, quality_pb2, stress_pb2
from services.loans.book_terms.given import GivenTerms
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.translate import curve_to_wire, curves_from_wire, fund_to_wire, funds_from_wire
from services.runtime.violations import Violations

Giving = (
    loans_pb2.SimulatePortfolioRequest
    | quality_pb2.MeasureCapitalRequest
    | quality_pb2.MeasureCreditLossRequest
    | stress_pb2.BookSimulation
)


class Question(Protocol):
    """A question as the domain knows it; see `GivenTerms`."""

    @property
    def default_curves(self) -> tuple[DefaultCurve, ...]:
        """Its own."""

    @property
    def compensation_funds(self) -> tuple[CompensationFundTerms, ...]:
        """Its own."""

    @property
    def without_book_terms(self) -> bool:
        """Whether those of the book are left out."""


def given_from_wire(message: Giving, violations: Violations) -> GivenTerms:
    """What a message gives; everything wrong with it is noted.

    Args:
        message: a request, or the part of it that is about a book.
        violations: at the place of the message.
    """
    return GivenTerms(
        curves_from_wire(message.default_curves, violations),
        funds_from_wire(message.compensation_funds, violations),
        message.without_book_terms,
    )


def given_to_wire(question: Question) -> dict[str, Any]:
    """The fields that say it in every message of a question."""
    return {
        "default_curves": map(curve_to_wire, question.default_curves),
        "compensation_funds": map(fund_to_wire, question.compensation_funds),
        "without_book_terms": question.without_book_terms,
    }
