"""Stages 1 to 3 of the expected credit loss, with the reason for each.

Stage 3: past due beyond the back-stop, credit-impaired, or classified non-performing. Stage 2: past due beyond its
back-stop, a probability of default that rose significantly since origination, a class of special mention that the bank
itself assigned, a restructuring under observation. A loan is in the highest stage that any reason asks for.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from services.loans.quality.classification import LABELS_ZH, ClassifiedLoan, exactly, observation_ends
from services.loans.quality.rules import RulePeriod
from services.loans.reported.position import FiveClass


@dataclass(frozen=True, slots=True)
class Origination:
    """Annual probability of default when a loan was granted, and where it comes from, in English and Chinese."""

    default_probability_annual: float
    basis: str
    basis_zh: str


@dataclass(frozen=True, slots=True)
class StageReason:
    """A reason for a stage.

    Attributes:
        stage: 1 to 3.
        code: stable, such as "OVERDUE".
        message_zh, message_en: the reason with its figures.
    """

    stage: int
    code: str
    message_zh: str
    message_en: str


@dataclass(frozen=True, slots=True)
class StagingFacts:
    """What staging looks at.

    Attributes:
        default_probability_annual: now.
        origination: None where not known.
        restructured_on: last restructuring, None for none.
        classified: the loan in five classes; None for a loan without a position.
    """

    default_probability_annual: float
    origination: Origination | None
    restructured_on: dt.date | None
    classified: ClassifiedLoan | None


def stage_of(
    facts: StagingFacts, day: dt.date, rules: RulePeriod, classes: RulePeriod
) -> tuple[int, tuple[StageReason, ...]]:
    """The stage of a loan and why.

    Args:
        facts: what is known of the loan.
        day: of the measurement.
        rules: of expected credit loss.
        classes: of classification, for the time of observation.

    Returns:
        (stage, reasons with those of the stage first); a loan in stage 1 has one reason, which says what was compared.
    """
    reasons = sorted(_reasons(facts, day, rules, classes), key=lambda reason: -reason.stage)
    if not reasons:
        reasons = [_no_increase(facts)]
    return reasons[0].stage, tuple(reasons)


def _reasons(
    facts: StagingFacts, day: dt.date, rules: RulePeriod, classes: RulePeriod
) -> Iterator[StageReason]:
    if facts.classified is not None:
        yield from _by_record(facts.classified, rules)
    yield from _by_probability(facts, rules)
    start = facts.restructured_on
    if rules.is_on("restructured_is_stage_2") and start is not None and start <= day:
        end = observation_ends(start, classes)
        if day < end:
            yield StageReason(
                2,
                "RESTRUCTURED",
                f"{start} 重组，观察期至 {end} 前",
                f"restructured on {start}, under observation until before {end}",
            )


def _by_record(loan: ClassifiedLoan, rules: RulePeriod) -> Iterator[StageReason]:
    days = loan.facts.overdue_days
    for stage in (3, 2):
        limit = rules.value(f"stage_{stage}_above_days")
        if days > limit:
            yield StageReason(
                stage,
                "OVERDUE",
                f"逾期 {days} 天，超过 {limit:.0f} 天",
                f"{days} days overdue, more than {limit:.0f}",
            )
            break
    if loan.facts.is_credit_impaired:
        yield StageReason(3, "CREDIT_IMPAIRED", "已发生信用减值", "credit-impaired")
    if loan.is_non_performing and rules.is_on("non_performing_is_stage_3"):
        yield StageReason(
            3,
            "NON_PERFORMING",
            f"风险分类为{LABELS_ZH[loan.quality]}",
            f"classified {loan.quality.value.replace('_', ' ')}",
        )
    own = loan.facts.bank_quality
    if own is FiveClass.SPECIAL_MENTION and rules.is_on("bank_special_mention_is_stage_2"):
        yield StageReason(
            2, "BANK_SPECIAL_MENTION", "银行自评为关注", "the bank's own class is special mention"
        )


def _by_probability(facts: StagingFacts, rules: RulePeriod) -> Iterator[StageReason]:
    if facts.origination is None:
        return
    then, now = facts.origination.default_probability_annual, facts.default_probability_annual
    ratio, points = rules.value("increase_ratio"), rules.value("increase_points")
    # In floats a rise from 0.4 % to 0.9 % is below half a point.
    rise = exactly(now) - exactly(then)
    if exactly(now) >= exactly(ratio) * exactly(then) and rise >= exactly(points):
        yield StageReason(
            2,
            "PD_INCREASED",
            f"年违约概率由 {then:.2%} 升至 {now:.2%}，达到 {ratio:g} 倍且上升不少于 {points:.2%}"
            f"（初始值：{facts.origination.basis_zh}）",
            f"annual probability of default rose from {then:.2%} to {now:.2%}, {ratio:g} times or more and by at least "
            f"{points:.2%} (origination: {facts.origination.basis})",
        )


def _no_increase(facts: StagingFacts) -> StageReason:
    now = facts.default_probability_annual
    if facts.origination is None:
        return StageReason(
            1,
            "NO_INCREASE_KNOWN",
            f"无逾期等迹象；初始违约概率未知，无法与现值 {now:.2%} 比较",
            f"no sign of an increase; the probability at origination is not known, {now:.2%} was compared with nothing",
        )
    origin = facts.origination
    then = origin.default_probability_annual
    return StageReason(
        1,
        "NO_SIGNIFICANT_INCREASE",
        f"信用风险未显著增加：年违约概率由 {then:.2%} 至 {now:.2%}（初始值：{origin.basis_zh}）",
        f"no significant increase: annual probability of default from {then:.2%} to {now:.2%} "
        f"(origination: {origin.basis})",
    )
