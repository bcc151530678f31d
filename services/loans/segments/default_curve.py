"""Term structures of default by segment: from cumulated probabilities by year to multiples of a hazard."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quant.credit_risk.default_curves import cumulative_default_at, hazard_multiples
from quant.draws.sparse_draws import Lanes
from quant.schedules import Array
from services.loans.columns.loan_columns import LoanColumns
from services.loans.segments.segment import NOBODY, WHOLE_BOOK, Segment, first_segment, require_texts

MAX_YEARS = 40


@dataclass(frozen=True, slots=True)
class DefaultCurve:
    """Probability of having defaulted by the end of each year after the day of the book.

    Attributes:
        name: each once.
        basis: where the figures come from, such as "assumption: ...".
        cumulative_default: by the end of year 1, 2, ...; 1 to 40 of them, never falling, the first above 0, all
            below 1. The hazard is constant within a year, and stays that of the last year after it.
        segment: whose.
        scaled_to_loan: whether the curve gives the shape alone: every hazard is multiplied by one number, so that the
            first year has the loan's own probability.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    name: str
    basis: str
    cumulative_default: tuple[float, ...]
    segment: Segment = WHOLE_BOOK
    scaled_to_loan: bool = False

    def __post_init__(self) -> None:
        require_texts(self.name, self.basis)
        found = self.cumulative_default
        if not 1 <= len(found) <= MAX_YEARS:
            raise ValueError(f"cumulative_default: found {len(found)} years, expected 1 to {MAX_YEARS}")
        if not (found[0] > 0.0 and found[-1] < 1.0 and all(np.diff(found) >= 0.0)):
            raise ValueError(
                f"cumulative_default: found {list(found)}, expected figures that never fall, above 0 and below 1"
            )

    @property
    def first_year(self) -> float:
        """Probability of default within the first year."""
        return self.cumulative_default[0]


@dataclass(frozen=True, slots=True, eq=False)
class CurvesOfLoans:
    """What a simulation needs of curves.

    Attributes:
        default_probability_annual: of each loan, or of the first year of its curve, [n_loans].
        hazard_multiples: rows of `LoanBook`; the first is for loans without a curve; None where none has one.
        curve_of_loan: row of each loan, [n_loans]; None as above.
    """

    default_probability_annual: Array
    hazard_multiples: Array | None
    curve_of_loan: Lanes | None


def curves_of_loans(loans: LoanColumns, curves: Sequence[DefaultCurve], ends_years: Array) -> CurvesOfLoans:
    """The curve of every loan over periods that end so many years after the day of the book."""
    own = loans.default_probability_annual
    if not curves:
        return CurvesOfLoans(own, None, None)
    chosen = first_segment([curve.segment for curve in curves], loans)
    first = np.array([curve.first_year for curve in curves])
    replaced = np.array([not curve.scaled_to_loan for curve in curves])
    level = np.where((chosen != NOBODY) & replaced[chosen], first[chosen], own)
    cumulated = np.stack([cumulative_default_at(curve.cumulative_default, ends_years) for curve in curves])
    multiples = hazard_multiples(cumulated, first, ends_years)
    return CurvesOfLoans(level, np.vstack([np.ones(len(ends_years)), multiples]), chosen + 1)
