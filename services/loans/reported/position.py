"""What the core banking system reports of a loan: its position on a day, and what moved it. Values only."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.loans.loan import MAX_PRINCIPAL_CNY, require_id

MAX_OVERDUE_DAYS = 36_525
MAX_RATE_ANNUAL = 1.0


class FiveClass(StrEnum):
    """Quality of a loan in the five classes of the 2023 rule, best first."""

    NORMAL = "normal"  # 正常
    SPECIAL_MENTION = "special_mention"  # 关注
    SUBSTANDARD = "substandard"  # 次级
    DOUBTFUL = "doubtful"  # 可疑
    LOSS = "loss"  # 损失


NON_PERFORMING = (FiveClass.SUBSTANDARD, FiveClass.DOUBTFUL, FiveClass.LOSS)
# What tells a bad loan where no dated rule is asked; classification takes its figure from data/loans/credit_rules.toml.
BAD_ABOVE_DAYS = 90


class MovementKind(StrEnum):
    """What moved the balance of a loan."""

    DRAWN = "drawn"  # 发放
    REPAID = "repaid"  # 按期归还
    PREPAID = "prepaid"  # 提前归还
    WRITTEN_OFF = "written_off"  # 核销


@dataclass(frozen=True, slots=True)
class LoanMovement:
    """A movement of principal.

    Attributes:
        movement_id: 1 to 64 characters, unique for the institution; a repeat with the same content changes nothing.
        loan_id: the loan.
        day: business date.
        kind: what happened.
        amount_cny: > 0, whole cents; the kind gives the direction.
        reverses: movement that this one withdraws, of the same loan, kind and amount, whose direction it turns round;
            empty for none.

    Raises:
        ValueError: if a field is outside its domain.
    """

    movement_id: str
    loan_id: str
    day: dt.date
    kind: MovementKind
    amount_cny: Decimal
    reverses: str = ""

    def __post_init__(self) -> None:
        require_id("movement_id", self.movement_id)
        require_id("loan_id", self.loan_id)
        _require_cents("amount", self.amount_cny)
        if self.amount_cny == 0:
            raise ValueError("amount: found 0, expected above 0")
        if self.reverses:
            require_id("reverses", self.reverses)
            if self.reverses == self.movement_id:
                raise ValueError(f"reverses: found {self.reverses!r}, expected another movement")

    @property
    def signed_cny(self) -> Decimal:
        """Change of the balance."""
        is_inflow = (self.kind is MovementKind.DRAWN) != bool(self.reverses)
        return self.amount_cny if is_inflow else -self.amount_cny


@dataclass(frozen=True, slots=True)
class LoanPosition:
    """A loan as reported at the end of a day.

    Attributes:
        loan_id: the loan.
        as_of: business date.
        balance_cny: principal outstanding, >= 0, whole cents.
        rate_annual: contract rate in force, 0 to 1.
        overdue_days: days since the oldest unpaid principal or interest fell due, 0 if none.
        overdue_principal_cny: principal past due, >= 0 and at most the balance.
        quality: class that the bank assigned; None if it assigned none.
        is_credit_impaired: whether the bank holds it for credit-impaired.

    Raises:
        ValueError: if a field is outside its domain.
    """

    loan_id: str
    as_of: dt.date
    balance_cny: Decimal
    rate_annual: float
    overdue_days: int = 0
    overdue_principal_cny: Decimal = Decimal(0)
    quality: FiveClass | None = None
    is_credit_impaired: bool = False

    def __post_init__(self) -> None:
        require_id("loan_id", self.loan_id)
        _require_cents("balance", self.balance_cny)
        _require_cents("overdue_principal", self.overdue_principal_cny)
        if self.overdue_principal_cny > self.balance_cny:
            raise ValueError(
                f"overdue_principal: found {self.overdue_principal_cny}, expected at most {self.balance_cny}"
            )
        if not 0.0 <= self.rate_annual <= MAX_RATE_ANNUAL:
            raise ValueError(f"rate_annual: found {self.rate_annual}, expected a fraction from 0 to 1")
        if not 0 <= self.overdue_days <= MAX_OVERDUE_DAYS:
            raise ValueError(f"overdue_days: found {self.overdue_days}, expected 0 to {MAX_OVERDUE_DAYS:,}")


def _require_cents(field: str, amount: Decimal) -> None:
    if not (amount.is_finite() and 0 <= amount <= MAX_PRINCIPAL_CNY):
        raise ValueError(f"{field}: found {amount}, expected 0 to {MAX_PRINCIPAL_CNY:,}")
    if amount != round(amount, 2):
        raise ValueError(f"{field}: found {amount}, expected whole cents")
