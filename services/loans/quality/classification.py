"""Five-class risk classification of loans: the worst class of all rules that apply, with the reason for each.

Order No. 1 of 2023; parameters come from `rules`. Collateral is no input: a loan past 90 days is non-performing
however well it is secured. The class that the bank assigned may be worse than the rules ask for, never better.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.loans.loan import due_date
from services.loans.quality.rules import RulePeriod
from services.loans.reported.position import FiveClass

_RANK = {quality: rank for rank, quality in enumerate(FiveClass)}
LABELS_ZH = {
    FiveClass.NORMAL: "正常",
    FiveClass.SPECIAL_MENTION: "关注",
    FiveClass.SUBSTANDARD: "次级",
    FiveClass.DOUBTFUL: "可疑",
    FiveClass.LOSS: "损失",
}
_DAYS_RULES = (
    ("loss_above_days", FiveClass.LOSS),
    ("doubtful_above_days", FiveClass.DOUBTFUL),
    ("substandard_above_days", FiveClass.SUBSTANDARD),
    ("special_mention_above_days", FiveClass.SPECIAL_MENTION),
)


class ClassRule(StrEnum):
    """Which rule asks for a class."""

    OVERDUE = "overdue"  # 逾期天数
    CREDIT_IMPAIRED = "credit_impaired"  # 已发生信用减值
    RESTRUCTURED = "restructured"  # 重组观察期
    BANK = "bank"  # 银行自评
    CONTAGION_IN_BANK = "contagion_in_bank"  # 本行债权传染
    CONTAGION_ACROSS_BANKS = "contagion_across_banks"  # 跨行逾期传染


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """What classification looks at.

    Attributes:
        loan_id, borrower_id: whose claim.
        balance_cny: principal outstanding, >= 0.
        overdue_days: >= 0.
        is_credit_impaired: whether the bank holds it for impaired.
        bank_quality: class that the bank assigned; None for none.
        restructured_on: last restructuring; None for none.
        reported_on: day of the position that says so; None where it is not from one.
    """

    loan_id: str
    borrower_id: str
    balance_cny: Decimal
    overdue_days: int
    is_credit_impaired: bool = False
    bank_quality: FiveClass | None = None
    restructured_on: dt.date | None = None
    reported_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class DebtorFacts:
    """What is known of a debtor at all banks together, for example from the credit registry.

    Attributes:
        borrower_id: the debtor.
        debt_cny: its debt at all banks, > 0.
        overdue_debt_cny: the part that is overdue for more days than the rule says, 0 to the debt.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    borrower_id: str
    debt_cny: Decimal
    overdue_debt_cny: Decimal

    def __post_init__(self) -> None:
        if not (self.debt_cny.is_finite() and self.debt_cny > 0):
            raise ValueError(f"debt: found {self.debt_cny}, expected above 0")
        if not (self.overdue_debt_cny.is_finite() and 0 <= self.overdue_debt_cny <= self.debt_cny):
            raise ValueError(f"overdue_debt: found {self.overdue_debt_cny}, expected 0 to {self.debt_cny}")


@dataclass(frozen=True, slots=True)
class ClassReason:
    """A rule that asks for at least a class.

    Attributes:
        rule: which.
        at_least: the class.
        message_zh, message_en: the rule with the figures that made it apply.
    """

    rule: ClassRule
    at_least: FiveClass
    message_zh: str
    message_en: str


@dataclass(frozen=True, slots=True)
class ClassifiedLoan:
    """A loan with its class.

    Attributes:
        facts: what was looked at.
        quality: worst class that any reason asks for; normal without reasons.
        reasons: every rule that applies, worst class first; contagion is named on the claims that it reaches.
    """

    facts: LoanFacts
    quality: FiveClass
    reasons: tuple[ClassReason, ...]

    @property
    def is_non_performing(self) -> bool:
        """Substandard, doubtful or loss."""
        return is_non_performing(self.quality)

    @property
    def is_bank_too_mild(self) -> bool:
        """Whether the bank's own class is better than the rules allow."""
        own = self.facts.bank_quality
        return own is not None and rank(own) < rank(self.quality)


def rank(quality: FiveClass) -> int:
    """0 for normal to 4 for loss."""
    return _RANK[quality]


def is_non_performing(quality: FiveClass) -> bool:
    """Whether a class counts as non-performing (不良)."""
    return rank(quality) >= rank(FiveClass.SUBSTANDARD)


def class_of_overdue_days(days: int, rules: RulePeriod) -> FiveClass:
    """Least class that days past due ask for."""
    for name, quality in _DAYS_RULES:
        if days > rules.value(name):
            return quality
    return FiveClass.NORMAL


def observation_ends(restructured_on: dt.date, rules: RulePeriod) -> dt.date:
    """First day after the observation of a restructured loan."""
    return due_date(restructured_on, int(rules.value("restructured_observation_months")))


def classify(
    loans: Sequence[LoanFacts],
    day: dt.date,
    rules: RulePeriod,
    debtors: Mapping[str, DebtorFacts] | None = None,
) -> tuple[ClassifiedLoan, ...]:
    """Classify all claims of a bank.

    Args:
        loans: every claim on a debtor; contagion is measured over those given.
        day: of the classification.
        rules: in force on that day.
        debtors: what is known of debtors across banks, by borrower.

    Returns:
        One for each loan, in the given order.
    """
    own = [(facts, _own_reasons(facts, day, rules)) for facts in loans]
    spread = _contagion(own, rules, {} if debtors is None else debtors)
    classified = []
    for facts, reasons in own:
        # A claim that is non-performing of itself is what spreads, not what is reached.
        reached = [] if is_non_performing(_worst(reasons)) else spread[facts.borrower_id]
        every = sorted((*reasons, *reached), key=lambda reason: -rank(reason.at_least))
        classified.append(ClassifiedLoan(facts, _worst(every), tuple(every)))
    return tuple(classified)


