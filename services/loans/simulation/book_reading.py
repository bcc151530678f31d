"""The book that a question is about, as it stands in the store."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from services.loans.asked_loans import require_in_force, require_known
from services.loans.book import SecuredBook
from services.loans.book_terms.choosing import terms_used
from services.loans.columns.loan_columns import LoanColumns
from services.loans.portfolio import PortfolioQuestion
from services.loans.quality.rules import CreditRules
from services.loans.reported.position import LoanPosition
from services.loans.repository import LoanStore
from services.loans.simulation.bad_loans import bad_loans

OpenStore = Callable[[], AbstractContextManager[LoanStore]]


def read_book(open_store: OpenStore, question: PortfolioQuestion, rules: CreditRules) -> SecuredBook:
    """Loans, collateral, curves and funds in force on a day; the reading transaction ends before anything is computed.

    Args:
        open_store: opens a reading transaction.
        question: which loans on which day, and what it says of curves and funds.
        rules: of classification, which say who is in default already.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a loan is reported as bad on a day before the first rule.
    """
    day, loan_ids = question.book_date, question.loan_ids
    with open_store() as store:
        require_known(store, loan_ids)
        loans = store.loan_columns_in_force(day, loan_ids)
        require_in_force(store, day, loans.loan_ids, loan_ids)
        collateral = store.collateral_in_force(day, loans.loan_ids)
        terms = terms_used(
            store,
            day,
            question.default_curves,
            question.compensation_funds,
            without_book_terms=question.without_book_terms,
        )
        # A debtor's claims outside the question count for its class as well.
        remarkable = store.settled_or_bad(day)
        everything = store.loan_columns_in_force(day, ()) if loan_ids and remarkable else loans
        bad = bad_loans(store, day, everything, remarkable, rules)
    return SecuredBook(
        day,
        loans,
        tuple(collateral),
        question.fund_cap_cny,
        terms,
        settled=_settled(loans, remarkable),
        bad=bad.within(loans.loan_ids),
    )


def _settled(loans: LoanColumns, remarkable: Sequence[LoanPosition]) -> frozenset[str]:
    """Loans that owe nothing any more; nothing owed before the first drawing says nothing."""
    nothing_on = {position.loan_id: position.as_of for position in remarkable if position.balance_cny == 0}
    if not nothing_on:
        return frozenset()
    return frozenset(
        loan_id
        for loan_id, drawn_on in zip(loans.loan_ids, loans.terms.drawn_on.tolist(), strict=True)
        if loan_id in nothing_on and nothing_on[loan_id] >= drawn_on
    )
