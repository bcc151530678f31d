"""What the loans service does, without gRPC: keep loans and collateral, write schedules."""

import datetime as dt
from collections.abc import Sequence

from services.loans.asked_loans import require_known
from services.loans.book_terms.store import TermsStore
from services.loans.book_terms.terms import TermsCounts, TermsTable
from services.loans.collateral import Collateral
from services.loans.loan import Loan, LoanPage, PutCounts
from services.loans.products import product_violations
from services.loans.repayment.schedule import RepaymentSchedule, prepayment_violations, repayment_schedule
from services.loans.reported.booking_days import future_violations, require_day_has_come
from services.loans.reported.position import LoanMovement, LoanPosition
from services.loans.reported.reversals import reversal_violations
from services.loans.repository import LoanStore
from services.runtime.errors import InvalidInput, NotFound


def put_loans(store: LoanStore, as_of: dt.date, loans: Sequence[Loan]) -> PutCounts:
    """Stores loans; one that differs from its state in force gets a new state.

    Raises:
        InvalidInput: a business date that has not come; or naming the products that the table does not have, and the
            loans with a prepayment above what is open on its day.
    """
    require_day_has_come("as_of", as_of, store.today())
    wrong = list(product_violations("loans", (loan.product for loan in loans)))
    wrong += prepayment_violations("loans", enumerate(loans))
    if wrong:
        raise InvalidInput.from_violations(wrong)
    return store.put_loans(as_of, loans)


def put_terms(store: TermsStore, as_of: dt.date, tables: Sequence[TermsTable]) -> TermsCounts:
    """Stores tables of curves and funds that hold from a day on.

    Raises:
        InvalidInput: the day has not come.
    """
    require_day_has_come("as_of", as_of, store.today())
    return store.put_terms(as_of, tables)


def put_collateral(store: LoanStore, collateral: Sequence[Collateral]) -> PutCounts:
    """Stores collateral.

    Raises:
        NotFound: naming loans that do not exist.
    """
    require_known(store, [item.loan_id for item in collateral])
    return store.put_collateral(collateral)


def record_positions(store: LoanStore, positions: Sequence[LoanPosition]) -> PutCounts:
    """Stores positions.

    Raises:
        NotFound: naming loans that do not exist.
        InvalidInput: naming positions of days that have not come.
    """
    require_known(store, [position.loan_id for position in positions])
    wrong = future_violations(positions, store.today(), lambda i: f"positions[{i}]")
    if wrong:
        raise InvalidInput.from_violations(wrong)
    return store.record_positions(positions)


def record_movements(store: LoanStore, movements: Sequence[LoanMovement]) -> PutCounts:
    """Stores movements.

    Raises:
        NotFound: naming loans that do not exist.
        InvalidInput: naming movements of days that have not come, reversals that do not agree with what they reverse,
            and corrections of what is reversed.
    """
    require_known(store, [movement.loan_id for movement in movements])
    store.wait_for_writers()
    wrong = future_violations(movements, store.today(), lambda i: f"movements[{i}]")
    wrong += reversal_violations(store, movements, lambda i: f"movements[{i}]")
    if wrong:
        raise InvalidInput.from_violations(wrong)
    return store.record_movements(movements)


def list_loans(store: LoanStore, known_at: dt.datetime, after: str, page_size: int) -> LoanPage:
    """A page of the loans as they were known at a moment."""
    records = store.page(known_at, after, page_size + 1)
    page = tuple(records[:page_size])
    return LoanPage(page, page[-1].loan.loan_id if len(records) > page_size else None)


def schedule_of_loan(store: LoanStore, loan_id: str) -> RepaymentSchedule:
    """The repayment schedule of the current state of a stored loan.

    Raises:
        NotFound: no such loan.
    """
    found = store.loans_in_force(dt.date.max, [loan_id])
    if not found:
        raise NotFound(f"no loan {loan_id!r}")
    return repayment_schedule(found[0].terms)
