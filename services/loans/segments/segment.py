"""Which loans of a book some terms are for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from quant.draws.sparse_draws import Lanes
from services.loans.columns.loan_columns import Labels, LoanColumns

MOST_NAMED = 100
MAX_NAME_CHARS, MAX_BASIS_CHARS = 64, 500
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a book; what is empty or None does not choose.

    Attributes:
        loan_ids, counties, products: only these.
        pd_from: yearly probability of default from here on, 0 to 1: a grade of a rating scale.
        pd_below: and below this; None for any.

    Raises:
        ValueError: if the probabilities are no range.
    """

    loan_ids: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    pd_from: float = 0.0
    pd_below: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.pd_from <= 1.0:
            raise ValueError(f"pd_from: found {self.pd_from}, expected a fraction from 0 to 1")
        if self.pd_below is not None and not self.pd_from < self.pd_below <= 1.0:
            raise ValueError(
                f"pd_below: found {self.pd_below}, expected above pd_from ({self.pd_from}) and at most 1"
            )

    def covers(self, loans: LoanColumns) -> NDArray[np.bool_]:
        """Whether it has each loan, [n_loans]."""
        pd = loans.default_probability_annual
        chosen: NDArray[np.bool_] = pd >= self.pd_from
        if self.pd_below is not None:
            chosen &= pd < self.pd_below
        if self.loan_ids:
            wanted = set(self.loan_ids)
            chosen &= np.array([loan_id in wanted for loan_id in loans.loan_ids], dtype=np.bool_)
        for labels, names in ((loans.county, self.counties), (loans.product, self.products)):
            if names:
                chosen &= _is_one_of(labels, names)
        return chosen


def first_segment(segments: Iterable[Segment], loans: LoanColumns) -> Lanes:
    """Number of the first segment that has each loan, NOBODY where none has it, [n_loans]."""
    found = np.full(len(loans), NOBODY, dtype=np.intp)
    for number, segment in enumerate(segments):
        found[(found == NOBODY) & segment.covers(loans)] = number
    return found


def require_texts(name: str, basis: str) -> None:
    """Refuse a name or a basis that is blank or too long.

    Raises:
        ValueError: naming the field.
    """
    for field, text, most in (("name", name, MAX_NAME_CHARS), ("basis", basis, MAX_BASIS_CHARS)):
        if not text.strip() or len(text) > most:
            raise ValueError(f"{field}: found {text[:80]!r}, expected 1 to {most} characters")


def require_distinct(field: str, names: Sequence[str]) -> None:
    """Refuse names that are too many or not distinct.

    Raises:
        ValueError: naming the field.
    """
    if len(names) > MOST_NAMED:
        raise ValueError(f"{field}: found {len(names)}, expected at most {MOST_NAMED}")
    if len(set(names)) < len(names):
        raise ValueError(f"{field}: found {sorted(names)}, expected each name once")


SEGMENT_FIELDS = tuple(field.name for field in fields(Segment))
WHOLE_BOOK = Segment()


def _is_one_of(labels: Labels, names: Sequence[str]) -> NDArray[np.bool_]:
    wanted = set(names)
    chosen: NDArray[np.bool_] = np.array([name in wanted for name in labels.names], dtype=np.bool_)[
        labels.codes
    ]
    return chosen
