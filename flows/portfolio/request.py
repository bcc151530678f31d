"""What is asked of a review of the book."""

import datetime as dt
from dataclasses import dataclass

from services.loans.book_terms.given import AS_THE_BOOK, GivenTerms
from services.loans.portfolio import DEFAULT_SEED, MAX_PATHS, MAX_QUARTERS, MIN_PATHS

DEFAULT_PATHS = 20_000
DEFAULT_QUARTERS = 4
# A stress runs the book once a world; half of the paths still give the changes with small errors, because all worlds
# share their random numbers.
_MOST_STRESS_PATHS = 1_000_000
_MOST_CREDIT_LOSS_PATHS = 100_000
_MOST_MONITORING_PATHS = 65_536


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """A review of the book.

    Attributes:
        institution_id: whose book.
        as_of: day of the book.
        n_quarters: horizon of loss, wrong-way risk and stress, 1 to 40.
        n_paths: of loss, wrong-way risk and capital, 256 to 10,000,000; the other calculations take a share of it.
        seed: of the scenario universe.
        highest_expected_loss_cny: the limit up to which the factors are moved; None for twice the expected loss.
        terms: curves of default and compensation funds in place of those that the book keeps.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    institution_id: str
    as_of: dt.date
    n_quarters: int = DEFAULT_QUARTERS
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    highest_expected_loss_cny: float | None = None
    terms: GivenTerms = AS_THE_BOOK

    def __post_init__(self) -> None:
        if not 1 <= self.n_quarters <= MAX_QUARTERS:
            raise ValueError(f"n_quarters: found {self.n_quarters}, expected 1 to {MAX_QUARTERS}")
        if not MIN_PATHS <= self.n_paths <= MAX_PATHS:
            raise ValueError(f"n_paths: found {self.n_paths}, expected {MIN_PATHS:,} to {MAX_PATHS:,}")
        limit = self.highest_expected_loss_cny
        if limit is not None and not 0.0 < limit < float("inf"):
            raise ValueError(f"highest_expected_loss_cny: found {limit}, expected a finite figure above 0")

    @property
    def stress_paths(self) -> int:
        """Paths in each world."""
        return min(max(self.n_paths // 2, MIN_PATHS), _MOST_STRESS_PATHS)

    @property
    def credit_loss_paths(self) -> int:
        """Paths of the factors in each scenario of the expected credit loss, an even number."""
        return min(max(self.n_paths // 20, MIN_PATHS), _MOST_CREDIT_LOSS_PATHS) // 2 * 2

    @property
    def monitoring_paths(self) -> int:
        """Paths of the fans of loan to value."""
        return min(max(self.n_paths // 10, MIN_PATHS), _MOST_MONITORING_PATHS)
