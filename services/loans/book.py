"""From loans and collateral to the arrays of a simulation: exposures by period, lives, addresses.

Conventions. A loan is at risk until its last instalment (ACT/365). Its exposure at default in a period is the balance
scheduled for the middle of the time at risk in that period, without accrued interest. Without a curve its hazard is
constant: the probability of default over T years is 1 - (1 - p)^T.
"""

import datetime as dt
import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from quant.factors import FactorModel
from quant.loan_losses.book import Flags, LoanBook, Pledges
from quant.schedules import Array
from services.loans import stored
from services.loans.book_terms.used import NO_TERMS, UsedTerms
from services.loans.collateral import DAYS_PER_YEAR, Collateral
from services.loans.columns.loan_columns import LoanColumns, numbered
from services.loans.guarantees import addresses, guarantor_addresses, guarantor_is_borrower
from services.loans.loan import IndexWeight
from services.loans.missing_factors import MOST_REPORTED, missing_of_pledges, refuse_missing
from services.loans.repayment.schedule import balances_on
from services.loans.segments.compensation_fund import NO_CLAIMS, FundClaims, funds_of_loans
from services.loans.segments.default_curve import curves_of_loans

CREDIT_CYCLE = "credit_cycle"
_DEFAULT_INDEX = (IndexWeight(CREDIT_CYCLE, 1.0),)


@dataclass(frozen=True, slots=True)
class BadLoans:
    """Loans that are in default already (不良): they do not default again.

    Attributes:
        balances_cny: what each owes as reported, > 0, by loan.
        borrowers: who owes them; their guarantees for others count as nothing.
    """

    balances_cny: Mapping[str, float] = field(default_factory=dict)
    borrowers: frozenset[str] = frozenset()

    @property
    def stock_cny(self) -> float:
        """What all of them owe."""
        return math.fsum(self.balances_cny.values())

    def within(self, loan_ids: Collection[str]) -> "BadLoans":
        """Those of a part of the book; a borrower in default is so for every part."""
        asked = set(loan_ids)
        kept = {loan_id: owed for loan_id, owed in self.balances_cny.items() if loan_id in asked}
        return BadLoans(kept, self.borrowers)


NO_BAD_LOANS = BadLoans()


