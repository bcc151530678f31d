"""`ecopledge loans statistics`: a quarter's green-loan statistics on the terminal."""

from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.moments import moment_of, quarter_of
from cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from flows.reports.statistics_workbook.names import Names
    from services.loans.statistics.result import StatisticsLine, StatisticsReport

GROUPINGS = (
    "purpose", "historical_standard", "current_standard", "carbon_benefit", "industry", "county", "product",
    "guarantee_mode", "county_product",
)  # fmt: skip


@click.command(
    "statistics",
    cls=WithExamples,
    examples=(
        "ecopledge loans statistics --period 2026Q3",
        "ecopledge loans statistics --period 2026Q3 --by county_product",
    ),
)
@click.option("--period", required=True, help="Quarter that has ended, such as 2026Q3.")
@click.option("--by", type=click.Choice(GROUPINGS), default="current_standard", show_default=True)
@click.option("--known-at", metavar="MOMENT", help="As the book was known at a moment, with a time zone.")
@target
@json_option
def command(period: str, by: str, known_at: str | None, target: str | None, *, as_json: bool) -> int:
    """季度统计 · A quarter by one grouping, as it is known now or was at a moment.

    `ecopledge report pboc` writes the workbook. Ends with code 1 where a check does not hold.
    """
    from flows.reports.statistics_workbook.names import Names
    from flows.statistics.job import read_tables
    from services.loans.statistics.client import StatisticsClient

    moment = moment_of("--known-at", known_at)
    quarter = quarter_of("--period", period)
    with services(target, ("loans",)) as channel:
        report = StatisticsClient(channel).report(quarter, known_at=moment)
    if as_json:
        print_json(report)
    else:
        _print(report, by, Names(*read_tables()))
    return 0 if report.statistics.is_clean else 1


def _print(report: "StatisticsReport", by: str, names: "Names") -> None:
    from flows.reports.labels import label
    from flows.reports.statistics_workbook.assembly import checks_in_words
    from services.loans.statistics.result import Grouping

    grouping, statistics = Grouping(by), report.statistics
    lines = sorted(statistics.lines(grouping), key=lambda line: names.position(grouping, line.keys))
    rows = [
        [" · ".join(name.zh for name in names.of_keys(grouping, line.keys)), *_figures(line)]
        for line in (*lines, statistics.total)
    ]
    closed = "未结账 open" if report.closed is None else f"已结账 closed, v{report.closed.version}"
    print_table(
        f"绿色贷款 · Green loans {statistics.quarter}, {closed} (万元)",
        ("项目 Line", "期初 Opening", "发放 Drawn", "按期归还 Repaid", "提前归还 Prepaid", "核销 Written-off",
         "期末 Closing", "比年初 Growth", "笔数 Loans", "户数 Borrowers", "利率 Rate", "不良率 NPL"),
        rows,
    )  # fmt: skip
    if statistics.n_synthetic:
        click.echo(f"合成数据，并非任何银行的贷款 · synthetic, no bank's loans: {statistics.n_synthetic:,}")
    click.echo(f"不良率 · NPL: {label('statistics.quality_text').inline()}")
    click.echo(f"校验 · checks: {checks_in_words(statistics).inline()}")


def _figures(line: "StatisticsLine") -> list[str]:
    amounts = (
        line.opening_cents, line.drawn_cents, line.repaid_cents, line.prepaid_cents, line.written_off_cents,
        line.closing_cents,
    )  # fmt: skip
    shares = (line.rate_annual, line.non_performing_ratio)
    rate, bad = ("—" if share is None else f"{share:.2%}" for share in shares)
    growth = line.growth_since_year_begin
    return [
        *(f"{cents / 1e6:,.2f}" for cents in amounts),
        "—" if growth is None else f"{growth:.1%}",
        f"{line.n_loans:,}",
        f"{line.n_borrowers:,}",
        rate,
        bad,
    ]
