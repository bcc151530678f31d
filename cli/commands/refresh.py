"""`ecopledge refresh`: value a folder of accounting outputs and push the schedules to the loans."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import caution_head
from cli.connection import reachable_services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from flows.refresh.pledge_events import LevelChange
    from flows.reports.refresh_report.summary import RefreshSummary

_SHOWN_EVENTS = 10


@click.command(
    "refresh",
    cls=WithExamples,
    examples=("ecopledge refresh --accounts data/example_accounts --out out/refresh",),
)
@click.option(
    "--accounts", "accounts_dir", type=click.Path(path_type=Path), required=True, help="Accounts folder."
)
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default="out/refresh",
    show_default=True,
    help="Folder of the newest refresh, whose files keep their names: another accounts folder wants another one.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the valuation. Default: today.")
@click.option(
    "--snapshot-id", default="", metavar="ID", help="A stored market snapshot. Default: the bundled one."
)
@click.option(
    "--batch", "batch_size", type=click.IntRange(1, 10_000), help="Assets in one call. Default 500."
)
@click.option("-v", "--verbose", is_flag=True, help="Show the logs of Prefect.")
@target
@json_option
def command(
    accounts_dir: Path,
    out_dir: Path,
    as_of: dt.datetime | None,
    snapshot_id: str,
    batch_size: int | None,
    target: str | None,
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """由核算成果更新估值 · Check an accounts folder, value it, push the schedules to the loans, write a report.

    Runs as a Prefect flow: on the server at PREFECT_API_URL, or on a temporary one. Started again after a crash it
    finishes with nothing doubled. docs/accounts-folder.md describes the folder.
    """
    from flows.refresh.entry import refresh_valuations
    from services.runtime.errors import InvalidInput
    from services.runtime.settings import load_settings

    if snapshot_id and (Path(snapshot_id).suffix == ".toml" or Path(snapshot_id).is_file()):
        raise InvalidInput.of(
            "--snapshot-id",
            f"found the file {snapshot_id!r}, expected the id of a stored snapshot, such as a calibration of the "
            "market stores; the loans commands take a file, by --snapshot",
        )

    settings = load_settings()
    with (
        # Prefect's logs and a bar would write over each other.
        progress("押品重估 · Refreshing valuations", quiet=as_json or verbose),
        reachable_services(target, ("valuation", "loans")) as address,
    ):
        summary = refresh_valuations(
            accounts_dir,
            address,
            dt.date.today() if as_of is None else as_of.date(),  # noqa: DTZ011  # a business day where the user is
            out_dir,
            institution_id=settings.institution_id,
            snapshot_id=snapshot_id,
            batch_size=batch_size,
            verbose=verbose,
        )
    if as_json:
        print_json(summary)
    else:
        _print(summary)
    return 2 if summary.failed else 0


def _print(summary: "RefreshSummary") -> None:
    rows = [
        ["账户合计（年流量，仅披露） GEP account, a flow, disclosed only", wan(summary.account_total_cny)],
        ["押品 pledges", f"{summary.pledges}"],
        ["已估值（其中沿用未变） valued (unchanged, reused)", f"{summary.valued} ({summary.reused})"],
        ["现值合计 present value", wan(summary.value_cny)],
        ["质押价值合计 pledge value", wan(summary.pledge_value_cny)],
        [
            "担保新增/更新/未变 collateral created / updated / unchanged",
            f"{summary.collateral_created} / {summary.collateral_updated} / {summary.collateral_unchanged}",
        ],
    ]
    print_table(f"押品重估 · Refreshed valuations {summary.as_of} (万元)", ("项目 Item", "数值 Value"), rows)
    for asset_id, message in summary.failed.items():
        click.echo(f"  {asset_id}: not valued · 未能估值: {message}", err=True)
    _print_level_changes(summary.level_changes)
    if summary.loans_missing:
        click.echo(f"  no such loan · 贷款不存在: {', '.join(summary.loans_missing)}")
    if summary.pledges_without_loan:
        named = ", ".join(summary.pledges_without_loan[:_SHOWN_EVENTS])
        more = len(summary.pledges_without_loan) - _SHOWN_EVENTS
        named += f" … (+{more})" if more > 0 else ""
        click.echo(f"  已估值但未担保贷款 · valued, securing no loan yet: {named}")
    for caution in summary.cautions:
        click.echo(
            f"  {caution_head(caution.severity, caution.code)} × {caution.count}：{caution.example_zh}"
        )
        click.echo(f"      {caution.example_en}")
    click.echo(f"report · 报告: {summary.files['html']}  {summary.files['xlsx']}")
    tables = ", ".join(path for name, path in summary.files.items() if name not in {"html", "xlsx"})
    click.echo(f"tables · 表格: {tables}")


def _print_level_changes(changes: "Sequence[LevelChange]") -> None:
    from flows.reports.refresh_report.pledge_events import words_of

    if not changes:
        return
    worse = sum(change.is_worse for change in changes)
    click.echo(
        f"  押品事件 · pledge events of the day: {worse} 恶化 worse, {len(changes) - worse} 好转 better"
    )
    for change in changes[:_SHOWN_EVENTS]:
        click.echo(f"    {change.loan_id}: {words_of(change)}")
    if len(changes) > _SHOWN_EVENTS:
        click.echo(f"    另有 {len(changes) - _SHOWN_EVENTS} 条 · more in events.csv")
