"""What the comparison of a published case with the model has to say, beside what the service says itself."""

from collections.abc import Iterator

from flows.published_cases.appraisal import CaseAppraisal, PricedPledge
from flows.published_cases.mapping import CaseMapping, Sufficiency
from services.runtime.results import Caution, Severity
from services.valuation.valuation import Failure, SizedLoan

_OTHER_PLEDGE = Caution(
    "OTHER_PLEDGE_TOO",
    Severity.NOTE,
    "贷款另有未公布的押品，不能只与本押品的限额相比",
    "something else that was not published was pledged too: the loan does not compare with this limit alone",
)


def of_service(pledge: PricedPledge | None) -> tuple[Caution, ...]:
    """The cautions of the valuation and of the limit on it; none where there is no valuation."""
    if pledge is None or isinstance(pledge.valuation, Failure):
        return ()
    of_limit = pledge.sized.cautions if isinstance(pledge.sized, SizedLoan) else ()
    return (*pledge.valuation.cautions, *of_limit)


def of_comparison(appraisal: CaseAppraisal) -> tuple[Caution, ...]:
    """Not valued, under assumptions, illustrative, refused, nothing to lend, beyond the limit."""
    return tuple(_of_comparison(appraisal))


def _of_comparison(appraisal: CaseAppraisal) -> Iterator[Caution]:
    mapping, pledge = appraisal.mapping, appraisal.pledge
    if mapping.sufficiency is Sufficiency.NOT_VALUED:
        yield _not_valued(mapping)
    if mapping.sufficiency is Sufficiency.UNDER_ASSUMPTION:
        yield _under_assumption(mapping)
    if pledge is None:
        return
    for outcome in (pledge.valuation, pledge.sized):
        if isinstance(outcome, Failure):
            yield _refused(outcome)
    if mapping.is_illustrative:
        yield _illustrative(appraisal.granted_to_pledge_limit)
    if pledge.limit_cny is not None and pledge.limit_cny <= 0.0:
        yield _nothing_by_all_rules(pledge)
    if mapping.case.has_other_pledge:
        yield _OTHER_PLEDGE
        return
    ratio = appraisal.granted_to_pledge_limit
    if not mapping.is_illustrative and ratio is not None and ratio > 1.0:
        yield Caution(
            "GRANTED_ABOVE_PLEDGE_LIMIT",
            Severity.WARNING,
            f"银行实际给予的金额是质押价值限额的 {ratio:.1f} 倍",
            f"the bank gave {ratio:.1f} times what the pledge value allows here",
        )


def _not_valued(mapping: CaseMapping) -> Caution:
    names_zh = "、".join(missing.case_input.label_zh for missing in mapping.missing)
    names_en = ", ".join(missing.case_input.label_en for missing in mapping.missing)
    return Caution(
        "NOT_VALUED",
        Severity.WARNING,
        f"未估值：{mapping.note_zh}。缺：{names_zh}",
        f"not valued: {mapping.note_en}. Missing: {names_en}",
    )


def _under_assumption(mapping: CaseMapping) -> Caution:
    decisive = [missing.case_input for missing in mapping.missing if missing.is_decisive_for_value]
    return Caution(
        "VALUED_UNDER_ASSUMPTION",
        Severity.NOTE,
        f"在假设下估值，未公布：{'、'.join(entry.label_zh for entry in decisive)}",
        f"valued under assumptions; not published: {', '.join(entry.label_en for entry in decisive)}",
    )


def _refused(failure: Failure) -> Caution:
    return Caution(
        "REFUSED_BY_SERVICE",
        Severity.WARNING,
        f"估值服务拒绝：{failure.message}",
        f"refused by the valuation service: {failure.message}",
    )


def _nothing_by_all_rules(pledge: PricedPledge) -> Caution:
    """Shown apart from the pledge limit: a carbon receivable pays in lumps and cannot serve a loan every year."""
    wan = 0.0 if pledge.pledge_limit_cny is None else pledge.pledge_limit_cny / 10_000
    return Caution(
        "NOTHING_MAY_BE_LENT",
        Severity.WARNING,
        f"限额为零：押品自身的现金不能覆盖每年的还本付息；仅看质押价值为 {wan:,.1f} 万元",
        f"the limit is zero: the pledge's own cash does not cover the service of every year; by pledge value alone it "
        f"is {wan:,.1f} wan",
    )


def _illustrative(ratio: float | None) -> Caution:
    needed_zh = "" if ratio is None else f"；要撑起公布的贷款，规模须为假设的 {ratio:.2f} 倍"
    needed_en = (
        "" if ratio is None else f"; to carry the published loan it must be {ratio:.2f} times as large"
    )
    return Caution(
        "ILLUSTRATIVE_SIZE",
        Severity.WARNING,
        f"押品规模未公布，按单位规模示意，不是对该押品的估值{needed_zh}",
        f"the size of the pledge was not published; a unit of size is shown, not a value of the pledge{needed_en}",
    )
