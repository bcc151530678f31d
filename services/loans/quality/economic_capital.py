"""Economic capital of a book over one year, with its pledges and without them, and what each loan contributes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from quant.loan_losses.book import LoanBook, Pledges
from quant.loan_losses.contributions import tail_contributions
from quant.portfolio import loss_simulation
from quant.schedules import Array
from services.loans.book_terms.used import UsedTerms
from services.loans.quality.capital import CapitalQuestion, EconomicCapital
from services.loans.quality.loss_book import reported_loss_book
from services.loans.reported.book import ReportedBook
from services.loans.segments.compensation_fund import FundClaims
from services.runtime.errors import InvalidInput

_ONE_YEAR = np.array([1.0])
_NOTHING = EconomicCapital(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class EconomicMeasure:
    """Economic capital of a book and its share for each loan, [n_loans], which add up to it."""

    book: EconomicCapital
    by_loan: Array


def economic_capital(
    book: ReportedBook,
    question: CapitalQuestion,
    confidence: float,
    check_alive: Callable[[], None],
    *,
    terms: UsedTerms,
    claimed_first: FundClaims,
    with_pledges: bool,
) -> EconomicMeasure:
    """Simulate a book of loans that are not in default, with the curves and funds that are used.

    Of the cap of a fund there is what loans in default are expected to leave, with the pledges and without them: what
    these loans claim is a fact of today, not one of the comparison.

    Raises:
        InvalidInput: a factor that the snapshot does not have, an index without randomness, a confidence that the
            simulation does not report.
    """
    if not book.loans:
        return EconomicMeasure(_NOTHING, np.zeros(0))
    model = question.snapshot.factor_model()
    arrays: LoanBook = reported_loss_book(book, model, _ONE_YEAR, terms).arrays
    arrays = replace(arrays, fund_cap_cny=claimed_first.left_of(arrays.fund_cap_cny))
    if not with_pledges:
        arrays = replace(arrays, pledges=Pledges.none())
    try:
        simulation = loss_simulation(
            arrays,
            model,
            question.snapshot.curve().discount_factors,
            n_paths=question.n_paths,
            seed=question.seed,
            fans=False,
            n_threads=2,
        )
    except ValueError as error:
        raise InvalidInput.of("snapshot", str(error)) from error
    for _ in simulation.run():
        check_alive()
    summary = simulation.summary()
    try:
        contributions = tail_contributions(simulation, summary, confidence)
    except ValueError as error:
        raise InvalidInput(f"capital.economic_confidence of the rules file: {error}") from error
    tail = next(tail for tail in summary.tail if tail.confidence == confidence)
    capital = EconomicCapital(
        summary.expected_loss, tail.value_at_risk, tail.value_at_risk_low, tail.value_at_risk_high
    )
    beyond = contributions.by_loan - summary.loan_expected_loss
    whole = math.fsum(beyond)
    share = beyond / whole if whole > 0.0 else np.zeros_like(beyond)
    return EconomicMeasure(capital, capital.capital_cny * share)
