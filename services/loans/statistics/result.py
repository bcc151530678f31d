"""The statistics of a quarter as values: lines that add up, checks, and the loans behind every break."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from services.loans.reported.position import FiveClass
from services.loans.statistics.quarter import Quarter

# The five classes, best first, then loans to which the bank assigned none.
CLASSES: tuple[FiveClass | None, ...] = (*FiveClass, None)
_NON_PERFORMING = slice(2, 5)

UNMAPPED = ""  # no purpose, county, industry ... or one that the tables do not know
OUTSIDE = "outside"  # the purpose is known and has no head in the standard


class Grouping(StrEnum):
    """How the total is split."""

    TOTAL = "total"
    PURPOSE = "purpose"
    HISTORICAL_STANDARD = "historical_standard"
    CURRENT_STANDARD = "current_standard"
    CARBON_BENEFIT = "carbon_benefit"
    INDUSTRY = "industry"
    COUNTY = "county"
    PRODUCT = "product"
    GUARANTEE_MODE = "guarantee_mode"
    COUNTY_PRODUCT = "county_product"


class CheckKind(StrEnum):
    """What must hold; the order is that of the validations sheet."""

    ROLL_FORWARD = "roll_forward"
    PARTS_EQUAL_TOTAL = "parts_equal_total"
    OPENING_POSITION = "opening_position"
    CLOSING_POSITION = "closing_position"
    POSITION_OF_THE_DAY = "position_of_the_day"
    HISTORY_POSITION = "history_position"
    OPENING_AS_CLOSED = "opening_as_closed"
    MOVEMENT_WITHIN_LIFE = "movement_within_life"
    LOAN_ON_RECORD = "loan_on_record"
    PURPOSE_MAPPED = "purpose_mapped"
    QUALITY_ASSIGNED = "quality_assigned"


IDENTITY_CHECKS = frozenset(
    {
        CheckKind.ROLL_FORWARD,
        CheckKind.PARTS_EQUAL_TOTAL,
        CheckKind.OPENING_POSITION,
        CheckKind.CLOSING_POSITION,
        CheckKind.OPENING_AS_CLOSED,
        CheckKind.LOAN_ON_RECORD,
    }
)
"""Checks without which the figures are no balance sheet of the quarter; the others tell of gaps in what loans say."""


@dataclass(frozen=True, slots=True)
class StatisticsLine:
    """One line of the statistics; amounts are whole cents.

    Attributes:
        keys: what the line is about, one for each level of the grouping; empty for the total.
        opening_cents: balance on the last day of the quarter before.
        drawn_cents, repaid_cents, prepaid_cents, written_off_cents: movements of the quarter; repaid is what was repaid
            as scheduled. Less the reversals that were booked in the quarter, so below 0 where more of earlier quarters
            was reversed than there was of this one.
        closing_cents: balance on the last day of the quarter.
        class_cents: closing balance in the five classes, best first, then without a class.
        n_loans, n_borrowers: with a closing balance above 0; a borrower of several lines counts in each.
        n_loans_drawn: loans with a drawing in the quarter.
        rate_annual: contract rates weighted with the closing balance; None without balance.
        year_begin_cents: balance on the last day of the year before; None where no position was reported for it.
        year_before_cents: balance on the same day a year before; None likewise.
    """

    keys: tuple[str, ...]
    opening_cents: int
    drawn_cents: int
    repaid_cents: int
    prepaid_cents: int
    written_off_cents: int
    closing_cents: int
    class_cents: tuple[int, ...]
    n_loans: int
    n_borrowers: int
    n_loans_drawn: int
    rate_annual: float | None
    year_begin_cents: int | None
    year_before_cents: int | None

    @property
    def roll_forward_difference_cents(self) -> int:
        """Closing less (opening + drawn - repaid - prepaid - written off); 0 where the identity holds."""
        outflow = self.repaid_cents + self.prepaid_cents + self.written_off_cents
        return self.closing_cents - (self.opening_cents + self.drawn_cents - outflow)

    @property
    def non_performing_cents(self) -> int:
        """Closing balance that is substandard, doubtful or loss."""
        return sum(self.class_cents[_NON_PERFORMING])

    @property
    def non_performing_ratio(self) -> float | None:
        """Share of the closing balance that is non-performing; None without balance."""
        return self.non_performing_cents / self.closing_cents if self.closing_cents else None

    @property
    def growth_since_year_begin(self) -> float | None:
        """Growth since the beginning of the year; None without history or from nothing."""
        return _growth(self.closing_cents, self.year_begin_cents)

    @property
    def growth_year_on_year(self) -> float | None:
        """Growth over a year; None without history or from nothing."""
        return _growth(self.closing_cents, self.year_before_cents)


@dataclass(frozen=True, slots=True)
class Table:
    """The total split by one grouping; lines in order of their keys."""

    grouping: Grouping
    lines: tuple[StatisticsLine, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """A loan that a check found; amounts are whole cents.

    Attributes:
        kind: the check.
        loan_id: the loan; empty where a check is about a grouping, which `about` names then.
        about: what was found, such as the day of a missing position.
        amount_cents: what is at stake, by which breaks are ordered: closing less what the movements give for a
            roll-forward, otherwise the balance or the movement in question.
        opening_cents, drawn_cents, repaid_cents, prepaid_cents, written_off_cents, closing_cents: of the loan.
    """

    kind: CheckKind
    loan_id: str
    about: str
    amount_cents: int
    opening_cents: int = 0
    drawn_cents: int = 0
    repaid_cents: int = 0
    prepaid_cents: int = 0
    written_off_cents: int = 0
    closing_cents: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """A check and what it found; it holds where there is no break."""

    kind: CheckKind
    n_breaks: int
    amount_cents: int

    @property
    def holds(self) -> bool:
        """Whether there is no break."""
        return self.n_breaks == 0


@dataclass(frozen=True, slots=True)
class QuarterStatistics:
    """The statistics of an institution for a quarter.

    Attributes:
        quarter: the period.
        historical_standard, current_standard: codes of the two taxonomies.
        tables: the total first, then every grouping.
        checks: every check, those that hold too.
        breaks: by check, largest amount first.
        n_kept: loans with a closing balance that keep the historical standard.
        n_without_approval_day: loans with a closing balance whose day of approval is not known; they follow the
            standard in force.
        input_hash: SHA-256 of the loans, positions and movements.
        taxonomy_hash: SHA-256 of the table of purposes.
        n_synthetic: loans of the book that were drawn for a demonstration.
    """

    quarter: Quarter
    historical_standard: str
    current_standard: str
    tables: tuple[Table, ...]
    checks: tuple[Check, ...]
    breaks: tuple[Break, ...]
    n_kept: int
    n_without_approval_day: int
    input_hash: str
    taxonomy_hash: str
    n_synthetic: int = 0

    @property
    def total(self) -> StatisticsLine:
        """The line of everything."""
        return self.lines(Grouping.TOTAL)[0]

    @property
    def is_clean(self) -> bool:
        """Whether every check holds."""
        return not self.breaks

    @property
    def broken_identities(self) -> tuple[Check, ...]:
        """Identity checks that do not hold, in the order of the checks."""
        return tuple(check for check in self.checks if check.kind in IDENTITY_CHECKS and not check.holds)

    def lines(self, grouping: Grouping) -> tuple[StatisticsLine, ...]:
        """The lines of a grouping."""
        return next(table.lines for table in self.tables if table.grouping is grouping)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version of a closed quarter without its figures; versions are added and never changed.

    Attributes:
        quarter: the period.
        version: 1, 2, ...
        recorded_at: when it was closed, in UTC.
        content_hash: SHA-256 of the figures and breaks.
        accepted_breaks_reason: why it was closed although identity checks did not hold; empty where they all did.
    """

    quarter: Quarter
    version: int
    recorded_at: dt.datetime
    content_hash: str
    accepted_breaks_reason: str = ""


@dataclass(frozen=True, slots=True)
class StatisticsVersion:
    """A version of a closed quarter: its facts and what was closed."""

    facts: VersionFacts
    statistics: QuarterStatistics


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    """The statistics as they are known at a moment.

    Attributes:
        statistics: the figures.
        known_at: the moment, in UTC.
        content_hash: SHA-256 of the figures and breaks; equal to a version's where nothing was corrected since.
        closed: the latest version of the quarter at that moment; None while it is open.
    """

    statistics: QuarterStatistics
    known_at: dt.datetime
    content_hash: str
    closed: VersionFacts | None


def _growth(closing_cents: int, base_cents: int | None) -> float | None:
    return closing_cents / base_cents - 1.0 if base_cents else None
