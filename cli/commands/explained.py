"""What explains a value beside its cash flows, as tables: main drivers, sensitivities, what is paid in the end."""

from typing import TYPE_CHECKING

import click

from cli.output import percent, print_table, wan

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def print_explanation(valuation: "Valuation") -> None:
    """Print the main drivers, the sensitivities and the distribution of what is paid of a valuation."""
    if valuation.main_drivers:
        _print_changes(
            valuation,
            "主要驱动因素 · Main drivers (万元)，各变一个标准差，不可相加 1 σ each, not additive",
            valuation.main_drivers,
        )
    if valuation.sensitivities:
        _print_changes(
            valuation, "敏感性 · Sensitivities (万元)，其余不变 all else unchanged", valuation.sensitivities
        )
    realised = valuation.realised_value_cny
    if realised is not None:
        points = ", ".join(f"P{point.probability * 100:g} {wan(point.value)}" for point in realised.quantiles)
        click.echo(
            f"  {valuation.asset_id}: 最终所付现值 present value of what is paid (万元): "
            f"均值 mean {wan(realised.mean)} ± {wan(realised.mean_standard_error)}, "
            f"标准差 sd {wan(realised.standard_deviation)}, {points}"
        )


def _print_changes(valuation: "Valuation", title: str, changes: "Iterable[Sensitivity]") -> None:
    print_table(
        f"{valuation.asset_id}: {title}",
        ("驱动 Driver", "变动 Change", "现值变动 Change of V(0)", "占比 Share"),
        (
            [
                _DRIVERS.get(found.driver, found.driver),
                _BUMPS[found.bump],
                wan(found.change_cny),
                percent(found.change_cny / valuation.value_cny) if valuation.value_cny > 0.0 else "—",
            ]
            for found in changes
        ),
        left=(0, 1),
    )
