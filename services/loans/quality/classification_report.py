"""What is asked of the quality of a book and what comes back. Values only."""

import datetime as dt
from dataclasses import dataclass

from services.loans.quality.book_quality import ClassMigration, ClassTotal
from services.loans.quality.classification import ClassifiedLoan, DebtorFacts
from services.loans.quality.rules import RuleUsed
from services.runtime.results import Caution


@dataclass(frozen=True, slots=True)
class ClassificationQuestion:
    """What to classify.

    Attributes:
        as_of: day; positions in force on it count.
        debtors: what is known of debtors across banks, each once.
        compare_with: earlier day; None for no comparison.

    Raises:
        ValueError: if the earlier day is not earlier.
    """

    as_of: dt.date
    debtors: tuple[DebtorFacts, ...] = ()
    compare_with: dt.date | None = None

    def __post_init__(self) -> None:
        if self.compare_with is not None and self.compare_with >= self.as_of:
            raise ValueError(f"compare_with: found {self.compare_with}, expected a day before {self.as_of}")

    def debtors_by_id(self) -> dict[str, DebtorFacts]:
        """The debtors by borrower."""
        return {facts.borrower_id: facts for facts in self.debtors}


@dataclass(frozen=True, slots=True)
class BookQuality:
    """A book in five classes.

    Attributes:
        loans: every loan with a position, in order of loan_id.
        totals: five, best class first.
        non_performing_ratio: share of the balance that is substandard or worse.
        non_performing_ratio_before: the same on the earlier day; None without one.
        migrations: moves between classes since then.
        rule: with what a reader must know of its parameters.
        cautions: what a careful reader should know.
    """

    loans: tuple[ClassifiedLoan, ...]
    totals: tuple[ClassTotal, ...]
    non_performing_ratio: float
    non_performing_ratio_before: float | None
    migrations: tuple[ClassMigration, ...]
    rule: RuleUsed
    cautions: tuple[Caution, ...]
