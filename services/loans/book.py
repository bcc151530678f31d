"""From loans and collateral to the arrays of a simulation: exposures by period, lives, addresses.

Conventions. A loan is at risk until its last instalment (ACT/365). Its exposure at default in a period is the balance
scheduled for the middle of the time at risk in that period, without accrued interest. Its hazard is constant: the
probability of default over T years is 1 - (1 - p)^T.
"""

import datetime as dt
import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from quant.factors import FactorModel
from quant.loan_losses.book import NO_FUND, LoanBook, Pledges
from quant.schedules import Array
from quant.sparse_draws import Lanes, lane_of_name
from services.loans import stored
from services.loans.collateral import DAYS_PER_YEAR, Collateral
from services.loans.loan import IndexWeight, Loan
from services.loans.schedule import scheduled_balances
from services.runtime.errors import FieldViolation, InvalidInput

CREDIT_CYCLE = "credit_cycle"
_DEFAULT_INDEX = (IndexWeight(CREDIT_CYCLE, 1.0),)
_REPORTED_UNKNOWN_FACTORS = 20


@dataclass(frozen=True, slots=True, eq=False)
class SecuredBook:
    """The loans of a simulation with their collateral.

    Attributes:
        day: day of the book; all times count from it.
        loans: in order of loan_id.
        collateral: in order of loan, then collateral.
        fund_cap_cny: most that the risk-compensation fund of the institution pays; None for no cap.
    """

    day: dt.date
    loans: tuple[Loan, ...]
    collateral: tuple[Collateral, ...]
    fund_cap_cny: float | None = None

    def content_hash(self) -> str:
        """SHA-256 of everything in the book, hexadecimal."""
        digest = hashlib.sha256(self.day.isoformat().encode())
        for loan in self.loans:
            digest.update(stored.loan_to_text(loan).encode())
        for item in self.collateral:
            digest.update(stored.collateral_to_text(item).encode())
        return digest.hexdigest()

    def years_left(self) -> Array:
        """Years until the last instalment of each loan, 0 for one that has matured, [n_loans]."""
        left = [(loan.terms.matures_on - self.day).days / DAYS_PER_YEAR for loan in self.loans]
        return np.maximum(left, 0.0)

    def exposures(self, period_ends_years: Array) -> Array:
        """Balance in the middle of the time at risk in every period, CNY, [n_loans, n_periods]."""
        left, terms = self.years_left(), [loan.terms for loan in self.loans]
        out = np.empty((len(terms), len(period_ends_years)))
        for k, (start, end) in enumerate(
            zip(np.append(0.0, period_ends_years), period_ends_years, strict=False)
        ):
            middle = 0.5 * (np.minimum(start, left) + np.minimum(end, left))
            days = [self.day + dt.timedelta(days=round(years * DAYS_PER_YEAR)) for years in middle]
            out[:, k] = np.where(left > start, scheduled_balances(terms, days) / 100.0, 0.0)
        return out

    def loss_book(self, model: FactorModel, period_ends_years: Array) -> LoanBook:
        """The book as `quant.portfolio` knows it, for periods that end so many years after its day.

        A guarantor that is not named is another one for every loan. All loans with a compensation share are backed by
        one fund, since a loan does not say which.

        Raises:
            InvalidInput: if a schedule or an index names a factor that the model does not have.
        """
        self._check_factors(model)
        loans = self.loans
        indices = list(dict.fromkeys(_index_of(loan) for loan in loans))
        guarantees = [loan.guarantee for loan in loans]
        position = {loan.loan_id: i for i, loan in enumerate(loans)}
        compensation = np.array([loan.compensation_share for loan in loans])
        return LoanBook(
            exposure_cny=self.exposures(period_ends_years),
            default_probability_annual=np.array([loan.default_probability_annual for loan in loans]),
            years_at_risk=self.years_left(),
            asset_correlation=np.array([loan.asset_correlation for loan in loans]),
            index_of_loan=_numbers([_index_of(loan) for loan in loans]),
            borrower_of_loan=np.array([lane_of_name(loan.borrower_id) for loan in loans], dtype=np.intp),
            unsecured_lgd=np.array([loan.unsecured_lgd for loan in loans]),
            guarantee_share=np.array([0.0 if g is None else g.share for g in guarantees]),
            guarantor_of_loan=np.array([lane_of_name(_guarantor_of(loan)) for loan in loans], dtype=np.intp),
            guarantor_default_probability_annual=np.array(
                [0.0 if g is None else g.default_probability_annual for g in guarantees]
            ),
            compensation_share=compensation,
            fund_of_loan=np.where(compensation > 0.0, 0, NO_FUND),
            index_weights=_weight_matrix(indices, model),
            period_ends_years=np.asarray(period_ends_years, dtype=np.float64),
            fund_cap_cny=np.array([np.inf if self.fund_cap_cny is None else self.fund_cap_cny]),
            pledges=Pledges.each_its_own(
                [item.schedule_from(self.day) for item in self.collateral],
                np.array([position[item.loan_id] for item in self.collateral], dtype=np.intp),
                np.array([item.pledged_share for item in self.collateral], dtype=np.float64),
            ),
        )

    def _check_factors(self, model: FactorModel) -> None:
        primaries = {factor.name for factor in model.primaries}
        found: dict[tuple[str, str], None] = {}
        for item in self.collateral:
            for name in dict.fromkeys(item.schedule.factors):
                if name not in model:
                    found[f"collateral {item.collateral_id}", name] = None
        for loan in self.loans:
            for weight in _index_of(loan):
                if weight.factor not in primaries:
                    found[f"index of loan {loan.loan_id}", weight.factor] = None
        if found:
            known = ", ".join(model.names)
            raise InvalidInput.from_violations(
                FieldViolation(
                    "snapshot",
                    f"{user} needs factor {name!r}, which the snapshot does not have; it has {known}",
                )
                for user, name in list(found)[:_REPORTED_UNKNOWN_FACTORS]
            )


def _index_of(loan: Loan) -> tuple[IndexWeight, ...]:
    return loan.index_weights or _DEFAULT_INDEX


def _guarantor_of(loan: Loan) -> str:
    """Who guarantees; a fund or pool without a name is another one for every loan."""
    if loan.guarantee is None or not loan.guarantee.guarantor_id:
        return f"of loan {loan.loan_id}"
    return f"guarantor {loan.guarantee.guarantor_id}"


def _numbers(keys: Sequence[Hashable]) -> Lanes:
    """Equal keys get equal numbers, in order of first appearance."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def _weight_matrix(indices: Sequence[tuple[IndexWeight, ...]], model: FactorModel) -> Array:
    matrix = np.zeros((len(indices), model.n_primary))
    for row, weights in zip(matrix, indices, strict=True):
        for weight in weights:
            row[model.index(weight.factor)] = weight.weight
    return matrix
