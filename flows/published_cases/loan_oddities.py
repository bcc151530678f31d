"""Oddities of values and loans: flows taken as stocks, sums taken as values, and how far the cases lie apart."""

from collections.abc import Iterable
from decimal import Decimal
from statistics import median

from flows.published_cases.case import CNY_PER_WAN, CollateralKind, PublishedCase, QuantityUnit
from flows.published_cases.oddity import Figure, Oddity, oddity, required
from services.runtime.results import Severity
from services.valuation.asset import ValueBasis

_NO_PLEDGE = "no collateral"


def whole_town(case: PublishedCase) -> Oddity:
    """The GEP of a whole town named beside a loan without collateral."""
    value, loan = required(case, "published_value_wan"), required(case, "loan_wan")
    figures = (Figure("value_to_loan", value / loan, "1", f"{value} / {loan}"),)
    texts = (
        (
            f"走马镇以全镇 GEP {value} 万元对应贷款 {loan} 万元（{value / loan:.0f} 倍），七个借款人、无抵押："
            "GEP 不归借款人所有，不是押品"
        ),
        (
            f"Zouma names the GEP of the whole town, {value} wan, beside loans of {loan} wan "
            f"({value / loan:.0f} times), "
            "seven borrowers, no collateral: the GEP is not theirs and no pledge"
        ),
    )
    return oddity((case.case_id,), "WHOLE_TOWN_GEP", Severity.IMPLAUSIBLE, texts, *figures)


def township_flow(case: PublishedCase) -> Oddity:
    """An annual GEP set against a credit line as if it were a stock."""
    value, line = required(case, "published_value_wan"), required(case, "credit_line_wan")
    figures = (Figure("line_to_annual_gep", line / value, "1", f"{line} / {value}"),)
    texts = (
        (
            f"贵门的 {value} 万元是一年的 GEP 流量，却与授信 {line} 万元相比（{line / value:.1%}）："
            "流量不是存量，且大部分不是现金"
        ),
        (
            f"Guimen's {value} wan is the GEP of one year, set against a line of {line} wan "
            f"({line / value:.1%}): a flow "
            "is no stock, and most of it is not cash"
        ),
    )
    return oddity((case.case_id,), "ANNUAL_FLOW_AS_STOCK", Severity.WARNING, texts, *figures)


def sum_over_operation(case: PublishedCase) -> Oddity:
    """A sum over an unpublished operating period, not discounted, and only a lower bound."""
    value, loan, line = (
        required(case, name) for name in ("published_value_wan", "loan_wan", "credit_line_wan")
    )
    figures = (
        Figure("loan_to_sum", loan / value, "1", f"{loan} / {value}"),
        Figure("line_to_sum", line / value, "1", f"{line} / {value}"),
    )
    texts = (
        (
            f"西山漾的 {value} 万元是经营期未折现合计的下限，经营期年数未公布；授信为其 {line / value:.1%}，"
            f"贷款为其 {loan / value:.1%}"
        ),
        (
            f"Xishanyang's {value} wan is the undiscounted sum over an operating period of unpublished length, "
            f"as a lower "
            f"bound; the line is {line / value:.1%} of it, the loan {loan / value:.1%}"
        ),
    )
    return oddity((case.case_id,), "UNDISCOUNTED_SUM", Severity.WARNING, texts, *figures)


def total_lent_in_full(case: PublishedCase) -> Oddity:
    """Total times price, undiscounted, and all of it lent."""
    total, price = required(case, "quantity_per_year"), required(case, "price_used_cny")
    value, loan = required(case, "published_value_wan"), required(case, "loan_wan")
    product = total * price / CNY_PER_WAN
    figures = (
        Figure("total_times_price", product, "wan", f"{total} x {price} / {CNY_PER_WAN}"),
        Figure("loan_to_value", loan / value, "1", f"{loan} / {value}"),
    )
    texts = (
        (
            f"安吉的 {value} 万元等于总量 {total} 吨乘以 {price} 元（{product:.2f} 万元），未折现，贷款为其 "
            f"{loan / value:.0%}"
        ),
        (
            f"Anji's {value} wan is the total of {total} t times {price} CNY ({product:.2f} wan), undiscounted, and "
            f"{loan / value:.0%} of it was lent"
        ),
    )
    return oddity((case.case_id,), "UNDISCOUNTED_SUM", Severity.WARNING, texts, *figures)


def yunxi_one_year(case: PublishedCase) -> Oddity:
    """One year's water as the value of the right, and the stated ratio recomputed."""
    volume, price = required(case, "quantity_per_year"), required(case, "price_used_cny")
    value, loan = required(case, "published_value_wan"), required(case, "loan_wan")
    stated = required(case, "ltv_stated_pct") / 100
    product = volume * price / CNY_PER_WAN
    figures = (
        Figure("volume_times_price", product, "wan", f"{volume} x {price} / {CNY_PER_WAN}"),
        Figure("stated_loan", stated * value, "wan", f"{stated} x {value}"),
        Figure("loan_to_value", loan / value, "1", f"{loan} / {value}"),
    )
    texts = (
        (
            f"郧西的 {value} 万元只是一年水量乘水价（{product:.0f} 万元），不是权利的价值；公布质押率 {stated:.0%} 即 "
            f"{stated * value:.0f} 万元，实贷 {loan} 万元（{loan / value:.1%}）"
        ),
        (
            f"Yunxi's {value} wan is one year's volume times price ({product:.0f} wan), not the value of the "
            f"right; the "
            f"stated {stated:.0%} would be {stated * value:.0f} wan, {loan} were lent ({loan / value:.1%})"
        ),
    )
    return oddity((case.case_id,), "ANNUAL_FLOW_AS_STOCK", Severity.WARNING, texts, *figures)


