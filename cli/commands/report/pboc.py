"""`ecopledge report pboc`: the quarter's green-loan statistics as a workbook, closed versions and corrections."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.moments import moment_of, quarter_of
from cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from flows.statistics.job import StatisticsResult

SHOWN_BREAKS = 10


@click.command(
    "pboc",
    cls=WithExamples,
    examples=(
        "ecopledge report pboc --period 2026Q3",
        "ecopledge report pboc --period 2026Q3 --close",
        "ecopledge report pboc --period 2026Q3 --version 1 --out out/statistics",
    ),
)
@click.option("--period", required=True, help="Quarter that has ended, such as 2026Q3.")
@click.option("--close", is_flag=True, help="Close the quarter, or make a new version where figures changed.")
@click.option(
    "--close-with-breaks",
    "reason",
    metavar="REASON",
    help="Close although identity checks do not hold; the reason stays in the version and on its cover.",
)
@click.option("--version", type=click.IntRange(min=1), help="A version of a closed quarter.")
@click.option("--known-at", metavar="MOMENT", help="As the book was known at a moment, with a time zone.")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/statistics"),
    show_default=True,
    help="Folder for the files.",
)
@target
@json_option
def command(
    period: str,
    reason: str | None,
    version: int | None,
    known_at: str | None,
    out_dir: Path,
    target: str | None,
    *,
    close: bool,
    as_json: bool,
) -> int:
    """绿色贷款专项统计 · The quarter's workbook, with its tables as CSV and a manifest beside it.

    A quarter whose identity checks do not hold (balances, opening and closing positions) is not closed without a
    reason: without --close its draft lists every loan behind a break.

    An open quarter is written as a draft. A closed one is written from its stored version: a second run gives the
    same bytes. Ends with code 1 where a check does not hold; the files are written all the same.
    """
    from flows.statistics.job import write_statistics
    from flows.statistics.request import StatisticsRequest
    from services.loans.statistics.client import StatisticsClient
    from services.runtime.errors import InvalidInput
    from services.runtime.settings import load_settings

    if reason is not None and not reason.strip():
        raise InvalidInput.of(
            "--close-with-breaks", "found an empty reason, expected why to close with breaks"
        )
    close = close or reason is not None
    moment = moment_of("--known-at", known_at)
    institution_id = load_settings().institution_id
    quarter = quarter_of("--period", period)
    try:
        request = StatisticsRequest(quarter, institution_id, out_dir, close, version, moment, reason or "")
    except ValueError as error:
        raise InvalidInput.of("--close", str(error)) from error
    with services(target, ("loans",)) as channel:
        result = write_statistics(request, StatisticsClient(channel))
    if as_json:
        print_json(_summary(result))
    else:
        _print(result, is_closing=close)
    return 0 if result.edition.statistics.is_clean else 1


def _summary(result: "StatisticsResult") -> dict[str, object]:
    edition = result.edition
    return {
        "period": str(edition.statistics.quarter),
        "version": None if edition.version is None else edition.version.version,
        "is_new_version": result.is_new_version,
        "is_corrected_since": result.is_corrected_since,
        "content_hash": edition.content_hash,
        "total": edition.statistics.total,
        "checks": edition.statistics.checks,
        "files": {name: str(path) for name, path in result.files.items()},
    }


def _print(result: "StatisticsResult", *, is_closing: bool) -> None:
    from flows.reports.statistics_workbook.validations import name_of_figure

    statistics, version = result.edition.statistics, result.edition.version
    total = statistics.total
    state = "未结账 open" if version is None else f"第 {version.version} 版 version {version.version}"
    amounts = ("opening", "drawn", "repaid", "prepaid", "written_off", "closing")
    rows = [
        [name_of_figure(f"{name}_cents").inline(), f"{getattr(total, f'{name}_cents') / 1e6:,.2f}"]
        for name in amounts
    ]
    rows += [
        ["贷款笔数 · Loans", f"{total.n_loans:,}"],
        ["借款户数 · Borrowers", f"{total.n_borrowers:,}"],
        ["加权平均利率 · Weighted rate", "—" if total.rate_annual is None else f"{total.rate_annual:.2%}"],
        [
            "不良率 · Non-performing",
            "—" if total.non_performing_ratio is None else f"{total.non_performing_ratio:.2%}",
        ],
        [
            "比年初增长 · Growth since 1 January",
            "—" if total.growth_since_year_begin is None else f"{total.growth_since_year_begin:.2%}",
        ],
    ]
    title = f"绿色贷款 · Green loans {statistics.quarter}, {state} (万元)"
    print_table(title, ("项目 Item", "数值 Value"), rows)
    if statistics.n_synthetic:
        click.echo(f"合成数据，并非任何银行的贷款 · synthetic, no bank's loans: {statistics.n_synthetic:,}")
    if total.n_loans == 0 and total.opening_cents == 0 and total.drawn_cents == 0:
        click.echo(
            f"{statistics.quarter} 没有任何贷款：请先用 loans import 导入 · "
            f"no loan in {statistics.quarter}: import a book with its positions first (loans import)"
        )
    print_checks(result)
    if result.is_new_version and version is not None:
        click.echo(f"已存第 {version.version} 版 · version {version.version} stored")
    elif is_closing and version is not None:
        click.echo(
            f"数字未变，仍为第 {version.version} 版 · no figure has changed, version {version.version} stays"
        )
    if result.is_corrected_since:
        click.echo(
            "结账后有更正，数字已不同：加 --close 生成新版本 · figures changed since; --close makes a version"
        )
    for path in result.files.values():
        click.echo(f"  {path}")


def print_checks(result: "StatisticsResult") -> None:
    """Checks that do not hold, and the first loans behind them."""
    from flows.reports.statistics_workbook.assembly import checks_in_words
    from flows.reports.statistics_workbook.names import name_of_check

    statistics = result.edition.statistics
    click.echo(f"校验 · checks: {checks_in_words(statistics).inline()}")
    for check in statistics.checks:
        if check.holds:
            continue
        click.echo(f"  {name_of_check(check.kind).inline()}: {check.n_breaks:,}")
        behind = [found for found in statistics.breaks if found.kind is check.kind]
        for found in behind[:SHOWN_BREAKS]:
            about = f"  {found.about}" if found.about else ""
            click.echo(f"    {found.loan_id or '—'}  {found.amount_cents / 100:,.2f} 元{about}")
        if len(behind) > SHOWN_BREAKS:
            click.echo(f"    … 全部见 all of them in {result.files['breaks']}")
