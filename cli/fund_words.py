"""How the fund's terms are written on the terminal: steps and rules in words."""

from typing import TYPE_CHECKING

from cli.output import percent

if TYPE_CHECKING:
    from services.fund.fund_terms.terms import FundTerms, Step

CLASSES = {
    "city_finance": "市财政 City finance",
    "provincial_company": "省属公司 Provincial company",
    "social_capital": "社会资本 Social capital",
    "manager": "管理人 Manager",
}
SETTLEMENT = "清算：回拨与托管 Settlement: clawback, escrow"


def step_words(terms: "FundTerms", step: "Step") -> tuple[str, str]:
    """Name of a step and its figures."""
    from quant.waterfall.steps import CarrySplit, CatchUp, GrassrootsShare
    from services.fund.fund_terms.terms import CedeExcess, PreferredReturn, ReturnOfCapital

    def of(partner_ids: tuple[str, ...]) -> str:
        return (
            f" → {', '.join(name_of(terms, partner_id) for partner_id in partner_ids)}" if partner_ids else ""
        )

    match step:
        case ReturnOfCapital(partner_ids):
            return "返还本金 Return of capital", of(partner_ids).strip()
        case PreferredReturn(rate, is_simple, partner_ids):
            kind = "单利 simple" if is_simple else "复利 compounded"
            return "优先回报 Preferred return", f"{percent(rate)} {kind}{of(partner_ids)}"
        case CatchUp(manager_share, carry_share):
            figures = f"{percent(manager_share)} → {percent(carry_share)}"
            return "管理人追赶 Catch-up", figures
        case CarrySplit(carry_share):
            return "超额分成 Carry split", f"{percent(1.0 - carry_share)} / {percent(carry_share)}"
        case GrassrootsShare(share):
            return "基层分享 Grass roots", percent(share)
        case CedeExcess(partner_id, tiers, multiple):
            tiers_in_words = ", ".join(
                f"≥{tier.from_multiple:g}x {percent(tier.ceded_share)}" for tier in tiers
            )
            return (
                "让利 Cede excess",
                f"{name_of(terms, partner_id)}: {tiers_in_words}; 返投 at {multiple:g}x",
            )


def rule_words(terms: "FundTerms") -> list[str]:
    """The rules beside the steps, one a line."""
    deals = terms.distribution.value == "deal_by_deal"
    lines = ["逐项目分配 deal by deal" if deals else "整体分配 whole fund"]
    if deals:
        kept = (
            "亏损结转 losses carried forward"
            if terms.carries_losses
            else "亏损不结转 losses not carried forward"
        )
        lines.append(kept)
    base = "实缴 paid-in" if terms.fee_base.value == "paid_in" else "未返还投资 invested"
    fee = f"管理费 fee {percent(terms.fee_rate_annual)} × {base}"
    if terms.investment_period_years is not None and terms.fee_rate_after_annual is not None:
        fee += f"，{terms.investment_period_years} 年后 after {terms.investment_period_years} years "
        fee += percent(terms.fee_rate_after_annual)
    lines.append(fee)
    lines.append(f"存续 life {terms.life_years} 年 years + 延长 extension {terms.extension_years}")
    if terms.clawback is not None:
        rule = terms.clawback
        lines.append(
            f"回拨 clawback：税 tax {percent(rule.tax_share)}，托管 escrow {percent(rule.escrow_share)}"
        )
    if terms.recycling is not None:
        again = terms.recycling
        lines.append(
            f"循环投资 recycling：{percent(again.share)}，上限 limit {percent(again.limit_share)}，"
            f"至第 {again.until_year} 年 until year {again.until_year}"
        )
    return lines


def name_of(terms: "FundTerms", recipient_id: str) -> str:
    """Name of a recipient for people."""
    special = {"grassroots": "基层 Grass roots", "escrow": "托管账户 Escrow"}
    names = {partner.partner_id: partner.name for partner in terms.partners}
    return special.get(recipient_id) or names.get(recipient_id) or recipient_id
