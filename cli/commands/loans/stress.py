"""`ecopledge loans stress`: the book in other worlds, and the smallest move that breaks a limit."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.code_words import Words, coded, factor_words, with_code
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
from cli.loan_quality import (
    as_of_option,
    day_of,
    exposure_in_words,
    given_terms,
    loans_option,
    market,
    snapshot_option,
    terms_options,
)
from cli.output import json_option, number_of, percent, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from cli.output import Bar
    from services.loans.simulation.stress import LossLimit, PortfolioStress, ReverseStress, StressedLoss
    from services.runtime.results import Progress
    from services.runtime.scenarios.lasting_move import FactorMove

_FACTORS_SHOWN = 6


@click.command(
    "stress",
    cls=WithExamples,
    examples=(
        "ecopledge loans stress",
        "ecopledge loans stress --scenario dry-run --max-expected-loss 100000000",
        "ecopledge loans stress --max-expected-loss 100000000 --scenario-out found.toml",
        "ecopledge loans stress --scenarios found.toml",
    ),
)
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Bundled scenario; may be repeated.")
@click.option(
    "--scenarios",
    "scenario_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with scenarios of your own; data/scenarios.toml shows the form.",
)
@click.option(
    "--max-expected-loss",
    type=FiniteRange(0.0, min_open=True),
    metavar="CNY",
    help="Find the smallest move of the factors at which the expected loss reaches this amount.",
)
@click.option(
    "--max-shortfall",
    type=FiniteRange(0.0, min_open=True),
    metavar="CNY",
    help="The same for the expected shortfall at 99.9 %.",
)
@scenario_out_option
@click.option("--quarters", type=click.IntRange(1, 40), default=12, show_default=True, help="Quarters.")
@click.option(
    "--paths", type=click.IntRange(256, 1_000_000), default=10_000, show_default=True, help="Paths."
)
@snapshot_option
@as_of_option
@loans_option
@terms_options
@target
@json_option
def command(
    names: tuple[str, ...],
    scenario_file: Path | None,
    max_expected_loss: float | None,
    max_shortfall: float | None,
    scenario_out: Path | None,
    quarters: int,
    paths: int,
    snapshot_file: Path | None,
    as_of: str | None,
    loan_ids: tuple[str, ...],
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """组合压力测试 · Scenarios move defaults and collateral alike. Without options: every bundled scenario."""
    from services.loans.portfolio import PortfolioQuestion
    from services.loans.simulation.client import BookStressClient
    from services.loans.simulation.stress import StressQuestion
    from services.runtime.scenarios.file import read_scenarios

    limit = _limit(max_expected_loss, max_shortfall)
    require_scenario_file(scenario_out, has_limit=limit is not None)
    terms = given_terms(curve_file, fund_file, without_book_terms=without_book_terms)
    book = PortfolioQuestion(
        market(snapshot_file),
        day_of("--as-of", as_of),
        loan_ids,
        n_paths=paths,
        n_quarters=quarters,
        **terms.arguments(),
    )
    own = () if scenario_file is None else read_scenarios(scenario_file)
    question = StressQuestion(book, names, own, limit)
    with (
        services(target, ("loans",)) as channel,
        progress("压力测试 · stressing", quiet=as_json) as update,
    ):
        report = BookStressClient(channel).stress(question, on_progress=lambda event: _tell(event, update))
    if as_json:
        print_json(report)
    else:
        _print(report, limit, coded(factor_words(book.snapshot)))
    if scenario_out is None or report.reverse is None:
        return 0
    if not write_found_worlds(
        scenario_out, (report.reverse,), f"ecopledge loans stress --quarters {quarters}"
    ):
        return NOT_WRITTEN
    click.echo(
        "  读回时在压力测试自己的路径上模拟，与限额之差为抽样误差 · read back they are simulated on the paths of a "
        "stress test and differ from the limit by sampling error",
        err=True,
    )
    return 0


def _tell(event: "Progress", update: "Bar") -> None:
    if event.searches_total > 0:
        update(event.searches_done, event.searches_total, "反向搜索 · searching the limit")
    else:
        update(event.paths_done, event.paths_total)


def _limit(expected_loss: float | None, shortfall: float | None) -> "LossLimit | None":
    from services.loans.simulation.stress import LossLimit

    if expected_loss is not None and shortfall is not None:
        raise click.UsageError("found both --max-expected-loss and --max-shortfall, expected at most one")
    return None if expected_loss is None and shortfall is None else LossLimit(expected_loss, shortfall)


def _print(report: "PortfolioStress", limit: "LossLimit | None", factor: Words) -> None:
    click.echo(
        f"组合压力测试 · {number_of(report.n_loans, 'loan')}, 敞口 exposure {wan(report.exposure_cny)} 万元"
    )
    click.echo(f"  {exposure_in_words(by_quarters=True)}")
    print_table(
        "各情景 · Worlds (万元)",
        ("情景 Scenario", "预期损失 Expected", "变化 Change", "变化误差 Its error", "VaR99.9 VaR", "ES99.9 ES",
         "违约率 Defaults", "末期不良率 NPL", "押品 Collateral"),
        [
            [with_code(world.label_zh, world.scenario or "base"), wan(world.expected_loss_cny),
             wan(world.expected_loss_change_cny), f"± {wan(world.expected_loss_change_error_cny)}",
             wan(world.value_at_risk_cny), wan(world.expected_shortfall_cny), percent(world.default_rate),
             percent(world.npl_ratio), wan(world.collateral_mean_cny)]
            for world in report.worlds
        ],
    )  # fmt: skip
    for skipped in report.skipped:
        click.echo(f"  未运行 not run: {skipped.name}: {skipped.reason}")
    if report.reverse is not None and limit is not None:
        _print_reverse(report.reverse, report.worlds[0], limit, factor)
    print_brief_cautions(report.cautions)


def _print_reverse(reverse: "ReverseStress", base: "StressedLoss", limit: "LossLimit", factor: Words) -> None:
    click.echo(
        f"反向压力 · Reverse stress: 限额 limit {wan(limit.highest_cny)}, 基准 base {wan(reverse.figure_cny)} 万元"
    )
    if limit.highest_expected_loss_cny is None:
        above, error = wan(base.expected_shortfall_cny), ""
    else:
        above, error = wan(base.expected_loss_cny), f" ± {wan(base.expected_loss_error_cny)}"
    click.echo(f"  上表基准为 {above}{error}：反向搜索反复求值，用自己的、较少的路径，两个基准之差为抽样误差")
    click.echo(
        f"  the table above says {above}{error}: the search asks many times, on fewer paths of its own; they differ by "
        "sampling error"
    )
    if reverse.broken_already:
        click.echo("  基准市场已超限 · the limit is broken in the base market")
        return
    if reverse.joint_distance is None and not reverse.single:
        click.echo("  六个标准差以内不会超限 · no move within six standard deviations breaks it")
    for move in reverse.single[:_FACTORS_SHOWN]:
        click.echo(f"  单一 alone   {_move(move, factor)}")
    if reverse.joint_distance is not None:
        click.echo(f"  联合 together, 距离 distance {reverse.joint_distance:.2f}")
        for move in reverse.joint[:_FACTORS_SHOWN]:
            click.echo(f"    {_move(move, factor)}")
    print_out_of_reach(reverse.out_of_reach, factor)


def _move(move: "FactorMove", factor: Words) -> str:
    return f"{factor(move.factor)}: {move.standard_deviations:+.2f} 标准差 sd, x {move.multiplier:.3f}"
