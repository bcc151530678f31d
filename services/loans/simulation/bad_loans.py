"""Which loans of a simulated book are in default already, by the classes that credit loss and capital go by.

They do not default again, but those with a share of a compensation fund claim it first.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from services.loans.book import NO_BAD_LOANS, BadLoans, SecuredBook
from services.loans.columns.loan_columns import LoanColumns
from services.loans.quality.classification import classify
from services.loans.quality.classified_book import loan_facts
from services.loans.quality.impaired_losses import ImpairedLoans, standing_of
from services.loans.quality.rules import CreditRules
from services.loans.reported.book import ReportedBook, read_reported
from services.loans.reported.position import LoanPosition
from services.loans.repository import LoanStore


def bad_loans(
    store: LoanStore,
    day: dt.date,
    everything: LoanColumns,
    suspects: Sequence[LoanPosition],
    rules: CreditRules,
) -> BadLoans:
    """The non-performing loans of a day, contagion from a debtor's other claims included.

    Only debtors with a suspect are classified: nobody else's loans can be non-performing, so that a large book is not
    read loan by loan.

    Args:
        store: of the institution.
        day: of the book.
        everything: all loans of the institution, over which contagion is measured.
        suspects: positions in force that are bad of themselves.
        rules: all periods; that in force on the day is taken.

    Raises:
        InvalidInput: there are suspects on a day before the first rule.
    """
    names = {position.loan_id for position in suspects if position.balance_cny > 0}
    is_suspect = np.array([loan_id in names for loan_id in everything.loan_ids], dtype=bool)
    if not is_suspect.any():
        return NO_BAD_LOANS
    debtors = np.unique(everything.borrower.codes[is_suspect])
    theirs = np.flatnonzero(np.isin(everything.borrower.codes, debtors))
    loans, positions = read_reported(store, day, [everything.loan_ids[i] for i in theirs.tolist()])
    classified = classify(loan_facts(loans, positions), day, rules.classification_on(day))
    bad = [item.facts for item in classified if item.is_non_performing and item.facts.balance_cny > 0]
    return BadLoans(
        {facts.loan_id: float(facts.balance_cny) for facts in bad},
        frozenset(facts.borrower_id for facts in bad),
    )


def impaired_loans(store: LoanStore, book: SecuredBook) -> ImpairedLoans:
    """The loans in default of a book with what decides their claims on its funds; none where no fund has a cap."""
    day, terms, bad = book.day, book.terms, book.bad
    if not bad.balances_cny or (book.fund_cap_cny is None and not terms.funds.entries):
        return ImpairedLoans(ReportedBook(day, (), {}, ()))
    loans, positions = read_reported(store, day, sorted({*bad.balances_cny, *_of_guarantors(book)}))
    fallen = tuple(loan for loan in loans if loan.loan_id in bad.balances_cny)
    pledges = tuple(item for item in book.collateral if item.loan_id in bad.balances_cny)
    others = tuple(loan for loan in loans if loan.loan_id not in bad.balances_cny)
    in_default, _ = ReportedBook(day, fallen, positions, pledges).without_guarantees_of(bad.borrowers)
    standing = standing_of(ReportedBook(day, others, positions, ()).owing().loans)
    return ImpairedLoans(in_default, standing, terms, book.fund_cap_cny)


def _of_guarantors(book: SecuredBook) -> list[str]:
    """Loans of the borrowers who guarantee loans in default."""
    loans = book.loans
    is_bad = np.array([loan_id in book.bad.balances_cny for loan_id in loans.loan_ids], dtype=bool)
    backed = is_bad & (loans.guarantees.share > 0.0)
    guarantor, borrower = loans.guarantees.guarantor, loans.borrower
    names = {guarantor.names[code] for code in np.unique(guarantor.codes[backed]).tolist()}
    theirs = np.isin(borrower.codes, [code for code, name in enumerate(borrower.names) if name in names])
    return [loans.loan_ids[i] for i in np.flatnonzero(theirs).tolist()]
