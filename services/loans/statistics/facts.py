"""What the statistics read of a loan, a position and a movement; amounts are whole cents."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from services.loans.loan import Loan
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.synthetic.book import MARK

CENTS_PER_CNY = 100


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


def facts_of_loan(loan: Loan) -> LoanFacts:
    """What the statistics read of a loan."""
    return LoanFacts(
        loan.loan_id,
        loan.borrower_id,
        loan.terms.drawn_on,
        loan.terms.matures_on,
        loan.approved_on,
        loan.purpose,
        loan.industry,
        loan.county,
        loan.product,
        loan.guarantee_mode or "",
        MARK in loan.name,
    )


def facts_of_position(position: LoanPosition) -> PositionFacts:
    """What the statistics read of a position."""
    return PositionFacts(
        position.loan_id,
        position.as_of,
        cents_of(position.balance_cny),
        position.rate_annual,
        position.quality,
    )


def facts_of_movement(movement: LoanMovement) -> MovementFacts:
    """What the statistics read of a movement."""
    cents = cents_of(movement.amount_cny)
    return MovementFacts(
        movement.loan_id, movement.day, movement.kind, -cents if movement.reverses else cents
    )


def cents_of(amount_cny: Decimal) -> int:
    """Whole cents of an amount that is in whole cents."""
    return int(amount_cny * CENTS_PER_CNY)
