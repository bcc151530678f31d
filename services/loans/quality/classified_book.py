"""The book of a day in five classes: reads loans and positions in force, classifies, compares with an earlier day."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.loans.few_names import few
from services.loans.loan import Loan
from services.loans.quality.book_quality import class_totals, migrations, non_performing_ratio
from services.loans.quality.classification import ClassifiedLoan, LoanFacts, classify
from services.loans.quality.classification_report import BookQuality, ClassificationQuestion
from services.loans.quality.rules import CreditRules
from services.loans.reported.book import read_reported
from services.loans.reported.position import LoanPosition
from services.loans.repository import LoanStore
from services.runtime.errors import NotFound
from services.runtime.results import Caution, Severity


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
            f"没有贷款在 {day} 或之前报送余额和逾期天数，请先导入 · no loan has a "
            f"reported balance and days overdue on or before {day}, expected a position of one: "
            "ecopledge loans import positions.csv"
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


def borrowers_in_default(classified: Iterable[ClassifiedLoan]) -> set[str]:
    """Who owes on a non-performing loan; one that owes nothing any more (repaid, written off) says nothing."""
    return {
        item.facts.borrower_id for item in classified if item.is_non_performing and item.facts.balance_cny > 0
    }


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
            f"{len(mild)} 笔贷款的银行自评优于规则要求，已按规则下调：{few(mild)}",
            f"the bank's own class of {len(mild)} loans is better than the rules allow and was lowered: {few(mild)}",
        )
    known = {loan.borrower_id for loan in loans}
    strangers = [facts.borrower_id for facts in question.debtors if facts.borrower_id not in known]
    if strangers:
        yield Caution(
            "DEBTORS_UNKNOWN",
            Severity.NOTE,
            f"{len(strangers)} 个债务人在本行没有贷款：{few(strangers)}",
            f"{len(strangers)} debtors have no loan here: {few(strangers)}",
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
            f"{len(silent)} 笔贷款没有报送余额和逾期天数：{few(silent)}",
            f"{len(silent)} loans have no reported balance and days overdue: {few(silent)}",
        )
    old = [position.loan_id for position in positions.values() if position.as_of < day]
    if old:
        yield Caution(
            "POSITIONS_OLD",
            Severity.WARNING,
            f"{len(old)} 笔贷款的报送日期早于 {day}，逾期天数未顺延：{few(old)}",
            f"{len(old)} positions are older than {day}; their days overdue were not counted on: {few(old)}",
        )
