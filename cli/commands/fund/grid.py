"""`ecopledge fund grid FILE`: several term sheets and settings in several worlds, in one run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.code_words import with_code
from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_table, progress, wan
from cli.scenario_grid import tell_grid

if TYPE_CHECKING:
    from flows.fund_scenarios.grid import FundGrid, FundVariant
    from services.fund.simulation.outcome import FundOutcome

EXAMPLE = "examples/grids/fund.toml"


@click.command(
    "grid",
    cls=WithExamples,
    examples=(f"ecopledge fund grid {EXAMPLE}", f"ecopledge fund grid {EXAMPLE} --paths 20000 --out out"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of fund-grid-<name of FILE>.html and .xlsx."
)
@click.option("--paths", type=click.IntRange(256, 1_000_000), help="Paths; otherwise as the file says.")
@target
@json_option
def command(file: Path, out: Path | None, paths: int | None, target: str | None, *, as_json: bool) -> int:
    """情景网格 · Term sheets by settings by worlds, all on the same draws; --out writes the report.

    FILE says what is compared (examples/grids/fund.toml shows the form). Ends with code 1 where a variant was refused.
    """
    from msgspec.structs import replace

    from flows.fund_scenarios.question import read_fund_grid
    from flows.fund_scenarios.run import run_fund_grid
    from services.fund.client import FundClient
    from services.runtime.settings import load_settings
    from services.valuation.client import ValuationClient

    asked = read_fund_grid(file)
    if paths is not None:
        asked = replace(asked, n_paths=paths)
    with (
        services(target, ("valuation", "fund")) as channel,
        progress("情景网格 · grid", quiet=as_json) as update,
    ):
        grid = run_fund_grid(
            FundClient(channel),
            ValuationClient(channel).get_market_snapshot(),
            asked,
            file.parent,
            institution_id=load_settings().institution_id,
            on_progress=lambda event: update(event.paths_done, event.paths_total),
        )
    refusals = ((_name(variant), variant.refusal) for variant in grid.variants)
    return tell_grid(grid, _written(grid, out, file.stem), _print, refusals, as_json=as_json)


def _written(grid: "FundGrid", out: Path | None, name: str) -> tuple[Path, ...]:
    if out is None:
        return ()
    from flows.reports.fund_grid_report.assembly import write_fund_grid

    return write_fund_grid(grid, out, name)


def _print(grid: "FundGrid") -> None:
    from flows.reports.fund_grid_report.wording import recipient_name

    seen_by = with_code(recipient_name(grid.answered[0].terms, grid.seen_by).zh, grid.seen_by)
    print_table(
        f"基金情景网格 · The fund in a grid of scenarios ({seen_by}, {grid.n_paths:,} paths a cell)",
        (
            "方案 Variant",
            "情景 World",
            "IRR P5",
            "IRR P50",
            "IRR P95",
            "TVPI P50",
            "亏损概率 Loss",
            "流动性峰值P95(万元) Line P95",
        ),
        [
            _row(grid, variant, "基准 base" if world is None else world.market.label_zh, outcome)
            for variant in grid.answered
            for world, outcome in variant.outcomes()
        ],
        left=(0, 1),
    )


def _name(variant: "FundVariant") -> str:
    setting = variant.setting
    return f"{with_code(variant.terms.name, variant.sheet_id)} · {with_code(setting.label_zh, setting.name)}"


def _row(grid: "FundGrid", variant: "FundVariant", world: str, outcome: "FundOutcome") -> list[str]:
    from flows.fund_scenarios.grid import seen

    each = seen(outcome, grid.seen_by)
    rates = None if each is None else each.irr_annual
    tvpi = None if each is None else each.tvpi
    return [
        _name(variant),
        world,
        *("–" if rates is None else percent(rates.quantile(level)) for level in (0.05, 0.5, 0.95)),
        "–" if tvpi is None else f"{tvpi.quantile(0.5):.2f}",
        "–" if each is None or tvpi is None else percent(each.probability_of_loss),
        wan(outcome.peak_line_cny.quantile(0.95)),
    ]
