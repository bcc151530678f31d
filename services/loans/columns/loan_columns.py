"""Loans as arrays, one row a loan in order of its id."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.loans.columns.term_columns import Numbers, TermColumns, term_columns
from services.loans.loan import IndexWeight, Loan

Codes = NDArray[np.int64]
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A text for each loan: codes [n_loans] into distinct names, numbered in order of first appearance."""

    codes: Codes
    names: tuple[str, ...]

    def texts(self) -> list[str]:
        """The text of each loan."""
        return [self.names[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class GuaranteeColumns:
    """Guarantees; every array is [n_loans], with nothing of a loan that has none.

    Attributes:
        guarantor: empty for one without a name, and for a loan without a guarantee.
        share: of the loss that it bears.
        default_probability_annual: of the guarantor.
    """

    guarantor: Labels
    share: Numbers
    default_probability_annual: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class LoanColumns:
    """What calculations read of loans; see `services.loans.loan.Loan`. Every array is [n_loans].

    Attributes:
        loan_ids: in order of the rows.
        content_hash: SHA-256 of the stored texts of all loans one after the other, hexadecimal.
        borrower, county, product, guarantee_mode: texts; a mode that the bank does not say is empty.
        default_probability_annual, asset_correlation, unsecured_lgd, compensation_share: fractions.
        index_of_loan: into `indices`.
        indices: distinct indices; an empty one is the credit cycle alone.
        guarantees: of the loans that have one.
        terms: of repayment.
    """

    loan_ids: tuple[str, ...]
    content_hash: str
    borrower: Labels
    county: Labels
    product: Labels
    guarantee_mode: Labels
    default_probability_annual: Numbers
    asset_correlation: Numbers
    unsecured_lgd: Numbers
    compensation_share: Numbers
    index_of_loan: Codes
    indices: tuple[tuple[IndexWeight, ...], ...]
    guarantees: GuaranteeColumns
    terms: TermColumns

    def __len__(self) -> int:
        return len(self.loan_ids)


def loan_columns(loans: Sequence[Loan], content_hash: str) -> LoanColumns:
    """The columns of loans that are there as values.

    Args:
        loans: in order of loan_id.
        content_hash: see `LoanColumns.content_hash`.
    """

    def numbers(values: Iterable[float]) -> Numbers:
        return np.array(list(values), dtype=np.float64)

    index_of_loan, indices = numbered([loan.index_weights for loan in loans])
    guarantees = [loan.guarantee for loan in loans]
    return LoanColumns(
        tuple(loan.loan_id for loan in loans),
        content_hash,
        labels([loan.borrower_id for loan in loans]),
        labels([loan.county for loan in loans]),
        labels([loan.product for loan in loans]),
        labels(["" if loan.guarantee_mode is None else loan.guarantee_mode.value for loan in loans]),
        numbers(loan.default_probability_annual for loan in loans),
        numbers(loan.asset_correlation for loan in loans),
        numbers(loan.unsecured_lgd for loan in loans),
        numbers(loan.compensation_share for loan in loans),
        index_of_loan,
        indices,
        GuaranteeColumns(
            labels(["" if given is None else given.guarantor_id for given in guarantees]),
            numbers(0.0 if given is None else given.share for given in guarantees),
            numbers(0.0 if given is None else given.default_probability_annual for given in guarantees),
        ),
        term_columns([loan.terms for loan in loans]),
    )


def labels(texts: Sequence[str]) -> Labels:
    """The labels of texts."""
    return Labels(*numbered(texts))


def numbered(keys: Sequence[_Key]) -> tuple[Codes, tuple[_Key, ...]]:
    """A number for each key, and the distinct keys in order of first appearance, by their numbers."""
    numbers: dict[_Key, int] = {}
    codes = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    return codes, tuple(numbers)
