"""What a careful reader should know about an ecosystem account: quantity times price, units, names, and its error."""

import math
from collections.abc import Sequence

from services.runtime.errors import InvalidInput
from services.runtime.results import Caution, Severity
from services.valuation.accounts.ecosystem_account import AccountError
from services.valuation.accounts.specifications import SpecifiedService
from services.valuation.asset import AccountSpecification, ServiceIncome

# Printed quantities are rounded: quantity x price of published accounts agrees within 0.5-1.5 %.
ROUNDING_TOLERANCE = 0.015
# Beyond this the line is no matter of rounding.
REFUSED_DIFFERENCE = 0.10
_NEAR = 0.02
_UNIT_SLIPS = (
    (1e8, "亿 (1e8)"),
    (1e4, "万 (1e4)"),
    (1e3, "kg 与 t, mm 与 m (1000)"),
    (100.0, "百分数与小数, 平方公里与公顷 percent or ratio, km2 or ha (100)"),
    (15.0, "亩与公顷 mu or ha (15)"),
    (44.0 / 12.0, "碳与二氧化碳 C or CO2 (44/12)"),
)


def of_quantity_times_price(stated: ServiceIncome, unit: str, field: str) -> list[Caution]:
    """VALUE_IS_NOT_QUANTITY_TIMES_PRICE where a line states all three and they differ by more than rounding.

    Raises:
        InvalidInput: about `field`, if they differ by more than REFUSED_DIFFERENCE; a slip of units that would explain
            it is named.
    """
    if stated.quantity_per_year is None or stated.unit_price_cny is None:
        return []
    value = stated.account_value_cny_per_year
    computed = stated.quantity_per_year * stated.unit_price_cny
    if abs(computed - value) <= ROUNDING_TOLERANCE * value:
        return []
    if abs(computed - value) > REFUSED_DIFFERENCE * value:
        slip = _unit_slip(computed, value)
        raise InvalidInput.of(
            field,
            f"found {value:g}, expected {computed:g} = {stated.quantity_per_year:g} {unit} x "
            f"{stated.unit_price_cny:g} CNY/{unit} within {REFUSED_DIFFERENCE:.0%}"
            + (f"; a unit may be meant otherwise: {slip}" if slip else ""),
        )
    return [
        Caution(
            "VALUE_IS_NOT_QUANTITY_TIMES_PRICE",
            Severity.WARNING,
            f"账户值 {value:,.2f} 元与数量×单价 {computed:,.2f} 元相差 {value / computed - 1.0:+.1%}，"
            "超过四舍五入误差。",
            f"The account value of {value:,.2f} CNY differs by {value / computed - 1.0:+.1%} from quantity x price, "
            f"{computed:,.2f} CNY: more than rounding.",
            field,
        )
    ]


def of_error_by_service(error: AccountError, used_cv: float, field: str) -> list[Caution]:
    """ERROR_BY_SERVICE: the valuation error, beside the two simple assumptions that it replaces.

    ERROR_BY_SERVICE_CAPPED where the cash is so small beside its cost that an error of `used_cv` is used instead.
    """
    causes = sorted(error.causes, key=lambda cause: (-cause.cv, cause.cause))
    main_zh = "、".join(f"{cause.name_zh} {cause.cv:.1%}" for cause in causes[:3])
    main_en = ", ".join(f"{cause.name_en} {cause.cv:.1%}" for cause in causes[:3])
    capped = [
        Caution(
            "ERROR_BY_SERVICE_CAPPED",
            Severity.WARNING,
            f"扣除成本后所剩现金很少，合成误差 {error.cv:.3g} 倍超出可用范围，估值按上限 {used_cv:g} 倍计："
            "该价值几乎无从确定。",
            f"So little cash is left after cost that its error, {error.cv:.3g} times the cash, is beyond what can be "
            f"used; the valuation uses {used_cv:g} times: this value is hardly known at all.",
            field,
        )
    ]
    told = Caution(
        "ERROR_BY_SERVICE",
        Severity.NOTE,
        f"估值误差按各项服务及其共同驱动合成，代替目录值：变异系数 {error.cv:.1%}"
        f"（若相互独立 {error.cv_if_independent:.1%}，若完全相关 {error.cv_if_one:.1%}）"
        + (f"；主要共同驱动 {main_zh}。" if main_zh else "。"),
        f"The valuation error, in place of the catalogue's, is built from the services and the causes that they "
        f"share: cv {error.cv:.1%} ({error.cv_if_independent:.1%} were they independent, "
        f"{error.cv_if_one:.1%} were they one)" + (f"; main common causes: {main_en}." if main_en else "."),
        field,
    )
    return [told, *(capped if used_cv < error.cv else [])]


def of_unconfirmed_names(
    specification: AccountSpecification | None, entries: Sequence[SpecifiedService], field: str
) -> list[Caution]:
    """SERVICE_NAMES_UNCONFIRMED where names were read under a specification whose own text nobody has compared."""
    if specification is None or not entries:
        return []
    names_zh = "、".join(entry.name for entry in entries)
    names_en = ", ".join(entry.name for entry in entries)
    sources = "; ".join(dict.fromkeys(f"{entry.source}: {entry.status}" for entry in entries))
    return [
        Caution(
            "SERVICE_NAMES_UNCONFIRMED",
            Severity.NOTE,
            f"下列服务名称按“{specification}”读取，但尚未与规范正式文本核对：{names_zh}（{sources}）。",
            f"These names of services were read under {specification}, not yet confirmed against its official text: "
            f"{names_en} ({sources}).",
            field,
        )
    ]


def _unit_slip(computed: float, value: float) -> str:
    if value <= 0.0 or computed <= 0.0:
        return ""
    # In logs: the ratio of the smallest to the largest number is none.
    apart = abs(math.log(computed) - math.log(value))
    return next((name for size, name in _UNIT_SLIPS if abs(apart - math.log(size)) <= _NEAR), "")
