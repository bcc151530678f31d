"""Which pledges should be valued again: an old valuation, a market that moved, a warning that it carried.

That some input is an assumption is no reason by itself: another valuation would rest on the same one, and where every
pledge is on the list it ranks nothing.
"""

import datetime as dt
from collections.abc import Iterator

from services.loans.collateral import Collateral
from services.loans.loan import due_date
from services.loans.pledges.levels import RevaluationRule
from services.loans.pledges.monitored import RevaluationDue, RevaluationReason
from services.runtime.vocabulary.names import caution_en, caution_zh

STAYS_WHEN_VALUED_AGAIN = frozenset({"ASSUMED_INPUT"})


def revaluations_due(
    item: Collateral, value_cny: float, day: dt.date, rule: RevaluationRule
) -> Iterator[RevaluationDue]:
    """Every reason why a pledge should be valued again.

    A pledge that secures nothing any more has none.

    Args:
        item: the pledge as it was last valued.
        value_cny: of its pledged share on the snapshot.
        day: of the monitoring.
        rule: of re-valuation.
    """
    if not item.is_pledged:
        return
    # Asked of days that have passed alone: a valuation of the calendar's last years is due after its end.
    if item.valuation_date < day and day > (due_on := due_date(item.valuation_date, rule.interval_months)):
        yield _due(
            item,
            RevaluationReason.OLD,
            f"估值日 {item.valuation_date} 距今超过 {rule.interval_months} 个月（应于 {due_on} 前重估）",
            f"valued on {item.valuation_date}, more than {rule.interval_months} months ago (due by {due_on})",
        )
    recorded = item.pledged_value_cny
    if recorded is None:
        yield _due(
            item,
            RevaluationReason.NO_VALUE,
            "上次估值未报送金额，无法比较市场变动",
            "the last valuation told no value, so a move of the market cannot be seen",
        )
    elif abs(value_cny - recorded) > rule.market_move * recorded:
        change = "" if recorded == 0.0 else f" ({value_cny / recorded - 1.0:+.1%})"
        yield _due(
            item,
            RevaluationReason.MARKET_MOVED,
            f"按当前市场价值 {value_cny:,.2f} 元，上次估值 {recorded:,.2f} 元{change}，超过 {rule.market_move:.0%}",
            f"{value_cny:,.2f} CNY on this market, {recorded:,.2f} CNY when last valued{change}, more than "
            f"{rule.market_move:.0%}",
        )
    telling = [code for code in item.valuation_warnings if code not in STAYS_WHEN_VALUED_AGAIN]
    if telling:
        yield _due(
            item,
            RevaluationReason.CAUTION,
            "上次估值带有提示：" + "、".join(caution_zh(code) for code in telling),
            f"the last valuation carried warnings: {', '.join(caution_en(code) for code in telling)}",
        )


def _due(item: Collateral, reason: RevaluationReason, message_zh: str, message_en: str) -> RevaluationDue:
    return RevaluationDue(item.collateral_id, item.loan_id, reason, message_zh, message_en)
