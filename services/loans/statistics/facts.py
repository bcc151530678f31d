"""What the statistics read of a loan, a position and a movement; amounts are whole cents."""

import datetime as dt
from typing import NamedTuple

from services.loans.reported.position import FiveClass, MovementKind


class LoanFacts(NamedTuple):
    """Attributes of a loan that decide its lines; see `services.loans.loan.Loan`."""

    loan_id: str
    borrower_id: str
    drawn_on: dt.date
    matures_on: dt.date
    approved_on: dt.date | None
    purpose: str
    industry: str
    county: str
    product: str
    guarantee_mode: str
    is_synthetic: bool = False


class PositionFacts(NamedTuple):
    """A position in force on a day; see `services.loans.reported.position.LoanPosition`."""

    loan_id: str
    as_of: dt.date
    balance_cents: int
    rate_annual: float
    quality: FiveClass | None


class MovementFacts(NamedTuple):
    """A movement of principal, the amount of a reversal below 0; see `services.loans.reported.position`."""

    loan_id: str
    day: dt.date
    kind: MovementKind
    amount_cents: int
