"""What a careful reader should know about a rate that was built up."""

import datetime as dt
from collections.abc import Sequence

from services.runtime.results import Caution, Severity
from services.runtime.vocabulary.names import fields_zh
from services.valuation.lending.loan_price import PricingInput

OLD_LPR_DAYS = 31

TAX_LEFT_OUT = Caution(
    "PRICING_TAX_LEFT_OUT",
    Severity.NOTE,
    "利率构成未计增值税与所得税。",
    "Value-added and income tax are left out of the rate.",
    "pricing",
)
ON_CASH = Caution(
    "PRICED_ON_CASH_SCHEDULE",
    Severity.NOTE,
    "等额还款无现金可付，利率按随现金流还款、未付利息计入本金的余额测算。",
    "Level instalments are not covered by the cash: the rate is built on the balances of a loan that is repaid as the "
    "cash comes, with unpaid interest added.",
    "pricing",
)
NO_LPR = Caution(
    "PRICING_NO_LPR",
    Severity.NOTE,
    "未给出 LPR，未与 LPR 加点比较；不作假设。",
    "No loan prime rate was given: nothing is compared with it, and none is assumed.",
    "pricing.lpr_rate_annual",
)


def cautions_of(
    total: float,
    offered: float,
    inputs: Sequence[PricingInput],
    *,
    lpr_as_of: dt.date | None,
    valuation_date: dt.date,
    follows_cash: bool = False,
) -> tuple[Caution, ...]:
    """Every caution of a rate.

    Args:
        total: what the loan must earn a year.
        offered: rate of the terms.
        inputs: figures used.
        lpr_as_of: date of the loan prime rate; None where none was given.
        valuation_date: when the loan begins.
        follows_cash: whether the balances are those of a loan that is repaid as the cash comes.
    """
    return (
        *_of_rate(total, offered),
        *_of_assumptions(inputs),
        *([NO_LPR] if lpr_as_of is None else _of_lpr_age(lpr_as_of, valuation_date)),
        *([ON_CASH] if follows_cash else []),
        TAX_LEFT_OUT,
    )


def _of_rate(total: float, offered: float) -> list[Caution]:
    """RATE_BELOW_COST where the rate of the terms does not earn what the loan costs."""
    if offered >= total:
        return []
    short = 10_000.0 * (total - offered)
    return [
        Caution(
            "RATE_BELOW_COST",
            Severity.WARNING,
            f"合同利率 {100.0 * offered:.3f}% 低于成本合计 {100.0 * total:.3f}%，差 {short:.1f} 个基点。",
            f"The loan's rate of {100.0 * offered:.3f} % is {short:.1f} basis points below the total of its costs, "
            f"{100.0 * total:.3f} %.",
            "terms.rate_annual",
        )
    ]


def _of_assumptions(inputs: Sequence[PricingInput]) -> list[Caution]:
    """PRICING_ASSUMPTION, one for all the figures that are assumptions."""
    names = [found.name for found in inputs if found.is_assumption]
    if not names:
        return []
    return [
        Caution(
            "PRICING_ASSUMPTION",
            Severity.WARNING,
            f"利率构成中以下数值为假设：{fields_zh(names)}。",
            f"These figures of the rate are assumptions: {', '.join(names)}.",
            "pricing",
        )
    ]


def _of_lpr_age(as_of: dt.date, valuation_date: dt.date) -> list[Caution]:
    """LPR_OUTDATED: it is published every month."""
    days = (valuation_date - as_of).days
    if days <= OLD_LPR_DAYS:
        return []
    return [
        Caution(
            "LPR_OUTDATED",
            Severity.WARNING,
            f"LPR 为 {as_of} 数值，早于估值日 {days} 天；LPR 每月公布。",
            f"The loan prime rate is of {as_of}, {days} days before the valuation; it is published every month.",
            "pricing.lpr_as_of",
        )
    ]
