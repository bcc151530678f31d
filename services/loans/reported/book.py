"""Loans with what is reported of them: balances now and to come, and the pledges behind them.

A balance to come follows the schedule. Where the report is above the schedule, the difference is in arrears and stays
owed; where it is below, the loan was prepaid and every later balance is smaller in proportion. Without a report the
schedule alone speaks.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quant.factors import FactorModel
from quant.schedules import Array
from services.loans import stored
from services.loans.asked_loans import require_in_force, require_known
from services.loans.collateral import Collateral
from services.loans.loan import Loan
from services.loans.missing_factors import missing_of_pledges, refuse_missing
from services.loans.repayment.schedule import scheduled_balances
from services.loans.reported.position import LoanPosition
from services.loans.repository import LoanStore


@dataclass(frozen=True, slots=True, eq=False)
class ReportedBook:
    """The loans of a day.

    Attributes:
        day: all times count from it.
        loans: in order of loan_id.
        positions: in force on the day, by loan; not every loan has one.
        collateral: in order of loan, then collateral.
    """

    day: dt.date
    loans: tuple[Loan, ...]
    positions: Mapping[str, LoanPosition]
    collateral: tuple[Collateral, ...]

    def balances_cny(self, days: Sequence[dt.date]) -> Array:
        """Balance at the end of each day, [n_loans, n_days]; no day is before the day of the book."""
        terms = [loan.terms for loan in self.loans]
        scheduled = [scheduled_balances(terms, [day] * len(terms)) / 100.0 for day in days]
        return self.as_reported(np.stack(scheduled, axis=1))

    def as_reported(self, scheduled_cny: Array) -> Array:
        """Scheduled balances of any days to come, moved by what is reported today, [n_loans, n_days]."""
        terms = [loan.terms for loan in self.loans]
        today = scheduled_balances(terms, [self.day] * len(terms)) / 100.0
        reported = np.array([self._reported_cny(loan) for loan in self.loans], dtype=np.float64)
        arrears = np.maximum(reported - today, 0.0)
        left = np.divide(reported, today, out=np.ones_like(today), where=today > 0.0)
        balances = scheduled_cny * np.minimum(left, 1.0)[:, None] + arrears[:, None]
        return np.where(np.isnan(reported)[:, None], scheduled_cny, balances)

    def owing(self) -> "ReportedBook":
        """The same book without the loans that owe nothing on its day."""
        owed = self.balances_cny([self.day])[:, 0] > 0.0
        kept = {loan.loan_id for loan, owes in zip(self.loans, owed, strict=True) if owes}
        return ReportedBook(
            self.day,
            tuple(loan for loan in self.loans if loan.loan_id in kept),
            self.positions,
            tuple(item for item in self.collateral if item.loan_id in kept),
        )

    def without_guarantees_of(self, fallen: Collection[str]) -> "tuple[ReportedBook, tuple[str, ...]]":
        """The same book where nobody of these guarantees, and the loans that this leaves without a guarantee."""
        unbacked = tuple(
            loan.loan_id
            for loan in self.loans
            if loan.guarantee is not None
            and loan.guarantee.share > 0.0
            and loan.guarantee.guarantor_id in fallen
        )
        bare = set(unbacked)
        loans = tuple(replace(loan, guarantee=None) if loan.loan_id in bare else loan for loan in self.loans)
        return replace(self, loans=loans), unbacked

    def check_factors(self, model: FactorModel) -> None:
        """Refuse a market that does not price the pledges.

        Raises:
            InvalidInput: naming the pledges and the factors that they need.
        """
        refuse_missing(missing_of_pledges(self.collateral, model), model)

    def content_hash(self) -> str:
        """SHA-256 of everything in the book, hexadecimal."""
        digest = hashlib.sha256(self.day.isoformat().encode())
        for loan in self.loans:
            digest.update(stored.loan_to_text(loan).encode())
            digest.update(repr(self.positions.get(loan.loan_id)).encode())
        for item in self.collateral:
            digest.update(stored.collateral_to_text(item).encode())
        return digest.hexdigest()

    def _reported_cny(self, loan: Loan) -> float:
        position = self.positions.get(loan.loan_id)
        return float("nan") if position is None else float(position.balance_cny)


def read_reported_book(store: LoanStore, day: dt.date, loan_ids: Sequence[str] = ()) -> ReportedBook:
    """The loans in force on a day, with positions and collateral.

    Raises:
        NotFound: no loans, or an unknown one.
    """
    require_known(store, loan_ids)
    loans, positions = read_reported(store, day, loan_ids)
    require_in_force(store, day, {loan.loan_id for loan in loans}, loan_ids)
    collateral = store.collateral_in_force(day, (loan.loan_id for loan in loans))
    return ReportedBook(day, tuple(loans), positions, tuple(collateral))


def read_reported(
    store: LoanStore, day: dt.date, loan_ids: Sequence[str] = ()
) -> tuple[list[Loan], dict[str, LoanPosition]]:
    """Loans in force on a day and, of those that have one, the position in force."""
    loans = store.loans_in_force(day, loan_ids)
    known = {loan.loan_id for loan in loans}
    positions = {position.loan_id: position for position in store.positions_in_force(day, loan_ids)}
    return loans, {loan_id: position for loan_id, position in positions.items() if loan_id in known}
