"""`ecopledge report gep FOLDER`: the assessment of a place's ecosystem accounts."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table

if TYPE_CHECKING:
    from flows.assessment.assessment import Assessment
    from flows.assessment.pledge_loans import PledgeLoans


@click.command(
    "gep",
    cls=WithExamples,
    examples=(
        "ecopledge report gep examples/gep-years --place 示例县",
        "ecopledge report gep examples/gep-years --place 示例县 --period 2026Q3 --out out",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--place", required=True, help="Place of the accounts, as data/policy_targets.csv names it.")
@click.option("--period", help="Quarter of the loans against GEP and VEP, such as 2026Q3; none when absent.")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the report.",
)
@target
@json_option
def command(
    folder: Path, place: str, period: str | None, out_dir: Path, target: str | None, *, as_json: bool
) -> int:
    """GEP 评估报告 · Total, growth, realisation rate and targets of a place's accounts, and its GEP (VEP) loans.

    FOLDER holds gep_account_<year>.csv or .xlsx, one a year, and perhaps realised_value.csv (year, realised value
    in 亿元, source). With --period the loans of the book are counted by county.
    """
    from flows.assessment.run import assess_place

    ask_loans = None if period is None else partial(_loans, period, target)
    done = assess_place(folder, place, out_dir, ask_loans)
    if as_json:
        files = [str(path) for path in done.files]
        print_json({"assessment": done.assessment, "loans": done.loans, "files": files})
        return 0
    _print(done.assessment, done.loans)
    for path in done.files:
        click.echo(f"  {path}")
    return 0


def _loans(period: str, address: str | None) -> "PledgeLoans":
    from flows.assessment.run import loans_of_quarter

    with services(address, ("loans",)) as channel:
        return loans_of_quarter(channel, period)


def _print(assessment: "Assessment", loans: "PledgeLoans | None") -> None:
    print_table(
        f"{assessment.place} GEP (亿元 1e8 CNY)",
        (
            "年份 Year",
            "合计 Total",
            "年均增长 Growth",
            "已实现 Realised",
            "实现率 Rate（假设口径 assumed definition）",
        ),
        (
            [
                str(year.year),
                f"{year.total_cny / 1e8:,.2f}",
                "—" if year.growth_annual is None else percent(year.growth_annual),
                "—" if year.realised_cny is None else f"{year.realised_cny / 1e8:,.2f}",
                "—" if year.realisation_rate is None else percent(year.realisation_rate),
            ]
            for year in assessment.years
        ),
        left=(0,),
    )
    for progress in assessment.targets:
        target = progress.target
        reached = "未由账户度量 not measured by accounts"
        if progress.reached is not None:
            reached = f"现 {progress.reached:,.2f}（{progress.reached_year}）"
        if progress.needed_growth_annual is not None:
            reached += f"，尚需年均 needed a year {progress.needed_growth_annual:.2%}"
        click.echo(
            f"  目标 target {target.year} {target.indicator}: {target.value:g} {target.unit}; {reached}"
        )
    if loans is not None:
        click.echo(
            f"  GEP（VEP）贷款 loans {loans.period}: {loans.n_loans} 笔, 余额 balance "
            f"{loans.balance_cents / 1e6:,.2f} 万元"
        )
