"""How much may be lent against one asset: every rule, what it allows, and which one binds."""

import math
from collections.abc import Sequence
from itertools import pairwise

from services.valuation.lending.needed_changes import changes_needed, percent, wan
from services.valuation.pricers.pricing import LendingTerms
from services.valuation.valuation import Limit, LimitRule, LoanTerms, LoanYear, SizedLoan, Valuation

_ROUNDING = 1e-9
_NO_CASH = (
    "期限内 P10 净现金流合计不为正：押品的现金可能在贷款到期之后才有",
    "the P10 cash of the tenor adds up to nothing: what the pledge brings may come after the loan has matured",
)


def payment_years(tenor_years: float) -> int:
    """Yearly payments of a loan: whole years of the tenor, so that none falls after maturity; one of a shorter loan."""
    return max(1, math.floor(tenor_years + 1e-9))


def service_per_unit(terms: LoanTerms) -> tuple[float, ...]:
    """Debt service of each year on a loan of 1: interest in the grace years, equal instalments after them.

    A begun grace year counts as one with an instalment, which is the careful reading.
    """
    n = payment_years(terms.tenor_years)
    grace = min(math.floor(terms.grace_years + 1e-9), n - 1)
    left, rate = n - grace, terms.rate_annual
    return (rate,) * grace + (1.0 / _annuity(left, rate),) * left


def outstanding_per_unit(terms: LoanTerms) -> tuple[float, ...]:
    """Principal of a loan of 1 at the beginning and after each yearly payment of `service_per_unit`; the last is 0.

    In closed form: what is left is worth the instalments still to come. Going year by year would multiply the rounding
    of the first year by the interest of all others.
    """
    n = payment_years(terms.tenor_years)
    grace = min(math.floor(terms.grace_years + 1e-9), n - 1)
    return (1.0,) * (grace + 1) + tuple(
        _annuity(left, terms.rate_annual) / _annuity(n - grace, terms.rate_annual)
        for left in range(n - grace - 1, -1, -1)
    )


def _annuity(n: int, rate_annual: float) -> float:
    """Present value of 1 a year for n years."""
    return float(n) if rate_annual == 0.0 else (0.0 - math.expm1(-n * math.log1p(rate_annual))) / rate_annual


def size_loan(
    valuation: Valuation,
    lending: LendingTerms,
    annual_quantity: float | None,
    low_cash: Sequence[float],
    terms: LoanTerms,
    *,
    pledge_values: Sequence[float] = (),
    longer_cash: Sequence[float] = (),
) -> SizedLoan:
    """Apply every rule to a valuation.

    Args:
        valuation: of the pledge.
        lending: caps of the kind; those of `terms` go before.
        annual_quantity: pledged units a year, for the loan per unit.
        low_cash: P10 of each year's cash, CNY, one for each of `payment_years`.
        terms: the loan that is asked for.
        pledge_values: pledge value at the end of each of those years, CNY; empty leaves the years out.
        longer_cash: P10 of each year of the longest loan, CNY; for the tenor that would carry the amount asked for.
    """
    service = service_per_unit(terms)
    min_dscr = lending.min_dscr if terms.min_dscr is None else terms.min_dscr
    limits = [_pledge_limit(valuation, lending, terms)]
    if lending.cash_multiple_cap is not None:
        limits.append(_cash_limit(valuation, lending.cash_multiple_cap))
    limits.append(_service_limit(low_cash, service, min_dscr, terms.rate_annual))
    limits += _caps_of_terms(terms)
    binding = min(limits, key=lambda limit: limit.limit_cny)
    limit = binding.limit_cny
    return SizedLoan(
        valuation,
        tuple(limits),
        binding.rule,
        limit,
        None if terms.requested_cny is None else terms.requested_cny <= limit,
        _cover_at(limit, low_cash, service),
        None if annual_quantity is None or annual_quantity <= 0.0 else limit / annual_quantity,
        _years_at(limit, terms, low_cash=low_cash, pledge_values=pledge_values),
        changes_needed(limits, valuation, lending, longer_cash, terms),
        years_following_cash=_years_following_cash(
            limit, terms, low_cash=low_cash, pledge_values=pledge_values
        ),
    )