def _worst(reasons: Sequence[ClassReason]) -> FiveClass:
    return max((reason.at_least for reason in reasons), key=rank, default=FiveClass.NORMAL)


def _own_reasons(facts: LoanFacts, day: dt.date, rules: RulePeriod) -> list[ClassReason]:
    """What the loan's own record asks for."""
    reasons = []
    by_days = class_of_overdue_days(facts.overdue_days, rules)
    if by_days is not FiveClass.NORMAL:
        limit = next(int(rules.value(name)) for name, quality in _DAYS_RULES if quality is by_days)
        is_bad = is_non_performing(by_days)
        reasons.append(
            ClassReason(
                ClassRule.OVERDUE,
                by_days,
                f"逾期 {facts.overdue_days} 天，超过 {limit} 天" + ("，不论抵质押是否充足" if is_bad else ""),
                f"{facts.overdue_days} days overdue, more than {limit}"
                + (", whatever secures it" if is_bad else ""),
            )
        )
    if facts.is_credit_impaired and rules.is_on("impaired_is_substandard"):
        reasons.append(
            ClassReason(
                ClassRule.CREDIT_IMPAIRED,
                FiveClass.SUBSTANDARD,
                "已发生信用减值，至少归为次级",
                "credit-impaired, at least substandard",
            )
        )
    reasons.extend(_restructured(facts, day, rules))
    if facts.bank_quality is not None and facts.bank_quality is not FiveClass.NORMAL:
        label = LABELS_ZH[facts.bank_quality]
        reasons.append(
            ClassReason(
                ClassRule.BANK,
                facts.bank_quality,
                f"银行自评为{label}",
                f"the bank's own class is {facts.bank_quality.value.replace('_', ' ')}",
            )
        )
    return reasons


def _restructured(facts: LoanFacts, day: dt.date, rules: RulePeriod) -> list[ClassReason]:
    start = facts.restructured_on
    if start is None or start > day or not rules.is_on("restructured_is_special_mention"):
        return []
    end = observation_ends(start, rules)
    if day >= end:
        return []
    return [
        ClassReason(
            ClassRule.RESTRUCTURED,
            FiveClass.SPECIAL_MENTION,
            f"{start} 重组，观察期至 {end} 前，至少归为关注",
            f"restructured on {start}, under observation until before {end}, at least special mention",
        )
    ]


def _contagion(
    own: Sequence[tuple[LoanFacts, Sequence[ClassReason]]],
    rules: RulePeriod,
    debtors: Mapping[str, DebtorFacts],
) -> dict[str, list[ClassReason]]:
    """What a debtor's other claims and its debt at other banks ask for, by borrower."""
    claims: dict[str, Decimal] = defaultdict(Decimal)
    bad: dict[str, Decimal] = defaultdict(Decimal)
    for facts, reasons in own:
        claims[facts.borrower_id] += facts.balance_cny
        if is_non_performing(_worst(reasons)):
            bad[facts.borrower_id] += facts.balance_cny
    spread: dict[str, list[ClassReason]] = defaultdict(list)
    for borrower, total in claims.items():
        limit = exactly(rules.value("contagion_share_in_bank"))
        if bad[borrower] > limit * total:
            spread[borrower].append(_spread_in_bank(bad[borrower], total, limit))
        facts_across = debtors.get(borrower)
        limit = exactly(rules.value("contagion_share_across_banks"))
        if facts_across is not None and facts_across.overdue_debt_cny > limit * facts_across.debt_cny:
            days = int(rules.value("overdue_days_across_banks"))
            spread[borrower].append(_spread_across_banks(facts_across, limit, days))
    return spread


def _spread_in_bank(bad_cny: Decimal, total_cny: Decimal, limit: Decimal) -> ClassReason:
    share = bad_cny / total_cny
    return ClassReason(
        ClassRule.CONTAGION_IN_BANK,
        FiveClass.SUBSTANDARD,
        f"该债务人在本行债权 {total_cny:,.2f} 元中 {share:.2%} 为不良，超过 {limit:.0%}，全部债权至少归为次级",
        f"{share:.2%} of the debtor's claims of {total_cny:,.2f} CNY at the bank is non-performing, more than "
        f"{limit:.0%}: all of them are at least substandard",
    )


def _spread_across_banks(facts: DebtorFacts, limit: Decimal, days: int) -> ClassReason:
    share = facts.overdue_debt_cny / facts.debt_cny
    return ClassReason(
        ClassRule.CONTAGION_ACROSS_BANKS,
        FiveClass.SUBSTANDARD,
        f"该债务人在各银行的债务 {facts.debt_cny:,.2f} 元中 {share:.2%} 逾期超过 {days} 天，超过 {limit:.0%}，"
        "至少归为次级",
        f"{share:.2%} of the debtor's debt of {facts.debt_cny:,.2f} CNY across banks is overdue more than {days} days, "
        f"more than {limit:.0%}: at least substandard",
    )


def exactly(figure: float) -> Decimal:
    """The decimal that people wrote: 0.1 is a tenth, so that exactly a tenth is not more than a tenth."""
    return Decimal(repr(figure))
