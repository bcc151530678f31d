"""What capital is measured of: the loans of a book that owe something, and who of their borrowers is in default."""

from dataclasses import dataclass

import numpy as np

from services.loans.book_terms.choosing import terms_used
from services.loans.book_terms.used import UsedTerms
from services.loans.quality.capital import CapitalQuestion
from services.loans.quality.classification import classify
from services.loans.quality.classified_book import loan_facts
from services.loans.quality.impaired_losses import ImpairedLoans, standing_of
from services.loans.quality.loss_book import part_of
from services.loans.quality.rules import CreditRules
from services.loans.reported.book import ReportedBook, read_reported, read_reported_book
from services.loans.repository import LoanStore


@dataclass(frozen=True, slots=True, eq=False)
class CapitalBook:
    """The loans that owe something and what decides how they count.

    Attributes:
        book: those loans.
        defaulted: which of them are in default (past due or non-performing).
        fallen: who owes a loan in default, of the book or beside it: in economic capital it guarantees nothing.
        guarantors: those that loans name, of the book or beside it.
        terms: curves and funds.
    """

    book: ReportedBook
    defaulted: frozenset[str]
    fallen: frozenset[str]
    guarantors: frozenset[str]
    terms: UsedTerms

    def performing(self) -> ReportedBook:
        """The loans that are not in default, without the guarantees of those who have fallen."""
        return self._performing()[0]

    def unbacked(self) -> tuple[str, ...]:
        """The performing loans whose guarantor has fallen."""
        return self._performing()[1]

    def in_default(self) -> ImpairedLoans:
        """The loans in default with what decides their claims on funds."""
        members = [i for i, loan in enumerate(self.book.loans) if loan.loan_id in self.defaulted]
        loans, _ = part_of(self.book, np.array(members, dtype=np.intp)).without_guarantees_of(self.fallen)
        return ImpairedLoans(loans, standing_of(self.performing().loans), self.terms)

    def _performing(self) -> tuple[ReportedBook, tuple[str, ...]]:
        members = [i for i, loan in enumerate(self.book.loans) if loan.loan_id not in self.defaulted]
        return part_of(self.book, np.array(members, dtype=np.intp)).without_guarantees_of(self.fallen)


def read_capital_book(store: LoanStore, question: CapitalQuestion, rules: CreditRules) -> CapitalBook:
    """Read the book of a question.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a day before the first rule.
    """
    day = question.day
    book = read_reported_book(store, day, question.loan_ids).owing()
    everything = read_reported(store, day) if question.loan_ids else (list(book.loans), dict(book.positions))
    classified = classify(loan_facts(*everything), day, rules.classification_on(day))
    limit = rules.capital_on(day).value("past_due_above_days")
    bad = [item.facts for item in classified if item.is_non_performing or item.facts.overdue_days > limit]
    return CapitalBook(
        book,
        frozenset(facts.loan_id for facts in bad),
        # One that owes nothing any more (repaid, written off) says nothing of its borrower.
        frozenset(facts.borrower_id for facts in bad if facts.balance_cny > 0),
        frozenset(loan.guarantee.guarantor_id for loan in everything[0] if loan.guarantee is not None),
        terms_used(
            store,
            day,
            question.default_curves,
            question.compensation_funds,
            without_book_terms=question.without_book_terms,
        ),
    )