def _pledge_limit(valuation: Valuation, lending: LendingTerms, terms: LoanTerms) -> Limit:
    cap = lending.ltv_cap if terms.ltv_cap is None else terms.ltv_cap
    limit = max(0.0, cap * valuation.pledge_value_cny)
    return Limit(
        LimitRule.PLEDGE_VALUE,
        limit,
        f"质押率上限 {percent(cap)} × 质押价值 {wan(valuation.pledge_value_cny)} 万元"
        f"（{valuation.horizon_years:g} 年后、{percent(valuation.confidence)} 置信度、扣除处置损失）"
        f"= {wan(limit)} 万元",
        f"LTV cap {percent(cap)} x pledge value {wan(valuation.pledge_value_cny)} x10k CNY (horizon "
        f"{valuation.horizon_years:g} y, {percent(valuation.confidence)} confidence, after disposal) "
        f"= {wan(limit)} x10k CNY",
    )


def _cash_limit(valuation: Valuation, multiple: float) -> Limit:
    limit = max(0.0, multiple * valuation.annual_cash_cny)
    return Limit(
        LimitRule.CASH_MULTIPLE,
        limit,
        f"年现金流倍数 {multiple:g} × 第一年预期净现金流 {wan(valuation.annual_cash_cny)} 万元 = {wan(limit)} 万元",
        f"multiple {multiple:g} x expected net cash of the first year {wan(valuation.annual_cash_cny)} x10k CNY "
        f"= {wan(limit)} x10k CNY",
    )


def _service_limit(
    low_cash: Sequence[float], service: Sequence[float], min_dscr: float, rate_annual: float
) -> Limit:
    """The loan whose life the low cash covers: its present value at the loan's rate over the minimum cover.

    Repayment is taken to follow the cash, as it must where credits are issued every few years; for level cash this
    is the annuity. Whether level instalments would be covered as well is said beside it (docs/adr/0008).
    """
    carried = max(0.0, sum(cash / (1.0 + rate_annual) ** year for year, cash in enumerate(low_cash, start=1)))
    limit = carried / min_dscr
    uncovered = [
        year
        for year, (cash, due) in enumerate(zip(low_cash, service, strict=True), start=1)
        if cash < min_dscr * limit * due * (1.0 - _ROUNDING)
    ]
    level_zh, level_en = _level_instalments(uncovered, min_dscr) if limit > 0.0 else _NO_CASH
    return Limit(
        LimitRule.DEBT_SERVICE,
        limit,
        f"期限内各年 P10 现金流按贷款利率 {percent(rate_annual)} 折现 {wan(carried)} 万元 ÷ "
        f"最低偿债覆盖倍数 {min_dscr:g} = {wan(limit)} 万元（按现金流安排还款；{level_zh}）",
        f"P10 cash of the tenor discounted at the loan rate {percent(rate_annual)}, {wan(carried)} x10k CNY, over "
        f"the lowest cover {min_dscr:g} = {wan(limit)} x10k CNY (repayment follows the cash; {level_en})",
    )


def _level_instalments(uncovered: Sequence[int], min_dscr: float) -> tuple[str, str]:
    """What to say of level instalments, given the years in which the low cash does not cover them."""
    if not uncovered:
        return (
            f"该额度按等额还款各年亦达 {min_dscr:g} 倍",
            f"at that amount level instalments are covered {min_dscr:g} times in every year",
        )
    first, last, n = uncovered[0], uncovered[-1], len(uncovered)
    return (
        f"该额度若改为等额还款，有 {n} 年不足 {min_dscr:g} 倍，首见第 {first} 年、末见第 {last} 年",
        f"at that amount level instalments are covered less than {min_dscr:g} times in {n} years, {first} to {last}",
    )


