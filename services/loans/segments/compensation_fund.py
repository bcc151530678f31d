"""Several risk-compensation funds (风险补偿资金池): whose losses each shares, and how much it can pay."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quant.draws.sparse_draws import Lanes
from quant.loan_losses.book import NO_FUND
from quant.schedules import Array
from services.loans.columns.loan_columns import LoanColumns
from services.loans.segments.segment import NOBODY, WHOLE_BOOK, Segment, first_segment, require_texts

INSTITUTION_FUND = 0
"""Number of the fund behind loans with a share that no named fund has; the named ones follow it."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class CompensationFundTerms:
    """Terms of a fund; balance, cap or both are given.

    Attributes:
        name: each once.
        basis: where the terms come from, such as "assumption: ...".
        segment: whose losses it shares.
        balance_cny: money in the fund, >= 0.
        cap_cny: most that it pays by agreement, >= 0.
        compensation_share: share of the loss that it bears of what collateral and guarantee leave, 0 to 1; None for
            each loan's own.

    Raises:
        ValueError: if a figure is outside its domain, or neither balance nor cap is given.
    """

    name: str
    basis: str
    segment: Segment = WHOLE_BOOK
    balance_cny: float | None = None
    cap_cny: float | None = None
    compensation_share: float | None = None

    def __post_init__(self) -> None:
        require_texts(self.name, self.basis)
        if self.balance_cny is None and self.cap_cny is None:
            raise ValueError("balance_cny: found neither balance_cny nor cap_cny, expected one or both")
        for field, value in (("balance_cny", self.balance_cny), ("cap_cny", self.cap_cny)):
            if value is not None and not 0.0 <= value < math.inf:
                raise ValueError(f"{field}: found {value}, expected a finite number >= 0")
        if self.compensation_share is not None and not 0.0 <= self.compensation_share <= 1.0:
            raise ValueError(
                f"compensation_share: found {self.compensation_share}, expected a fraction from 0 to 1"
            )

    @property
    def pays_at_most_cny(self) -> float:
        """The smaller of balance and cap."""
        return min(value for value in (self.balance_cny, self.cap_cny) if value is not None)


@dataclass(frozen=True, slots=True, eq=False)
class FundsOfLoans:
    """What a simulation needs of funds.

    Attributes:
        compensation_share: of each loan, [n_loans].
        fund_of_loan: number of the fund that bears it, NO_FUND for none, [n_loans].
        cap_cny: most that each fund pays, inf for no cap, [n_funds].
    """

    compensation_share: Array
    fund_of_loan: Lanes
    cap_cny: Array

    def sums(self, of_loans: Array) -> Array:
        """Sums of the loans of each fund, [n_funds]."""
        funded = self.fund_of_loan >= 0
        found: Array = np.bincount(
            self.fund_of_loan[funded], of_loans[funded], minlength=len(self.cap_cny)
        ).astype(np.float64)
        return found

    def of_loans(self, of_funds: Array) -> Array:
        """The figure of each loan's fund, 0 for a loan without one, [n_loans]."""
        return np.where(self.fund_of_loan >= 0, of_funds[self.fund_of_loan], 0.0)


@dataclass(frozen=True, slots=True)
class FundClaims:
    """What some loans claim of each fund, undiscounted, in order of the funds; nothing where nobody claims.

    Attributes:
        claims_cny: expected claims.
        payments_cny: what the fund is expected to pay of them, at most its cap.
    """

    claims_cny: tuple[float, ...] = ()
    payments_cny: tuple[float, ...] = ()

    @classmethod
    def of(cls, claims_cny: Array, payments_cny: Array) -> "FundClaims":
        """From arrays, [n_funds]."""
        return cls(tuple(claims_cny.tolist()), tuple(payments_cny.tolist()))

    def left_of(self, cap_cny: Array) -> Array:
        """What these payments leave of each cap; what is less than rounding leaves is nothing, [n_funds]."""
        if not self.payments_cny:
            return cap_cny
        paid = np.array(self.payments_cny)
        return np.where(paid < cap_cny * (1.0 - _ROUNDING), cap_cny - paid, 0.0)


NO_CLAIMS = FundClaims()


def funds_of_loans(
    loans: LoanColumns, funds: Sequence[CompensationFundTerms], institution_cap_cny: float | None
) -> FundsOfLoans:
    """The fund behind every loan.

    Args:
        loans: of the book.
        funds: the named ones.
        institution_cap_cny: most that the fund behind all other loans with a share pays; None for no cap.
    """
    share = loans.compensation_share
    caps = [np.inf if institution_cap_cny is None else institution_cap_cny]
    fund = np.full(len(loans), INSTITUTION_FUND, dtype=np.intp)
    if funds:
        chosen = first_segment([terms.segment for terms in funds], loans)
        given = np.array(
            [np.nan if terms.compensation_share is None else terms.compensation_share for terms in funds]
        )
        share = np.where((chosen != NOBODY) & ~np.isnan(given[chosen]), given[chosen], share)
        fund = chosen + 1
        caps += [terms.pays_at_most_cny for terms in funds]
    return FundsOfLoans(share, np.where(share > 0.0, fund, NO_FUND), np.array(caps))
