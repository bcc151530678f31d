"""`ecopledge stress FILE`: what scenarios do to the assets of a file, and what would break a limit."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.code_words import Words, coded, factor_words, print_sources
from cli.connection import services, target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteRange
from cli.found_worlds import (
    NOT_WRITTEN,
    print_out_of_reach,
    require_scenario_file,
    scenario_out_option,
    write_found_worlds,
)
from cli.output import json_option, percent, print_json, print_table, waiting, wan

if TYPE_CHECKING:
    from services.runtime.scenarios.lasting_move import FactorMove
    from services.runtime.scenarios.scenario import Scenario
    from services.valuation.stress.report import ReverseLimit, StressedAsset, StressReport

_FACTORS_SHOWN = 5


@click.command(
    "stress",
    cls=WithExamples,
    examples=(
        "ecopledge stress examples/water-right.toml",
        "ecopledge stress examples/water-right.toml --scenario scheme-enforced --max-loss 0.4",
        "ecopledge stress examples/water-right.toml --max-loss 0.5 --scenario-out found.toml",
        "ecopledge stress examples/water-right.toml --scenarios found.toml",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Bundled scenario; may be repeated.")
@click.option(
    "--scenarios",
    "scenario_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with scenarios of your own; data/scenarios.toml shows the form.",
)
@click.option(
    "--max-loss",
    type=FiniteRange(0.0, 1.0, min_open=True, max_open=True),
    metavar="SHARE",
    help="Find the smallest move at which this share of today's value may be lost.",
)
@click.option(
    "--min-pledge",
    type=FiniteRange(0.0, min_open=True),
    metavar="CNY",
    help="Find the smallest move at which the pledge value falls to this amount, CNY.",
)
@scenario_out_option
@click.option("--paths", type=click.IntRange(256, 65_536), default=2048, show_default=True, help="Paths.")
@target
@json_option
def command(
    file: Path,
    names: tuple[str, ...],
    scenario_file: Path | None,
    max_loss: float | None,
    min_pledge: float | None,
    scenario_out: Path | None,
    paths: int,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """压力测试 · Value the assets of a file in other worlds, and find what would break a limit.

    Without options: every bundled scenario. Amounts are printed in 万元; --json prints CNY.
    """
    from cli.asset_file import read_asset_file
    from services.runtime.scenarios.file import read_scenarios
    from services.valuation.client import ValuationClient
    from services.valuation.stress.report import StressedAsset
    from services.valuation.valuation import Simulation

    limit = _limit(max_loss, min_pledge)
    require_scenario_file(scenario_out, has_limit=limit is not None)
    assets = read_asset_file(file).assets
    own = () if scenario_file is None else read_scenarios(scenario_file)
    with services(target, ("valuation",)) as channel, waiting("压力测试 · stressing", quiet=as_json):
        client = ValuationClient(channel)
        report = client.stress_assets(
            assets, names=names, scenarios=own, limit=limit, simulation=Simulation(n_paths=paths)
        )
        factor = None if as_json else coded(factor_words(client.get_market_snapshot()))
    if factor is None:
        print_json(report)
    else:
        _print(report, factor)
    code = 0 if all(isinstance(outcome, StressedAsset) for outcome in report.outcomes) else 2
    if scenario_out is None:
        return code
    answers = [
        outcome.reverse
        for outcome in report.outcomes
        if isinstance(outcome, StressedAsset) and outcome.reverse is not None
    ]
    written = write_found_worlds(scenario_out, answers, f"ecopledge stress {file}")
    return code if written else max(code, NOT_WRITTEN)


def _limit(max_loss: float | None, min_pledge: float | None) -> "ReverseLimit | None":
    from services.valuation.stress.report import ReverseLimit

    if max_loss is not None and min_pledge is not None:
        raise click.UsageError("found both --max-loss and --min-pledge, expected at most one")
    if max_loss is None and min_pledge is None:
        return None
    return ReverseLimit(max_loss, min_pledge)


def _print(report: "StressReport", factor: Words) -> None:
    from services.valuation.stress.report import StressedAsset

    labels = {scenario.name: scenario for scenario in report.scenarios}
    for outcome in report.outcomes:
        if isinstance(outcome, StressedAsset):
            _print_asset(outcome, labels, factor)
        else:
            click.echo(f"{outcome.asset_id}: not stressed · 未能测试: {outcome.message}", err=True)
            for violation in outcome.violations:
                click.echo(f"  {violation}", err=True)
    for scenario in report.scenarios:
        print_sources(f"{scenario.label_zh} {scenario.name}", scenario.sources)
    for skipped in report.skipped:
        click.echo(f"  {skipped.name} 不适用 does not fit the snapshot: {skipped.reason}")


def _print_asset(asset: "StressedAsset", labels: "dict[str, Scenario]", factor: Words) -> None:
    base = asset.base
    rows = [["基准 Base", wan(base.value_cny), "", wan(base.pledge_value_cny), "", percent(base.haircut),
             percent(base.loss_share)]]  # fmt: skip
    for item in asset.stressed:
        figures, scenario = item.figures, labels[item.scenario]
        rows.append(
            [
                f"{scenario.label_zh} {scenario.label_en}\n{scenario.name}",
                wan(figures.value_cny),
                _change(item.value_change_cny, base.value_cny),
                wan(figures.pledge_value_cny),
                _change(item.pledge_value_change_cny, base.pledge_value_cny),
                percent(figures.haircut),
                percent(figures.loss_share),
            ]
        )
    print_table(
        f"{asset.asset_id}: 压力测试 · Stress (万元)",
        (
            "情景 Scenario",
            "现值 Value",
            "变化 Change",
            "质押价值 Pledge value",
            "变化 Change",
            "折扣 Haircut",
            "对基准损失 Loss on base",
        ),
        rows,
        left=(0,),
    )
    _print_reverse(asset, factor)


def _print_reverse(asset: "StressedAsset", factor: Words) -> None:
    reverse = asset.reverse
    if reverse is None:
        return
    if reverse.broken_already:
        click.echo("  反向压力：当前已超限 · reverse stress: the limit is broken today")
        return
    if not reverse.single and reverse.joint_distance is None:
        click.echo(
            "  反向压力：6 个标准差内不会突破 · reverse stress: not broken within 6 standard deviations"
        )
        return
    for move in reverse.single:
        click.echo(f"  反向压力（单因子） · reverse stress, alone: {_move(move, factor)}")
    if reverse.joint_distance is not None:
        moves = "; ".join(_move(move, factor) for move in reverse.joint[:_FACTORS_SHOWN])
        click.echo(f"  反向压力（联合） · reverse stress, joint at {reverse.joint_distance:.2f} sd: {moves}")
    print_out_of_reach(reverse.out_of_reach, factor)


def _move(move: "FactorMove", factor: Words) -> str:
    return f"{factor(move.factor)} x {move.multiplier:.3f} ({move.standard_deviations:+.2f} sd)"


def _change(change_cny: float, base_cny: float) -> str:
    return f"{change_cny / base_cny:+.1%}" if base_cny > 0.0 else wan(change_cny)
