"""The book of a day in five classes: reads loans and positions in force, classifies, compares with an earlier day."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.loans.loan import Loan
from services.loans.position import LoanPosition
from services.loans.quality.book_quality import (
    ClassMigration,
    ClassTotal,
    class_totals,
    migrations,
    non_performing_ratio,
)
from services.loans.quality.classification import ClassifiedLoan, DebtorFacts, LoanFacts, classify
from services.loans.quality.rules import CreditRules, RuleUsed
from services.loans.reported_book import read_reported
from services.loans.repository import LoanStore
from services.runtime.errors import NotFound
from services.runtime.results import Caution, Severity

_SHOWN = 3


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


def classify_book(store: LoanStore, question: ClassificationQuestion, rules: CreditRules) -> BookQuality:
    """Classify the loans in force on a day.

    Raises:
        NotFound: no loan has a position on the day.
        InvalidInput: a day before the first rule.
    """
    day, period = question.as_of, rules.classification_on(question.as_of)
    loans, positions = read_reported(store, day)
    if not positions:
        raise NotFound(
            f"no loan has a position on or before {day}, expected RecordPositions to have told of one"
        )
    now = classify(loan_facts(loans, positions), day, period, question.debtors_by_id())
    before: tuple[ClassifiedLoan, ...] | None = None
    if question.compare_with is not None:
        earlier = question.compare_with
        # What is known of debtors across banks is known of the day asked for, not of the earlier one.
        before = classify(
            loan_facts(*read_reported(store, earlier)), earlier, rules.classification_on(earlier)
        )
    totals = class_totals(now)
    return BookQuality(
        now,
        totals,
        non_performing_ratio(totals),
        None if before is None else non_performing_ratio(class_totals(before)),
        () if before is None else migrations(before, now),
        period.used(),
        tuple(_cautions(question, loans, positions, now)),
    )


def loan_facts(loans: Sequence[Loan], positions: Mapping[str, LoanPosition]) -> list[LoanFacts]:
    """What classification looks at, of the loans that have a position."""
    return [
        LoanFacts(
            loan.loan_id,
            loan.borrower_id,
            position.balance_cny,
            position.overdue_days,
            position.is_credit_impaired,
            position.quality,
            loan.restructured_on,
            position.as_of,
        )
        for loan in loans
        if (position := positions.get(loan.loan_id)) is not None
    ]


def _cautions(
    question: ClassificationQuestion,
    loans: Sequence[Loan],
    positions: Mapping[str, LoanPosition],
    classified: Sequence[ClassifiedLoan],
) -> Iterator[Caution]:
    yield from cautions_about_positions(question.as_of, loans, positions)
    mild = [item.facts.loan_id for item in classified if item.is_bank_too_mild]
    if mild:
        yield Caution(
            "BANK_CLASS_TOO_MILD",
            Severity.WARNING,
            f"{len(mild)} 笔贷款的银行自评优于规则要求，已按规则下调：{some(mild)}",
            f"the bank's own class of {len(mild)} loans is better than the rules allow and was lowered: {some(mild)}",
        )
    known = {loan.borrower_id for loan in loans}
    strangers = [facts.borrower_id for facts in question.debtors if facts.borrower_id not in known]
    if strangers:
        yield Caution(
            "DEBTORS_UNKNOWN",
            Severity.NOTE,
            f"{len(strangers)} 个债务人在本行没有贷款：{some(strangers)}",
            f"{len(strangers)} debtors have no loan here: {some(strangers)}",
            "debtors",
        )


def cautions_about_positions(
    day: dt.date, loans: Sequence[Loan], positions: Mapping[str, LoanPosition]
) -> Iterator[Caution]:
    """Loans without a position, and positions that are not of the day."""
    silent = [loan.loan_id for loan in loans if loan.loan_id not in positions]
    if silent:
        yield Caution(
            "LOANS_WITHOUT_POSITION",
            Severity.WARNING,
            f"{len(silent)} 笔贷款没有报送余额和逾期天数：{some(silent)}",
            f"{len(silent)} loans have no reported balance and days overdue: {some(silent)}",
        )
    old = [position.loan_id for position in positions.values() if position.as_of < day]
    if old:
        yield Caution(
            "POSITIONS_OLD",
            Severity.WARNING,
            f"{len(old)} 笔贷款的报送日期早于 {day}，逾期天数未顺延：{some(old)}",
            f"{len(old)} positions are older than {day}; their days overdue were not counted on: {some(old)}",
        )


def some(names: Sequence[str]) -> str:
    """The first names and how many more there are."""
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" (+{rest})" if rest > 0 else "")
