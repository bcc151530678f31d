"""What would have to change to lend an amount: for every rule that it exceeds, the levers that would meet it alone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.valuation.pricers.pricing import LendingTerms
from services.valuation.valuation import Limit, LimitRule, LoanTerms, NeededChange, Valuation

LONGEST_TENOR_YEARS = 50
_WAN = 10_000.0


@dataclass(frozen=True, slots=True)
class _Question:
    """What the rules look at."""

    amount: float
    limit: Limit
    valuation: Valuation
    lending: LendingTerms
    longer_cash: Sequence[float]
    terms: LoanTerms

    def change(self, lever: str, needed: float, text_zh: str, text_en: str) -> NeededChange:
        return NeededChange(self.limit.rule, lever, needed, text_zh, text_en)


def changes_needed(
    limits: Sequence[Limit],
    valuation: Valuation,
    lending: LendingTerms,
    longer_cash: Sequence[float],
    terms: LoanTerms,
) -> tuple[NeededChange, ...]:
    """Levers for every rule that the amount asked for exceeds; a lever that cannot reach is left out.

    Args:
        limits: what the rules allow.
        valuation: of the pledge.
        lending: caps of the kind; those of `terms` go before.
        longer_cash: P10 of each year's cash, CNY, as far as a longer loan could use it; empty leaves that lever out.
        terms: the loan that is asked for.
    """
    if terms.requested_cny is None:
        return ()
    return tuple(
        change
        for limit in limits
        if limit.limit_cny < terms.requested_cny
        for change in _LEVERS[limit.rule](
            _Question(terms.requested_cny, limit, valuation, lending, longer_cash, terms)
        )
        if math.isfinite(change.needed)
    )


def _pledge(of: _Question) -> list[NeededChange]:
    cap = of.lending.ltv_cap if of.terms.ltv_cap is None else of.terms.ltv_cap
    value, found = of.valuation.pledge_value_cny, []
    if of.amount <= value:
        needed = of.amount / value
        found.append(
            of.change(
                "ltv_cap",
                needed,
                f"质押率上限由 {percent(cap)} 提高到 {percent(needed)}",
                f"LTV cap from {percent(cap)} to {percent(needed)}",
            )
        )
    if cap > 0.0:
        found.append(_more(of, "pledge_value_cny", value, of.amount / cap, ("质押价值", "pledge value")))
    return found


def _cash_multiple(of: _Question) -> list[NeededChange]:
    multiple, cash, found = of.lending.cash_multiple_cap, of.valuation.annual_cash_cny, []
    if cash > 0.0:
        needed = of.amount / cash
        found.append(
            of.change(
                "cash_multiple",
                needed,
                f"年现金流倍数由 {multiple or 0.0:g} 提高到 {needed:.4g}",
                f"multiple of annual cash from {multiple or 0.0:g} to {needed:.4g}",
            )
        )
    if multiple:
        found.append(
            _more(of, "annual_cash_cny", cash, of.amount / multiple, ("第一年净现金流", "net cash of year 1"))
        )
    return found


def _debt_service(of: _Question) -> list[NeededChange]:
    min_dscr = of.lending.min_dscr if of.terms.min_dscr is None else of.terms.min_dscr
    found = []
    # Below once, the cash does not pay the loan: no bank can agree to that.
    needed = of.limit.limit_cny * min_dscr / of.amount
    if needed >= 1.0:
        found.append(
            of.change(
                "min_dscr",
                needed,
                f"最低偿债覆盖倍数由 {min_dscr:g} 降到 {needed:.4g}",
                f"lowest cover from {min_dscr:g} to {needed:.4g}",
            )
        )
    tenor = _tenor_that_carries(of, min_dscr)
    if tenor is not None:
        found.append(
            of.change(
                "tenor_years",
                float(tenor),
                f"期限由 {of.terms.tenor_years:g} 年延长到 {tenor} 年",
                f"tenor from {of.terms.tenor_years:g} to {tenor} years",
            )
        )
    if of.limit.limit_cny > 0.0:
        times = of.amount / of.limit.limit_cny
        found.append(
            of.change(
                "low_cash_multiple",
                times,
                f"期限内各年 P10 现金流达到现在的 {times:.4g} 倍",
                f"P10 cash of every year of the tenor {times:.4g} times what it is",
            )
        )
    return found


def _tenor_that_carries(of: _Question, min_dscr: float) -> int | None:
    """The shortest tenor in whole years, longer than the one asked for, whose low cash carries the amount."""
    carried = 0.0
    for year, cash in enumerate(of.longer_cash, start=1):
        carried += cash / (1.0 + of.terms.rate_annual) ** year
        if year > of.terms.tenor_years and carried >= of.amount * min_dscr:
            return year
    return None


def _project_cost(of: _Question) -> list[NeededChange]:
    cost, equity = of.terms.project_cost_cny or 0.0, of.terms.project_equity_cny
    found = []
    if cost >= of.amount:
        needed = cost - of.amount
        found.append(
            of.change(
                "project_equity_cny",
                needed,
                f"资本金由 {wan(equity)} 万元降到 {wan(needed)} 万元以内",
                f"equity from {wan(equity)} to at most {wan(needed)} x10k CNY",
            )
        )
    found.append(_more(of, "project_cost_cny", cost, of.amount + equity, ("项目总投资", "project cost")))
    return found


def _guarantor(of: _Question) -> list[NeededChange]:
    was = of.terms.guarantor_cap_cny or 0.0
    return [_more(of, "guarantor_cap_cny", was, of.amount, ("担保人担保上限", "guarantor's cap"))]


def _product(of: _Question) -> list[NeededChange]:
    was = of.terms.product_cap_cny or 0.0
    return [_more(of, "product_cap_cny", was, of.amount, ("产品单笔上限", "product cap"))]


def _more(of: _Question, lever: str, was: float, needed: float, name: tuple[str, str]) -> NeededChange:
    """A lever in CNY that must rise; `name` is Chinese, then English."""
    name_zh, name_en = name
    return of.change(
        lever,
        needed,
        f"{name_zh}由 {wan(was)} 万元提高到 {wan(needed)} 万元",
        f"{name_en} from {wan(was)} to {wan(needed)} x10k CNY",
    )


_LEVERS: dict[LimitRule, Callable[[_Question], list[NeededChange]]] = {
    LimitRule.PLEDGE_VALUE: _pledge,
    LimitRule.CASH_MULTIPLE: _cash_multiple,
    LimitRule.DEBT_SERVICE: _debt_service,
    LimitRule.PROJECT_COST: _project_cost,
    LimitRule.GUARANTOR_CAP: _guarantor,
    LimitRule.PRODUCT_CAP: _product,
}


def percent(fraction: float) -> str:
    """As many digits as the fraction has, so that a reader can repeat the multiplication."""
    return f"{100.0 * fraction:.6g} %"


def wan(amount_cny: float) -> str:
    """An amount in units of 10,000 CNY."""
    return f"{amount_cny / _WAN:,.2f}"