def _caps_of_terms(terms: LoanTerms) -> list[Limit]:
    limits = []
    if terms.project_cost_cny is not None:
        cost, equity = terms.project_cost_cny, terms.project_equity_cny
        limit = max(0.0, cost - equity)
        limits.append(
            Limit(
                LimitRule.PROJECT_COST,
                limit,
                f"项目总投资 {wan(cost)} 万元 − 资本金 {wan(equity)} 万元 = {wan(limit)} 万元",
                f"project cost {wan(cost)} less equity {wan(equity)} = {wan(limit)} x10k CNY",
            )
        )
    if terms.guarantor_cap_cny is not None:
        limits.append(
            _cap(LimitRule.GUARANTOR_CAP, terms.guarantor_cap_cny, "担保人担保上限", "guarantor's cap")
        )
    if terms.product_cap_cny is not None:
        limits.append(_cap(LimitRule.PRODUCT_CAP, terms.product_cap_cny, "产品单笔上限", "product cap"))
    return limits


def _cap(rule: LimitRule, cap_cny: float, name_zh: str, name_en: str) -> Limit:
    limit = max(0.0, cap_cny)
    return Limit(rule, limit, f"{name_zh} {wan(limit)} 万元", f"{name_en} {wan(limit)} x10k CNY")


def _cover_at(limit: float, low_cash: Sequence[float], service: Sequence[float]) -> float | None:
    if limit <= 0.0:
        return None
    # The product, not its factors: a tiny loan times a small share may round to nothing due.
    covers = [cash / (limit * due) for cash, due in zip(low_cash, service, strict=True) if limit * due > 0.0]
    return min(covers) if covers else None


def worth_of_cash(terms: LoanTerms, low_cash: Sequence[float]) -> list[float]:
    """What the low cash to come is worth at the loan's rate, at the beginning and after each year; the last is 0."""
    growth = 1.0 + terms.rate_annual
    # From the last year backwards, so that no rounding is compounded.
    worth = [0.0]
    for cash in reversed(low_cash):
        worth.append((worth[-1] + max(cash, 0.0)) / growth)
    return worth[::-1]


def is_paid_by_instalments(sized: SizedLoan, amount_cny: float) -> bool:
    """Whether the low cash of every year pays the level instalments of a loan of `amount_cny`.

    What is due grows with the loan: less than the limit may be paid where the limit is not.
    """
    share = amount_cny / sized.limit_cny
    return all(year.low_cash_cny >= share * year.debt_service_cny * (1.0 - _ROUNDING) for year in sized.years)


def _years_following_cash(
    limit: float, terms: LoanTerms, *, low_cash: Sequence[float], pledge_values: Sequence[float]
) -> tuple[LoanYear, ...]:
    """The loan year by year where every year pays the same share of its low cash.

    What is owed after a year is what the payments still to come are worth at the loan's rate: interest on it that the
    cash of a year does not pay is added.
    """
    worth = worth_of_cash(terms, low_cash)
    if limit <= 0.0 or len(pledge_values) == 0 or worth[0] <= 0.0:
        return ()
    share = limit / worth[0]
    years = []
    rows = zip(low_cash, pairwise(worth), pledge_values, strict=True)
    for year, (cash, (before, after), pledge) in enumerate(rows, start=1):
        due, owed = share * max(cash, 0.0), share * before
        ltv = owed / pledge if pledge > 0.0 else None
        years.append(LoanYear(year, cash, due, share * after, cash / due if due > 0.0 else None, pledge, ltv))
    return tuple(years)


def _years_at(
    limit: float, terms: LoanTerms, *, low_cash: Sequence[float], pledge_values: Sequence[float]
) -> tuple[LoanYear, ...]:
    """The loan year by year under level instalments."""
    if limit <= 0.0 or len(pledge_values) == 0:
        return ()
    years = []
    balances = pairwise(outstanding_per_unit(terms))
    rows = zip(low_cash, service_per_unit(terms), balances, pledge_values, strict=True)
    for year, (cash, share, (before, after), pledge) in enumerate(rows, start=1):
        due, owed = limit * share, limit * before
        dscr = cash / due if due > 0.0 else None
        ltv = owed / pledge if pledge > 0.0 else None
        years.append(LoanYear(year, cash, due, limit * after, dscr, pledge, ltv))
    return tuple(years)
