"""The arrays of a loss calculation for loans that are not in default, with exposures as they are reported."""

from dataclasses import dataclass, replace

import numpy as np

from quant.draws.sparse_draws import Lanes
from quant.factors import FactorModel
from quant.loan_losses.book import LoanBook
from quant.schedules import Array
from services.loans.book import SecuredBook
from services.loans.book_terms.used import NO_TERMS, UsedTerms
from services.loans.collateral import DAYS_PER_YEAR
from services.loans.columns.loan_columns import loan_columns
from services.loans.quality.present_losses import effective_rate
from services.loans.reported.book import ReportedBook

OVERDUE_LIFE_YEARS = 1.0
"""Life given to a loan that is past its last instalment and not in default; an assumption."""


def part_of(book: ReportedBook, members: Lanes) -> ReportedBook:
    """The loans at some positions, with their pledges."""
    loans = tuple(book.loans[i] for i in members)
    kept = {loan.loan_id for loan in loans}
    pledges = tuple(item for item in book.collateral if item.loan_id in kept)
    return ReportedBook(book.day, loans, book.positions, pledges)


def effective_rates(book: ReportedBook) -> Array:
    """Effective annual rate of each loan, [n_loans]; the reported rate where there is one."""
    rates = []
    for loan in book.loans:
        position = book.positions.get(loan.loan_id)
        rate = loan.terms.rate_annual if position is None else position.rate_annual
        rates.append(effective_rate(rate, loan.terms.months_per_period))
    return np.array(rates, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class ReportedLossBook:
    """A book for `quant.portfolio` and `quant.credit_risk.conditional_loss`.

    Attributes:
        arrays: the loans, their periods and pledges.
        years_left: life of each loan, [n_loans].
    """

    arrays: LoanBook
    years_left: Array


def years_left(book: ReportedBook) -> Array:
    """Years until the last instalment of each loan, OVERDUE_LIFE_YEARS for one that is past it, [n_loans]."""
    left = np.array([(loan.terms.matures_on - book.day).days / DAYS_PER_YEAR for loan in book.loans])
    return np.where(left > 0.0, left, OVERDUE_LIFE_YEARS)


def reported_loss_book(
    book: ReportedBook, model: FactorModel, ends_years: Array, terms: UsedTerms = NO_TERMS
) -> ReportedLossBook:
    """Exposures of the schedule, moved by what is reported; 0 in periods that begin after the last instalment.

    Args:
        book: the loans, none of them in default.
        model: the market.
        ends_years: of the periods.
        terms: term structures of default, where loans of none keep a constant hazard; named funds with their caps.

    Raises:
        InvalidInput: if a schedule or an index names a factor that the model does not have.
    """
    left = years_left(book)
    secured = SecuredBook(book.day, loan_columns(book.loans, ""), book.collateral, terms=terms)
    arrays = secured.loss_book(model, ends_years)
    starts = np.append(0.0, ends_years[:-1])
    exposure = np.where(starts[None, :] < left[:, None], book.as_reported(arrays.exposure_cny), 0.0)
    return ReportedLossBook(replace(arrays, exposure_cny=exposure, years_at_risk=left), left)
