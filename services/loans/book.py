"""From loans and collateral to the arrays of a simulation: exposures, probabilities over the horizon, addresses.

Conventions. A loan is at risk until the horizon or its last instalment, whichever comes first (T years, ACT/365).
Its exposure at default is the balance scheduled for the middle of that time, without accrued interest. Its
probability of default over T is 1 - (1 - p)^T.
"""

import datetime as dt
import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from quant.factors import FactorModel
from quant.portfolio import LoanBook
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
    """

    day: dt.date
    loans: tuple[Loan, ...]
    collateral: tuple[Collateral, ...]

    def content_hash(self) -> str:
        """SHA-256 of everything in the book, hexadecimal."""
        digest = hashlib.sha256(self.day.isoformat().encode())
        for loan in self.loans:
            digest.update(stored.loan_to_text(loan).encode())
        for item in self.collateral:
            digest.update(stored.collateral_to_text(item).encode())
        return digest.hexdigest()

    def years_at_risk(self, horizon_years: float) -> Array:
        """T of each loan, 0 for one that has matured, [n_loans]."""
        left = [(loan.terms.matures_on - self.day).days / DAYS_PER_YEAR for loan in self.loans]
        return np.clip(left, 0.0, horizon_years)

    def arrays(self, model: FactorModel, horizon_years: float) -> LoanBook:
        """The book as `quant.portfolio` knows it.

        Raises:
            InvalidInput: if a schedule or an index names a factor that the model does not have.
        """
        self._check_factors(model)
        loans = self.loans
        years = self.years_at_risk(horizon_years)
        middle = [self.day + dt.timedelta(days=round(t * DAYS_PER_YEAR / 2.0)) for t in years]
        exposure_cents = scheduled_balances([loan.terms for loan in loans], middle)
        indices = list(dict.fromkeys(_index_of(loan) for loan in loans))
        guarantees = [loan.guarantee for loan in loans]
        position = {loan.loan_id: i for i, loan in enumerate(loans)}
        return LoanBook(
            exposure_cny=exposure_cents / 100.0,
            default_probability=_over(years, [loan.default_probability_annual for loan in loans]),
            asset_correlation=np.array([loan.asset_correlation for loan in loans]),
            index_of_loan=_numbers([_index_of(loan) for loan in loans]),
            borrower_of_loan=np.array([lane_of_name(loan.borrower_id) for loan in loans], dtype=np.intp),
            unsecured_lgd=np.array([loan.unsecured_lgd for loan in loans]),
            guarantee_share=np.array([0.0 if g is None else g.share for g in guarantees]),
            guarantor_of_loan=np.array([lane_of_name(_guarantor_of(loan)) for loan in loans], dtype=np.intp),
            guarantor_default_probability=_over(
                years, [0.0 if g is None else g.default_probability_annual for g in guarantees]
            ),
            index_weights=_weight_matrix(indices, model),
            collateral=tuple(item.schedule_from(self.day) for item in self.collateral),
            loan_of_collateral=np.array([position[item.loan_id] for item in self.collateral], dtype=np.intp),
            pledged_share=np.array([item.pledged_share for item in self.collateral], dtype=np.float64),
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


def _over(years: Array, annual: Sequence[float]) -> Array:
    probability: Array = 1.0 - (1.0 - np.array(annual)) ** years
    return np.where(years == 0.0, 0.0, probability)


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
