"""Who guarantees for whom within a book: guarantors who borrow there too, and the circles they form (互保、联保).

Around a circle of guarantees every borrower stands behind the others: when one falls, the guarantees of the rest are
worth less just when they are called.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from quant.draws.sparse_draws import Lanes, lane_of_name
from quant.loan_losses.book import Flags
from services.loans.columns.loan_columns import Labels, LoanColumns


def guarantor_is_borrower(loans: LoanColumns, at_risk: Flags | None = None) -> Flags:
    """Whether the guarantor of each loan bears a share of it and borrows in the same book, [n_loans].

    Args:
        loans: the book.
        at_risk: loans that count as borrowing; all of them when absent.
    """
    codes = loans.borrower.codes if at_risk is None else loans.borrower.codes[at_risk]
    guarantor, borrowers = (
        loans.guarantees.guarantor,
        {loans.borrower.names[code] for code in np.unique(codes)},
    )
    borrows = np.array([bool(name) and name in borrowers for name in guarantor.names], dtype=bool)
    flags: Flags = borrows[guarantor.codes] & (loans.guarantees.share > 0.0)
    return flags


def addresses(names: Labels) -> Lanes:
    """Address of the draws of each name, [n]."""
    return np.array([lane_of_name(name) for name in names.names], dtype=np.intp)[names.codes]


def guarantor_addresses(loans: LoanColumns, borrows: Flags) -> Lanes:
    """Addresses of guarantors: who borrows has that of the borrower; no name is another one for every loan."""
    guarantor = loans.guarantees.guarantor
    named = np.array(
        [lane_of_name(f"guarantor {name}") if name else 0 for name in guarantor.names], dtype=np.intp
    )
    lanes: Lanes = np.where(borrows, addresses(guarantor), named[guarantor.codes])
    is_named = np.array([bool(name) for name in guarantor.names])[guarantor.codes]
    # Nobody bears nothing, whatever is drawn: only funds and pools need an address of their own.
    for i in np.flatnonzero(~is_named & (loans.guarantees.share > 0.0)).tolist():
        lanes[i] = lane_of_name(f"of loan {loans.loan_ids[i]}")
    return lanes


@dataclass(frozen=True, slots=True)
class GuaranteeCircle:
    """Borrowers each of whom, directly or through others, stands behind each of the others.

    Attributes:
        borrowers: in order of their names.
        loans: places of the loans that members guarantee to members, ascending.
    """

    borrowers: tuple[str, ...]
    loans: tuple[int, ...]


def circles(loans: LoanColumns) -> list[GuaranteeCircle]:
    """The circles of guarantees of a book, in order of their first loan.

    They are the strongly connected components of the graph from each borrower to its guarantors (Tarjan 1972).
    """
    linked = np.flatnonzero(guarantor_is_borrower(loans))
    number = {name: i for i, name in enumerate(loans.borrower.names)}
    guarantor = loans.guarantees.guarantor
    to_borrower = np.array([number.get(name, -1) for name in guarantor.names], dtype=np.intp)
    start, end = loans.borrower.codes[linked], to_borrower[guarantor.codes[linked]]
    graph = coo_array((np.ones(len(linked)), (start, end)), shape=(len(number), len(number)))
    _, member_of = connected_components(graph, directed=True, connection="strong")
    inside = (member_of[start] == member_of[end]) & (start != end)
    found: dict[int, list[int]] = {}
    for component, loan in zip(member_of[start[inside]].tolist(), linked[inside].tolist(), strict=True):
        found.setdefault(component, []).append(loan)
    names = loans.borrower.names
    return [
        GuaranteeCircle(tuple(sorted({names[loans.borrower.codes[i]] for i in members})), tuple(members))
        for members in found.values()
    ]
