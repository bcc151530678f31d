"""`ecopledge value FILE`: what the assets of a file are worth."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_cautions
from cli.code_words import Words, coded, factor_words, print_codes, with_code
from cli.commands.explained import print_account, print_explanation
from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, wan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.runtime.market import MarketSnapshot
    from services.valuation.asset import Asset
    from services.valuation.valuation import CashFlowLine, Failure, Valuation


@click.command(
    "value",
    cls=WithExamples,
    examples=(
        "ecopledge value examples/water-right.toml --explain",
        "ecopledge value examples/water-right.toml --record --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--record", is_flag=True, help="Store the valuations, so that they can be replayed.")
@click.option("--explain", is_flag=True, help="Print cash flows, main drivers and sensitivities.")
@click.option("--paths", type=click.IntRange(256, 1_048_576), default=2048, show_default=True, help="Paths.")
@click.option(
    "--seed", type=click.IntRange(0), default=20260821, show_default=True, help="Seed of the scenarios."
)
@target
@json_option
def command(
    file: Path, paths: int, seed: int, target: str | None, *, record: bool, explain: bool, as_json: bool
) -> int:
    """资产估值 · Value the assets of a TOML or JSON file: value, haircut, pledge value, warnings.

    Amounts are printed in 万元; --json prints CNY.
    """
    from cli.asset_file import read_asset_file
    from services.valuation.client import ValuationClient
    from services.valuation.valuation import Simulation, Valuation

    assets = read_asset_file(file).assets
    with services(target, ("valuation",)) as channel:
        client = ValuationClient(channel)
        outcomes = client.value_assets(
            assets,
            simulation=Simulation(n_paths=paths, seed=seed),
            request_id=_request_id(assets, paths, seed) if record else "",
            explain=explain or as_json,
        )
        names = {} if as_json else {kind.kind: kind.name_zh for kind in client.list_asset_kinds()}
        snapshot = client.get_market_snapshot() if explain and not as_json else None
    if as_json:
        print_json(outcomes)
    else:
        _print(file, outcomes, names, snapshot)
        _print_stored(outcomes, record=record)
    return 0 if all(isinstance(outcome, Valuation) for outcome in outcomes) else 2


def _request_id(assets: "Sequence[Asset]", paths: int, seed: int) -> str:
    """The same assets valued in the same way are the same request: a repeat returns the stored valuations.

    Of the assets as they were understood, not of the file: a newer program may understand more of the same file.
    """
    import hashlib

    import msgspec

    content = msgspec.json.encode((assets, paths, seed), order="deterministic")
    return f"value-{hashlib.sha256(content).hexdigest()[:48]}"


def _print(
    file: Path,
    outcomes: "list[Valuation | Failure]",
    names: dict[str, str],
    explained_in: "MarketSnapshot | None",
) -> None:
    """Print what came of each asset, explained in the words of a market where one is given."""
    from services.valuation.valuation import Valuation

    valued = [outcome for outcome in outcomes if isinstance(outcome, Valuation)]
    if valued:
        print_table(
            "估值 · Valuations (万元)",
            (
                "资产 Asset",
                "类型 Kind",
                "现值 Value",
                "折扣 Haircut",
                "质押价值 Pledge value",
                "首年现金 Year 1",
                "编号 Id",
            ),
            (
                [
                    v.asset_id,
                    with_code(names.get(v.kind, ""), v.kind),
                    wan(v.value_cny),
                    percent(v.haircut),
                    wan(v.pledge_value_cny),
                    wan(v.annual_cash_cny),
                    v.valuation_id or "—",
                ]
                for v in valued
            ),
            left=(0, 1, 6),
        )
    for valuation in valued:
        print_valuation_notes(valuation)
        if explained_in is not None:
            factor = factor_words(explained_in)
            print_cash_flows(valuation, factor)
            print_account(valuation)
            print_explanation(valuation, coded(factor))
            print_harvest_option(valuation)
    for i, outcome in enumerate(outcomes):
        if not isinstance(outcome, Valuation):
            click.echo(f"{file}: assets[{i}] {outcome.asset_id}: not valued · 未能估值", err=True)
            for reason in outcome.violations or (outcome.message,):
                click.echo(f"  {reason}", err=True)


def _print_stored(outcomes: "list[Valuation | Failure]", *, record: bool) -> None:
    """Say what a call that was asked to store has stored: a wrong asset does not sink the others."""
    from services.valuation.valuation import Valuation

    stored = sum(isinstance(outcome, Valuation) for outcome in outcomes)
    if record:
        click.echo(f"stored {stored} of {len(outcomes)} · 已存 {stored} / {len(outcomes)}")


def print_valuation_notes(valuation: "Valuation") -> None:
    """Print how the pledge value comes about, the warnings and the assumptions of a valuation."""
    _print_pledge_value(valuation)
    from flows.reports.blocks import valuation_assumption

    print_cautions(valuation.cautions, valuation.asset_id)
    for assumption in valuation.assumptions:
        click.echo(f"  {valuation.asset_id} [假设 assumption] {valuation_assumption(assumption).inline()}")


def _print_pledge_value(valuation: "Valuation") -> None:
    low = 1.0 - valuation.confidence
    quantile = next(
        (q.value for q in valuation.value_at_horizon.quantiles if abs(q.probability - low) < 1e-9), None
    )
    if quantile is None or quantile <= 0.0 or valuation.pledge_value_cny <= 0.0:
        return
    share = valuation.pledge_value_cny / quantile
    click.echo(
        f"  {valuation.asset_id}: 质押价值 pledge value {wan(valuation.pledge_value_cny)} = "
        f"P{low * 100:g} ({valuation.horizon_years:g} 年后 years) {wan(quantile)} × "
        f"变现比例 share after disposal {percent(share)}（处置成本、时滞、流动性折扣 cost, lag, liquidity）"
    )


def print_cash_flows(valuation: "Valuation", factor: Words) -> None:
    """Print the lines that add up to the value, and the codes of their factors below them."""
    lines = [
        [
            f"{line.time_years:.2f}",
            line.label,
            factor(line.factor),
            f"{line.quantity:,.2f}",
            f"{line.expected_factor:.4f}",
            wan(line.expected_amount_cny),
            _discount(line),
            wan(line.present_value_cny),
        ]
        for line in valuation.cash_flows
    ]
    total = sum(line.present_value_cny for line in valuation.cash_flows)
    print_table(
        f"{valuation.asset_id}: 现金流 · Cash flows, 合计 total {wan(total)} 万元",
        (
            "年 Year",
            "项目 Line",
            "因子 Factor",
            "数量 Quantity",
            "预期因子 E[factor]",
            "预期 Expected",
            "折现系数 Discount",
            "现值 PV",
        ),
        lines,
        left=(0, 1, 2),
    )
    print_codes("因子代码 factor codes", factor, (line.factor for line in valuation.cash_flows))


def _discount(line: "CashFlowLine") -> str:
    """Present value of one expected CNY: curve, risk premium of the kind and expected loss of the right."""
    if line.expected_amount_cny == 0.0:
        return "—"
    return f"{line.present_value_cny / line.expected_amount_cny:.4f}"


def print_harvest_option(valuation: "Valuation") -> None:
    """Print what the choice of the date of felling is worth, where the asset has one."""
    option = valuation.harvest_option
    if option is None:
        return
    rows = [
        [f"今日决定 Decided today: {found.name}", wan(found.value_cny), ""] for found in option.alternatives
    ]
    error = wan(option.standard_error_cny)
    rows += [
        ["随价格择期采伐 Felled as prices come", wan(option.value_cny), error],
        ["其中期权价值 Option value in it", wan(option.option_value_cny), error],
        ["预知价格之上限 Bound: prices foreseen", wan(option.foresight_cny), ""],
    ]
    print_table(
        f"{valuation.asset_id}: 采伐择期权 · Choice of the date of felling (万元)，仅披露，不计入押品价值 "
        "disclosed, not lent on",
        ("项目 Line", "现值 Value", "标准误 Std. error"),
        rows,
    )
    if option.mean_felling_years is not None:
        click.echo(
            f"  平均采伐时间 mean date of felling: {option.mean_felling_years:.1f} 年 years; "
            f"采伐占比 felled: {percent(option.felled_share)}"
        )
