"""How a built-up rate is shown: its parts, the comparison with LPR, the borrower's cost, every assumption."""

from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_cautions
from cli.output import print_table, wan

if TYPE_CHECKING:
    from services.valuation.lending.loan_price import RateBuildUp

_PARTS = {
    "funding": "资金成本 Funding",
    "expected_loss": "预期损失 Expected loss",
    "capital": "资本成本 Capital",
    "operating_cost": "运营成本 Operation",
    "margin": "利润加点 Margin",
}
_BASES = {"loan_rate": "合同利率 Rate of the terms", "built_up_rate": "成本合计利率 Built-up rate"}


def print_rate(asset_id: str, rate: "RateBuildUp") -> None:
    """Print the rate of one loan."""
    from services.runtime.vocabulary.names import field_zh

    rows = [
        [_PARTS[part.part], _rate(part.rate_annual), f"{part.explanation_zh}\n{part.explanation_en}"]
        for part in rate.components
    ]
    rows.append(["合计 Total", _rate(rate.total_rate_annual), "税未计 tax left out"])
    print_table(
        f"{asset_id}: 利率构成，按 {wan(rate.amount_cny)} 万元测算 · Rate build-up on {wan(rate.amount_cny)} 万元",
        ("构成 Part", "年利率 Rate", "依据 How"),
        rows,
        left=(0, 2),
    )
    _print_comparison(rate)
    _print_costs(asset_id, rate)
    for found in rate.inputs:
        mark = "假设 assumption" if found.is_assumption else "给定 given"
        click.echo(f"  [{mark}] {field_zh(found.name)} {found.name} = {found.value:g} ({found.source})")
    print_cautions(rate.cautions)


def _print_comparison(rate: "RateBuildUp") -> None:
    if (
        rate.lpr_rate_annual is not None
        and rate.required_spread_annual is not None
        and rate.offered_spread_annual is not None
    ):
        required, offered = _points(rate.required_spread_annual), _points(rate.offered_spread_annual)
        click.echo(
            f"  LPR {rate.lpr_tenor} {_rate(rate.lpr_rate_annual)} ({rate.lpr_as_of}): "
            f"成本合计为 LPR {required}，合同利率为 LPR {offered} · "
            f"total = LPR {required}, rate of the terms = LPR {offered}"
        )
    click.echo(
        f"  违约损失率 LGD {_rate(rate.lgd)}，风险权重 risk weight {_rate(rate.risk_weight)}；"
        f"内评法试算（仅对照） IRB what-if, unsecured {_rate(rate.irb_risk_weight)}"
    )


def _print_costs(asset_id: str, rate: "RateBuildUp") -> None:
    print_table(
        f"{asset_id}: 借款人成本，年有效利率 · Cost to the borrower, effective annual rate",
        ("利率 Rate", "名义 Nominal", "贴息后 After subsidy", "含担保费 All in"),
        (
            [
                _BASES[cost.basis],
                _rate(cost.nominal_annual),
                "—" if cost.after_subsidy_annual is None else _rate(cost.after_subsidy_annual),
                "—" if cost.all_in_annual is None else _rate(cost.all_in_annual),
            ]
            for cost in rate.borrower_costs
        ),
    )


def _rate(share: float) -> str:
    return f"{100.0 * share:.3f}%"


def _points(spread: float) -> str:
    return f"{10_000.0 * spread:+.1f} BP"
