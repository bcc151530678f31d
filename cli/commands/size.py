"""`ecopledge size FILE`: how much may be lent, and what limits it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, wan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.valuation.valuation import LoanYear, SizedLoan

_RULES = {
    "pledge_value": "质押率",
    "cash_multiple": "年现金流倍数",
    "debt_service": "偿债覆盖",
    "project_cost": "项目投资",
    "guarantor_cap": "担保上限",
    "product_cap": "产品上限",
}
MISSING_LOAN = "is missing, expected a table [loan] with tenor_years and rate_annual"


@click.command("size", cls=WithExamples, examples=("ecopledge size examples/water-right.toml",))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--paths", type=click.IntRange(256, 1_048_576), default=2048, show_default=True, help="Paths.")
@click.option(
    "--seed", type=click.IntRange(0), default=20260821, show_default=True, help="Seed of the scenarios."
)
@target
@json_option
def command(file: Path, paths: int, seed: int, target: str | None, *, as_json: bool) -> int:
    """测算可贷额度与利率 · How much may be lent against each asset of a file with a [loan] table, and at what rate.

    Prints every constraint with its figures and names the binding one. With a table [pricing] the rate is built
    up part by part.
    """
    from cli.asset_file import read_asset_file
    from cli.file_places import naming_places
    from services.runtime.errors import InvalidInput
    from services.valuation.client import ValuationClient
    from services.valuation.valuation import Simulation

    content = read_asset_file(file)
    if content.loan is None:
        raise InvalidInput.of(f"{file}: loan", MISSING_LOAN)
    with services(target, ("valuation",)) as channel:
        client = ValuationClient(channel)
        sized = []
        for i, asset in enumerate(content.assets):
            with naming_places(file, i):
                sized.append(
                    client.size_loan(
                        asset,
                        content.loan,
                        simulation=Simulation(n_paths=paths, seed=seed),
                        pricing=content.pricing,
                    )
                )
    if as_json:
        print_json(sized)
    else:
        for loan in sized:
            _print(loan, content.loan.requested_cny)
    return 0


def _print(sized: "SizedLoan", requested_cny: float | None) -> None:
    from cli.commands.value import print_valuation_notes

    valuation = sized.valuation
    rows = [
        [
            "➤" if limit.rule == sized.binding_rule else "",
            f"{_RULES[limit.rule]} {limit.rule.replace('_', ' ')}",
            wan(limit.limit_cny),
            f"{limit.explanation_zh}\n{limit.explanation_en}",
        ]
        for limit in sized.limits
    ]
    print_table(
        f"{valuation.asset_id}: 可贷 {wan(sized.limit_cny)} 万元 · may lend {wan(sized.limit_cny)} 万元 "
        f"(value {wan(valuation.value_cny)}, haircut {percent(valuation.haircut)})",
        ("", "约束 Constraint", "上限 Limit 万元", "依据 How"),
        rows,
        left=(0, 1, 3),
    )
    if requested_cny is not None:
        _print_requested(requested_cny, sized.limit_cny)
    if sized.min_dscr_at_limit is not None:
        click.echo(
            f"  若按等额还款，最低偿债覆盖 · lowest cover at the limit under level instalments: "
            f"{sized.min_dscr_at_limit:.2f}"
        )
    if sized.loan_per_unit_cny is not None:
        click.echo(f"  每单位年量贷款 · loan per unit a year: {sized.loan_per_unit_cny:,.4f} CNY")
    _print_years(sized)
    print_cautions(sized.cautions, valuation.asset_id)
    for change in sized.changes_needed:
        rule = f"{_RULES[change.rule]} {change.rule.replace('_', ' ')}"
        click.echo(f"  要贷所申请额度 to lend the amount asked for [{rule}]: {change.explanation_zh}")
        click.echo(f"      {change.explanation_en}")
    if sized.rate is None:
        click.echo(
            "  未测算利率：文件无 [pricing] 表或可贷额度为零 · "
            "no rate was built up: the file has no table [pricing], or nothing may be lent"
        )
    else:
        from cli.rate_output import print_rate

        print_rate(valuation.asset_id, sized.rate)
    print_valuation_notes(valuation)


def _print_requested(requested_cny: float, limit_cny: float) -> None:
    """The amount asked for beside the limit, and what lies between them."""
    asked, limit, between = wan(requested_cny), wan(limit_cny), wan(abs(requested_cny - limit_cny))
    if requested_cny <= limit_cny:
        click.echo(
            f"  申请额度 {asked} 万元，在限额 {limit} 万元内，尚余 {between} 万元 · "
            f"the amount asked for, {asked} 万元, is within the limit of {limit} 万元, {between} 万元 below it"
        )
    else:
        click.echo(
            f"  申请额度 {asked} 万元，超过限额 {limit} 万元，差额 {between} 万元 · "
            f"the amount asked for, {asked} 万元, exceeds the limit of {limit} 万元 by {between} 万元"
        )


def _print_years(sized: "SizedLoan") -> None:
    asset_id = sized.valuation.asset_id
    _print_path(f"{asset_id}: 按限额等额还款 · At the limit under level instalments (万元)", sized.years)
    if not all(year.is_covered for year in sized.years):
        _print_path(
            f"{asset_id}: 按现金流还款，未付利息计入本金 · Repaid as the cash comes, unpaid interest added (万元)",
            sized.years_following_cash,
        )


def _ltv(year: "LoanYear") -> str:
    """A debt on a pledge that may be worth nothing by then is no missing figure."""
    if year.ltv is not None:
        return percent(year.ltv)
    return "∞" if year.debt_service_cny > 0.0 else "—"


def _print_path(title: str, years: "Sequence[LoanYear]") -> None:
    if not years:
        return
    print_table(
        title,
        (
            "年 Year",
            "现金P10 Cash P10",
            "应还 Due",
            "余额 Outstanding",
            "偿债覆盖 DSCR",
            "质押价值 Pledge value",
            "贷款/质押 LTV",
        ),
        (
            [
                str(year.year),
                wan(year.low_cash_cny),
                wan(year.debt_service_cny),
                wan(year.outstanding_cny),
                "—" if year.dscr is None else f"{year.dscr:.2f}",
                wan(year.pledge_value_cny),
                _ltv(year),
            ]
            for year in years
        ),
    )
