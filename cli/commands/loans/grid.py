"""`ecopledge loans grid FILE`: the book and parts of it in several worlds, in one run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.code_words import with_code
from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import market, snapshot_option, terms_options
from cli.output import json_option, percent, print_table, progress, wan
from cli.scenario_grid import tell_grid

if TYPE_CHECKING:
    from flows.book_scenarios.grid import BookGrid, BookVariant
    from services.loans.simulation.stress import StressedLoss

_TERMS = ("default_curves", "compensation_funds")
EXAMPLE = "examples/grids/book.toml"


@click.command(
    "grid",
    cls=WithExamples,
    examples=(f"ecopledge loans grid {EXAMPLE}", f"ecopledge loans grid {EXAMPLE} --paths 20000 --out out"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of book-grid-<name of FILE>.html and .xlsx."
)
@click.option("--paths", type=click.IntRange(256, 1_000_000), help="Paths; otherwise as the file says.")
@snapshot_option
@terms_options
@target
@json_option
def command(
    file: Path,
    out: Path | None,
    paths: int | None,
    snapshot_file: Path | None,
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """情景网格 · The book and parts of it by worlds, all on the same draws; --out writes the report.

    FILE says what is compared (examples/grids/book.toml shows the form), and may name files of default curves and
    funds; the options take their place. Ends with code 1 where a part was refused.
    """
    from msgspec.structs import replace

    from flows.book_scenarios.question import read_book_grid
    from flows.book_scenarios.run import run_book_grid
    from services.loans.client import LoansClient
    from services.loans.simulation.client import BookStressClient
    from services.runtime.settings import load_settings
    from services.valuation.client import ValuationClient

    asked = read_book_grid(file)
    if paths is not None:
        asked = replace(asked, n_paths=paths)
    if curve_file is not None:
        asked = replace(asked, default_curves=str(curve_file.absolute()))
    if fund_file is not None:
        asked = replace(asked, funds=str(fund_file.absolute()))
    if without_book_terms:
        asked = replace(asked, without_book_terms=True)
    with (
        services(target, ("valuation", "loans")) as channel,
        progress("情景网格 · grid", quiet=as_json) as update,
    ):
        snapshot = (
            ValuationClient(channel).get_market_snapshot(asked.snapshot_id)
            if snapshot_file is None
            else market(snapshot_file)
        )
        grid = run_book_grid(
            LoansClient(channel),
            BookStressClient(channel),
            snapshot,
            asked,
            file.parent,
            institution_id=load_settings().institution_id,
            on_progress=lambda event: update(event.paths_done, event.paths_total),
        )
    refusals = ((variant.setting.name, variant.refusal) for variant in grid.variants)
    return tell_grid(grid, _written(grid, out, file.stem), _print, refusals, as_json=as_json)


def _written(grid: "BookGrid", out: Path | None, name: str) -> tuple[Path, ...]:
    if out is None:
        return ()
    from flows.reports.book_grid_report.assembly import write_book_grid

    return write_book_grid(grid, out, name)


def _print(grid: "BookGrid") -> None:
    print_table(
        f"贷款组合情景网格 · The loan book in a grid of scenarios (万元, {grid.n_paths:,} paths a cell)",
        (
            "部分 Part",
            "情景 World",
            "预期损失 Expected",
            "较基准 To base",
            "误差 Error",
            "VaR99.9 VaR",
            "ES99.9 ES",
            "违约率 Defaults",
            "末期不良率 NPL",
        ),
        [_row(variant, world) for variant in grid.answered for world in variant.worlds],
        left=(0, 1),
    )
    first = grid.answered[0].stress
    if first is not None:
        print_brief_cautions([caution for caution in first.cautions if caution.field in _TERMS])


def _row(variant: "BookVariant", world: "StressedLoss") -> list[str]:
    is_base = world.scenario == ""
    return [
        with_code(variant.setting.label_zh, variant.setting.name),
        world.label_zh,
        wan(world.expected_loss_cny),
        "" if is_base else wan(world.expected_loss_change_cny),
        "" if is_base else f"± {wan(world.expected_loss_change_error_cny)}",
        wan(world.value_at_risk_cny),
        wan(world.expected_shortfall_cny),
        percent(world.default_rate),
        percent(world.npl_ratio),
    ]