@dataclass(frozen=True, slots=True, eq=False)
class SecuredBook:
    """The loans of a simulation with their collateral.

    Attributes:
        day: day of the book; all times count from it.
        loans: as columns, in order of loan_id.
        collateral: in order of loan, then collateral.
        fund_cap_cny: most that the risk-compensation fund of the institution pays; None for no cap.
        terms: term structures of default, where loans of none keep a constant hazard; named funds, where loans of none
            are backed by that of the institution.
        settled: loans that owe nothing as reported: repaid early or written off. They are at risk no longer.
        bad: loans that are in default already. They do not default again; the stock of bad loans begins with them.
        claimed_first: what these claim of the funds and are expected to be paid before all others.
    """

    day: dt.date
    loans: LoanColumns
    collateral: tuple[Collateral, ...]
    fund_cap_cny: float | None = None
    terms: UsedTerms = NO_TERMS
    settled: frozenset[str] = frozenset()
    bad: BadLoans = NO_BAD_LOANS
    claimed_first: FundClaims = NO_CLAIMS

    def content_hash(self) -> str:
        """SHA-256 of everything in the book, hexadecimal."""
        digest = hashlib.sha256(self.day.isoformat().encode())
        digest.update(self.loans.content_hash.encode())
        for item in self.collateral:
            digest.update(stored.collateral_to_text(item).encode())
        # Nothing where there is none: a book without reports keeps the hash that it had before they were read.
        for loan_id in sorted(self.settled):
            digest.update(b"settled" + loan_id.encode())
        for loan_id, owed in sorted(self.bad.balances_cny.items()):
            digest.update(f"bad{loan_id}={owed!r}".encode())
        for borrower in sorted(self.bad.borrowers):
            digest.update(f"fallen{borrower}".encode())
        if self.claimed_first.claims_cny:
            digest.update(repr(self.claimed_first).encode())
        return digest.hexdigest()

    def years_left(self) -> Array:
        """Years at risk: until the last instalment, 0 for a loan that has matured, is settled or bad, [n_loans]."""
        left = (self.loans.terms.matures_on - np.datetime64(self.day)).astype(np.int64) / DAYS_PER_YEAR
        gone = self.settled.union(self.bad.balances_cny)
        if gone:
            left = np.where([loan_id in gone for loan_id in self.loans.loan_ids], 0.0, left)
        return np.maximum(left, 0.0)

    def exposures(self, period_ends_years: Array) -> Array:
        """Balance in the middle of the time at risk in every period, CNY, [n_loans, n_periods]."""
        left, day = self.years_left(), np.datetime64(self.day)
        out = np.empty((len(self.loans), len(period_ends_years)))
        for k, (start, end) in enumerate(
            zip(np.append(0.0, period_ends_years), period_ends_years, strict=False)
        ):
            middle = 0.5 * (np.minimum(start, left) + np.minimum(end, left))
            days = day + np.rint(middle * DAYS_PER_YEAR).astype(np.int64)
            out[:, k] = np.where(left > start, balances_on(self.loans.terms, days) / 100.0, 0.0)
        return out

    def loss_book(self, model: FactorModel, period_ends_years: Array) -> LoanBook:
        """The book as `quant.portfolio` knows it, for periods that end so many years after its day.

        A guarantor that is not named is another one for every loan; one that borrows here fails as guarantor when it
        defaults as borrower, and bears nothing where it is in default already. Loans with a compensation share that no
        named fund has are backed by one fund, since a loan does not say which. Of a cap there is what loans in default
        are expected to leave of it.

        Raises:
            InvalidInput: if a schedule or an index names a factor that the model does not have.
        """
        self.check_factors(model)
        loans, guarantees = self.loans, self.loans.guarantees
        own, indices = numbered([index or _DEFAULT_INDEX for index in loans.indices])
        ends = np.asarray(period_ends_years, dtype=np.float64)
        curves = curves_of_loans(loans, self.terms.curves.entries, ends)
        funds = funds_of_loans(loans, self.terms.funds.entries, self.fund_cap_cny)
        guarantor_borrows = guarantor_is_borrower(loans)
        position = {loan_id: i for i, loan_id in enumerate(loans.loan_ids)} if self.collateral else {}
        return LoanBook(
            exposure_cny=self.exposures(period_ends_years),
            default_probability_annual=curves.default_probability_annual,
            years_at_risk=self.years_left(),
            asset_correlation=loans.asset_correlation,
            index_of_loan=own[loans.index_of_loan].astype(np.intp),
            borrower_of_loan=addresses(loans.borrower),
            unsecured_lgd=loans.unsecured_lgd,
            guarantee_share=np.where(self.guarantor_has_fallen(), 0.0, guarantees.share),
            guarantor_of_loan=guarantor_addresses(loans, guarantor_borrows),
            guarantor_default_probability_annual=guarantees.default_probability_annual,
            compensation_share=funds.compensation_share,
            fund_of_loan=funds.fund_of_loan,
            index_weights=_weight_matrix(indices, model),
            period_ends_years=ends,
            fund_cap_cny=self.claimed_first.left_of(funds.cap_cny),
            pledges=Pledges.each_its_own(
                [item.schedule_from(self.day) for item in self.collateral],
                np.array([position[item.loan_id] for item in self.collateral], dtype=np.intp),
                np.array([item.pledged_share for item in self.collateral], dtype=np.float64),
            ),
            hazard_multiples=curves.hazard_multiples,
            curve_of_loan=curves.curve_of_loan,
            guarantor_borrows=guarantor_borrows,
            npl_stock_cny=self.bad.stock_cny,
        )

    def guarantor_has_fallen(self) -> Flags:
        """Whether the guarantor of each loan is in default itself, [n_loans]."""
        guarantor = self.loans.guarantees.guarantor
        fallen = np.array([name in self.bad.borrowers for name in guarantor.names], dtype=bool)
        flags: Flags = fallen[guarantor.codes]
        return flags

    def check_factors(self, model: FactorModel) -> None:
        """Refuse a market that does not price the pledges or move the indices.

        Raises:
            InvalidInput: naming schedules and indices with the factors that they need.
        """
        primaries = {factor.name for factor in model.primaries}
        found = list(missing_of_pledges(self.collateral, model))
        for number, index in enumerate(self.loans.indices):
            for weight in index or _DEFAULT_INDEX:
                if weight.factor not in primaries:
                    some = np.flatnonzero(self.loans.index_of_loan == number)[:MOST_REPORTED]
                    found += [(f"index of loan {self.loans.loan_ids[i]}", weight.factor) for i in some]
        refuse_missing(found, model)


def _weight_matrix(indices: Sequence[tuple[IndexWeight, ...]], model: FactorModel) -> Array:
    matrix = np.zeros((len(indices), model.n_primary))
    for row, weights in zip(matrix, indices, strict=True):
        for weight in weights:
            row[model.index(weight.factor)] = weight.weight
    return matrix
