"""The loans that a question names must be there on its day."""

import datetime as dt
from collections.abc import Collection

from services.loans.few_names import few_quoted
from services.loans.repository import LoanStore
from services.runtime.errors import NotFound


def require_known(store: LoanStore, loan_ids: Collection[str]) -> None:
    """Refuse ids that no loan of the institution ever had.

    Raises:
        NotFound: with the unknown ones.
    """
    unknown = store.unknown_loans(loan_ids)
    if unknown:
        raise NotFound(f"no such loan: {few_quoted(unknown)}")


def require_in_force(
    store: LoanStore, day: dt.date, found: Collection[str], loan_ids: Collection[str]
) -> None:
    """Refuse a day on which a loan that is asked for, or any loan at all, had no state yet.

    Args:
        store: of the institution.
        day: of the question.
        found: loans in force on it.
        loan_ids: asked for; empty for all.

    Raises:
        NotFound: with the missing ones and the first day on which there is one of them.
    """
    missing = sorted(set(loan_ids).difference(found))
    if found and not missing:
        return
    first = store.first_day()
    if first is None:
        raise NotFound("the institution has no loans")
    if not missing:
        raise NotFound(
            f"no state on {day} of any loan; the first loan is as of {first}: expected as_of on or after the business "
            "date of the loans"
        )
    require_known(store, missing)
    first = min(first_day for first_day, _ in store.first_states(missing).values())
    raise NotFound(
        f"no state on {day} of {few_quoted(missing)}, of which the first is as of {first}: expected as_of on or after "
        "the business date of the loans"
    )