def lower_bounds(cases: Iterable[PublishedCase]) -> Oddity:
    """Values of which only the least is known: every ratio to them is an upper bound."""
    found = tuple(case for case in cases if case.is_lower_bound)
    figures = tuple(
        Figure(
            case.case_id,
            required(case, "loan_wan") / required(case, "published_value_wan"),
            "1",
            f"{case.loan_wan} / {case.published_value_wan}, at most",
        )
        for case in found
    )
    names = "、".join(case.case_id for case in found)
    texts = (
        f"{names} 的公布价值只是下限，贷款与价值之比是上限，不能当作质押率",
        (
            f"{', '.join(case.case_id for case in found)}: only a lower bound of the value was published, so loan over "
            "value is an upper bound and no pledge ratio"
        ),
    )
    return oddity(
        tuple(case.case_id for case in found), "LOWER_BOUND_AS_VALUE", Severity.NOTE, texts, *figures
    )


def ticket_loan_per_mu(case: PublishedCase) -> Oddity:
    """The loan on each mu of forest behind the tickets."""
    loan, area = required(case, "loan_wan"), required(case, "area_mu")
    per_mu = loan * CNY_PER_WAN / area
    figures = (Figure("loan_per_mu", per_mu, "CNY/mu", f"{loan} x {CNY_PER_WAN} / {area}"),)
    texts = (
        f"三明林票每亩贷款 {per_mu:,.0f} 元，林票价值未公布，无从核对",
        (
            f"Sanming lent {per_mu:,.0f} CNY on each mu behind the tickets; their value was not published and "
            f"cannot be "
            "checked"
        ),
    )
    return oddity((case.case_id,), "LOAN_PER_UNIT", Severity.NOTE, texts, *figures)


def water_loan_per_m3(cases: Iterable[PublishedCase]) -> Oddity:
    """The loan on each annual m3, where the water right was the whole pledge; the range is enormous."""
    found = tuple(
        case for case in cases if case.quantity_unit is QuantityUnit.M3_PER_YEAR and not case.has_other_pledge
    )
    figures = tuple(
        Figure(
            case.case_id,
            required(case, "loan_wan") * CNY_PER_WAN / required(case, "quantity_per_year"),
            "CNY/m3",
            f"{case.loan_wan} x {CNY_PER_WAN} / {case.quantity_per_year}",
        )
        for case in found
        if case.kind is CollateralKind.WATER_RIGHT
    )
    low = min(figure.value for figure in figures)
    high = max(figure.value for figure in figures)
    spread = (Figure("lowest", low, "CNY/m3", "min"), Figure("highest", high, "CNY/m3", "max"))
    texts = (
        f"每立方米年水量的贷款从 {low:.2f} 元到 {high:.0f} 元，相差 {high / low:,.0f} 倍：没有统一的水权价值",
        (
            f"the loan on each annual m3 runs from {low:.2f} to {high:.0f} CNY, a factor of {high / low:,.0f}: "
            f"there is no "
            "common value of water"
        ),
    )
    return oddity(
        tuple(figure.name for figure in figures),
        "LOAN_PER_UNIT_SPREAD",
        Severity.WARNING,
        texts,
        *figures,
        *spread,
    )


def loan_to_value_spread(cases: Iterable[PublishedCase]) -> Oddity:
    """What was lent over what was published as value, for every case with a pledge and both figures."""
    found = tuple(
        (case, case.granted_wan / case.published_value_wan)
        for case in cases
        if case.granted_wan is not None and case.published_value_wan is not None
        and _NO_PLEDGE not in case.structure
    )  # fmt: skip
    ratios = [ratio for _, ratio in found]
    figures = (
        *(
            Figure(case.case_id, ratio, "1", f"{case.granted_wan} / {case.published_value_wan}")
            for case, ratio in found
        ),
        Figure("lowest", min(ratios), "1", "min"),
        Figure("median", Decimal(median(ratios)), "1", "median"),
        Figure("highest", max(ratios), "1", "max"),
    )
    bases = len({case.basis for case, _ in found} - {ValueBasis.UNSTATED})
    texts = (
        (
            f"{len(found)} 个案例的贷款与公布价值之比从 {min(ratios):.1%} 到 {max(ratios):.0%}，"
            f"中位数 {median(ratios):.1%}；价值口径有 {bases} 种，另有未说明的，不可相互比较"
        ),
        (
            f"loan over published value runs from {min(ratios):.1%} to {max(ratios):.0%} over {len(found)} "
            f"cases, median "
            f"{median(ratios):.1%}; the values have {bases} different bases, some none, and do not compare"
        ),
    )
    return oddity(
        tuple(case.case_id for case, _ in found), "LOAN_TO_VALUE_SPREAD", Severity.WARNING, texts, *figures
    )
