"""Which loans of a simulated book are in default already, by the classes that credit loss and capital go by."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from services.loans.book import NO_BAD_LOANS, BadLoans
from services.loans.columns.loan_columns import LoanColumns
from services.loans.quality.classification import classify
from services.loans.quality.classified_book import loan_facts
from services.loans.quality.rules import CreditRules
from services.loans.reported.book import read_reported
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
