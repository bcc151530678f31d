"""What explains a value beside its cash flows, as tables: main drivers, sensitivities, what is paid in the end."""

from typing import TYPE_CHECKING

import click

from cli.code_words import Words, with_code
from cli.output import percent, print_table, wan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.valuation.accounts.ecosystem_account import AccountService
    from services.valuation.valuation import Sensitivity, Valuation

_DRIVERS = {
    "discount_rate": "贴现率 discount rate",
    "loss_of_right": "权利灭失 loss of the right",
    "valuation_error": "估值误差 valuation error",
}
_BUMPS = {
    "level_1_percent": "水平 level +1%",
    "volatility_1_point": "波动率 volatility +1 pt",
    "discount_rate_100_bp": "+100 bp",
    "event_intensity_10_percent": "强度 intensity +10%",
    "one_standard_deviation": "1 σ",
}


def print_explanation(valuation: "Valuation", factor: Words) -> None:
    """Print the main drivers, the sensitivities and the distribution of what is paid of a valuation."""
    if valuation.main_drivers:
        _print_changes(
            valuation,
            "主要驱动因素 · Main drivers (万元)，各变一个标准差，不可相加 1 σ each, not additive",
            valuation.main_drivers,
            factor,
        )
    if valuation.sensitivities:
        _print_changes(
            valuation,
            "敏感性 · Sensitivities (万元)，其余不变 all else unchanged",
            valuation.sensitivities,
            factor,
        )
    realised = valuation.realised_value_cny
    if realised is not None:
        points = ", ".join(f"P{point.probability * 100:g} {wan(point.value)}" for point in realised.quantiles)
        click.echo(
            f"  {valuation.asset_id}: 最终所付现值 present value of what is paid (万元): "
            f"均值 mean {wan(realised.mean)} ± {wan(realised.mean_standard_error)}, "
            f"标准差 sd {wan(realised.standard_deviation)}, {points}"
        )


def _print_changes(
    valuation: "Valuation", title: str, changes: "Iterable[Sensitivity]", factor: Words
) -> None:
    print_table(
        f"{valuation.asset_id}: {title}",
        ("驱动 Driver", "变动 Change", "现值变动 Change of V(0)", "占比 Share"),
        (
            [
                _DRIVERS.get(found.driver) or factor(found.driver),
                _BUMPS[found.bump],
                wan(found.change_cny),
                percent(found.change_cny / valuation.value_cny) if valuation.value_cny > 0.0 else "—",
            ]
            for found in changes
        ),
        left=(0, 1),
    )


def _service_words(service: "AccountService") -> str:
    """The service with its code, and how the account calls it where that is another name."""
    from flows.reports.labels import label

    name = label(f"appraisal_service.{service.service}").zh
    shown = name if service.stated_as in {name, service.service} else f"{name}（{service.stated_as}）"
    return with_code(shown, service.service)


def print_account(valuation: "Valuation") -> None:
    """Print the three bases of the account behind a valuation, service by service, and the error of its cash."""
    account = valuation.ecosystem_account
    if account is None:
        return
    rows = [
        [
            _service_words(service),
            wan(service.gross_cny_per_year),
            wan(service.realisable_cny_per_year),
            wan(service.pledgor_cny_per_year),
            "—" if service.error_cv is None else percent(service.error_cv),
        ]
        for service in account.services
    ]
    paid = sum(service.pledgor_cny_per_year for service in account.services)
    cost = paid - account.cash_to_pledgor_cny_per_year
    if cost > 0.0:
        rows.append(["成本 Cost", "", "", wan(-cost), ""])
    rows.append(
        [
            "合计 Total",
            wan(account.gross_cny_per_year),
            wan(account.realisable_cny_per_year),
            wan(account.cash_to_pledgor_cny_per_year),
            "—" if account.error is None else percent(account.error.cv),
        ]
    )
    of = "" if account.specification is None else f"，{account.specification}"
    print_table(
        f"{valuation.asset_id}: 账户三种口径 · Three bases of the account (万元/年 a year){of}；"
        "仅出质人现金计入押品价值 only cash to the pledgor is lent against",
        (
            "服务 Service",
            "总值 Gross product",
            "可变现收入 Realisable",
            "出质人现金 To the pledgor",
            "误差 Error (cv)",
        ),
        rows,
    )
    if account.error is not None:
        causes = "; ".join(
            f"{cause.name_zh} {cause.name_en} {percent(cause.cv)}" for cause in account.error.causes
        )
        click.echo(
            f"  {valuation.asset_id}: 合成误差 error of the cash {percent(account.error.cv)} "
            f"(独立 independent {percent(account.error.cv_if_independent)}, "
            f"完全相关 as one {percent(account.error.cv_if_one)}); 单一共同驱动 by one cause: {causes or '—'}"
        )
