"""The book of an expected credit loss: what is owed, in which stage, and by which curves and funds."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quant.draws.sparse_draws import Lanes
from quant.schedules import Array
from services.loans.book_terms.choosing import terms_used
from services.loans.book_terms.used import UsedTerms
from services.loans.loan import Loan
from services.loans.quality.classification import ClassifiedLoan, classify
from services.loans.quality.classified_book import borrowers_in_default, loan_facts
from services.loans.quality.credit_loss import CreditLossQuestion
from services.loans.quality.loss_book import effective_rates
from services.loans.quality.rules import CreditRules
from services.loans.quality.staging import Origination, StageReason, StagingFacts, stage_of
from services.loans.reported.book import ReportedBook, read_reported, read_reported_book
from services.loans.repository import LoanStore


@dataclass(frozen=True, slots=True, eq=False)
class StagedBook:
    """The loans that owe something, with stage and reasons.

    Attributes:
        book: loans, positions, collateral.
        origination: probability at origination by loan, where known.
        stages: 1 to 3, in order of the loans.
        reasons: of each stage, in the same order.
        terms: curves and funds that are used.
        unbacked: loans whose guarantor is in default itself; in the book they stand without their guarantee.
    """

    book: ReportedBook
    origination: Mapping[str, Origination]
    stages: tuple[int, ...]
    reasons: tuple[tuple[StageReason, ...], ...]
    terms: UsedTerms
    unbacked: tuple[str, ...]

    @property
    def effective_rates(self) -> Array:
        """Effective rate of each loan, [n_loans]."""
        return effective_rates(self.book)

    @property
    def overdue_for_good(self) -> list[str]:
        """Loans past their last instalment that are not in stage 3."""
        return [
            loan.loan_id
            for loan, stage in zip(self.book.loans, self.stages, strict=True)
            if stage < 3 and loan.terms.matures_on <= self.book.day
        ]

    def performing(self) -> Lanes:
        """Positions of the loans in stages 1 and 2."""
        return np.flatnonzero(np.array(self.stages, dtype=np.int64) < 3)

    def impaired(self) -> Lanes:
        """Positions of the loans in stage 3."""
        return np.flatnonzero(np.array(self.stages, dtype=np.int64) == 3)


def read_staged_book(store: LoanStore, question: CreditLossQuestion, rules: CreditRules) -> StagedBook:
    """Read and stage the book of a question.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a day before the first rule.
    """
    day = question.day
    losses, classes = rules.credit_loss_on(day), rules.classification_on(day)
    book = read_reported_book(store, day, question.loan_ids).owing()
    # The class of a claim hangs on all claims on its debtor.
    everything = read_reported(store, day) if question.loan_ids else (list(book.loans), dict(book.positions))
    debtors = {facts.borrower_id: facts for facts in question.debtors}
    classified = {
        item.facts.loan_id: item for item in classify(loan_facts(*everything), day, classes, debtors)
    }
    origination = _origination(store, question, book)
    staged = [
        stage_of(
            _facts(loan, origination.get(loan.loan_id), classified.get(loan.loan_id)), day, losses, classes
        )
        for loan in book.loans
    ]
    terms = terms_used(
        store,
        day,
        question.default_curves,
        question.compensation_funds,
        without_book_terms=question.without_book_terms,
    )
    fallen = borrowers_in_default(classified.values())
    fallen.update(loan.borrower_id for loan, (stage, _) in zip(book.loans, staged, strict=True) if stage == 3)
    book, unbacked = book.without_guarantees_of(fallen)
    return StagedBook(
        book,
        origination,
        tuple(stage for stage, _ in staged),
        tuple(reasons for _, reasons in staged),
        terms,
        unbacked,
    )


def _facts(loan: Loan, origination: Origination | None, classified: ClassifiedLoan | None) -> StagingFacts:
    return StagingFacts(loan.default_probability_annual, origination, loan.restructured_on, classified)


def _origination(
    store: LoanStore, question: CreditLossQuestion, book: ReportedBook
) -> dict[str, Origination]:
    """Probability at origination of the loans of which it is known: given, or that of the first recorded state.

    A first state of any day before the day of the book counts; one of the day itself is today's probability, against
    which no increase can be seen.
    """
    given = dict(question.origination)
    first = store.first_states([loan.loan_id for loan in book.loans if loan.loan_id not in given])
    known = {
        loan_id: Origination(probability, "given", "随请求给出") for loan_id, probability in given.items()
    }
    for loan_id, (day, loan) in first.items():
        if day < book.day:
            known[loan_id] = _first_recorded(day, loan)
    return known


def _first_recorded(day: dt.date, loan: Loan) -> Origination:
    """The probability of a first state; one of the day of the drawing itself is recorded with it, not before it."""
    drawn = loan.terms.drawn_on
    # A file of loans has one business date, which may lie before those that it already holds are drawn.
    if day < drawn:
        said = f"the state of {day}, recorded before it was drawn on {drawn}", f"{day} 的记录，{drawn} 放款前"
    else:
        said = f"first recorded state of {day}, drawn {drawn}", f"首次记录 {day}，放款 {drawn}"
    return Origination(loan.default_probability_annual, *said)
