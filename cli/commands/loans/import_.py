"""`ecopledge loans import FILE...`: loans, positions, movements, pledges of a core banking system, or all of them."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json, wan

if TYPE_CHECKING:
    import grpc

    from flows.loan_files.reading import LoanFile
    from services.loans.collateral import Collateral

KIND_NAMES = {
    "loans": "贷款 loans",
    "positions": "余额 positions",
    "movements": "变动 movements",
    "pledges": "质押 pledges",
}


@click.command(
    "import",
    cls=WithExamples,
    examples=(
        "ecopledge loans import loans.xlsx --as-of 2026-06-30",
        "ecopledge loans import positions.parquet",
        "ecopledge loans import book.xlsx --as-of 2026-06-30",
        "ecopledge loans import book.xlsx --sheet movements",
        "ecopledge loans import loans.csv positions.csv movements.csv --as-of 2026-06-30",
        "ecopledge loans import examples/loans/book/loans.csv examples/loans/book/pledges.csv --as-of 2026-06-30",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(tuple(KIND_NAMES)),
    help="What is wanted of the files; all that their headings tell when absent.",
)
@click.option("--sheet", help="Sheet of a workbook; all of its tables when absent.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Business date of the loans; not for the other kinds."
)
@click.option(
    "--snapshot-id",
    default="",
    metavar="ID",
    help="A stored market snapshot in which pledges from asset files are valued. Default: the bundled one.",
)
@target
@json_option
def command(
    files: tuple[Path, ...],
    kind: str | None,
    sheet: str | None,
    as_of: dt.datetime | None,
    snapshot_id: str,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """导入贷款文件 · Store loans, positions, movements and pledges of CSV, XLSX or Parquet files, all of them or none.

    A workbook with a sheet of each, or several files, are one import: what is wrong anywhere leaves everything as it
    was. Every problem is named with its file, sheet, row and column. Rows that are stored already change nothing, so
    that a file may be imported again. A pledge names what secures its loan: an asset file, as "ecopledge value" reads
    it, which is valued on the way, or a recorded valuation. The columns and their Chinese and English headings:
    docs/loan-files.md.
    """
    from flows.loan_files.reading import read_loan_files
    from flows.loan_files.sending import send_loan_files
    from services.loans.importing.client import ImportClient
    from services.runtime.errors import InvalidInput

    tables = read_loan_files(files, kind=kind, sheet=sheet)
    kinds = [table.kind for table in tables]
    if "loans" in kinds and as_of is None:
        raise InvalidInput.of(
            "--as-of", "is missing, expected the business date of the loans, such as 2026-06-30"
        )
    if "loans" not in kinds and as_of is not None:
        raise InvalidInput.of(
            "--as-of", f"found a date for {' and '.join(kinds)}, expected none: each row has its own"
        )
    if snapshot_id and "pledges" not in kinds:
        raise InvalidInput.of(
            "--snapshot-id",
            f"found {snapshot_id!r} for {' and '.join(kinds)}, expected none: nothing is valued",
        )
    with services(target, ("valuation", "loans") if "pledges" in kinds else ("loans",)) as channel:
        pledges = [
            item
            for table in tables
            if table.kind == "pledges"
            for item in _valued(channel, table, snapshot_id)
        ]
        day = None if as_of is None else as_of.date()
        counts = send_loan_files(ImportClient(channel), tables, day, pledges)
    told = [
        {
            "kind": table.kind,
            "rows": len(table.rows),
            "counts": counts[table.kind],
            "ignored": table.ignored,
        }
        | ({"pledges": [_as_told(item) for item in pledges]} if table.kind == "pledges" else {})
        for table in tables
    ]
    if as_json:
        print_json(told[0] if len(told) == 1 else {"tables": told})
        return 0
    for table in tables:
        done = counts[table.kind]
        where = f"{table.file} {table.sheet}".rstrip()
        click.echo(
            f"{where}: {KIND_NAMES[table.kind]} {len(table.rows):,} · "
            f"新增 created {done.created:,} · 更新 updated {done.updated:,} · 未变 unchanged {done.unchanged:,}"
        )
        if table.ignored:
            click.echo(f"  未读入的列 · columns that were not read: {', '.join(table.ignored)}")
        if table.kind == "pledges":
            _print_values(pledges)
    return 0


def _valued(channel: "grpc.Channel", table: "LoanFile", snapshot_id: str) -> "tuple[Collateral, ...]":
    """The pledges of a table, valued."""
    from cli.asset_file import read_asset_file
    from flows.loan_files.pledged_assets import pledged_assets
    from flows.loan_files.valued_pledges import valued_pledges
    from services.valuation.client import ValuationClient

    client = ValuationClient(channel)
    named = pledged_assets(table, lambda path: read_asset_file(path).assets, client.get_valuation)
    return valued_pledges(client, named, snapshot_id)


def _as_told(item: "Collateral") -> dict[str, Any]:
    return {
        "collateral_id": item.collateral_id,
        "loan_id": item.loan_id,
        "asset_id": item.schedule.asset_id,
        "pledged_share": item.pledged_share,
        "value_cny": item.value_cny,
        "valuation_date": item.valuation_date,
        "snapshot_id": item.snapshot_id,
        "warnings": item.valuation_warnings,
    }


def _print_values(pledges: "Sequence[Collateral]") -> None:
    """What was pledged, a line for each market and day."""
    bases = sorted({(item.valuation_date, item.snapshot_id) for item in pledges})
    for day, snapshot_id in bases:
        mine = [item for item in pledges if (item.valuation_date, item.snapshot_id) == (day, snapshot_id)]
        value_cny = sum(item.pledged_value_cny or 0.0 for item in mine)
        warned = sum(bool(item.valuation_warnings) for item in mine)
        click.echo(
            f"  估值日 valued on {day} · 市场快照 snapshot {snapshot_id} · {len(mine):,} 项质押价值合计 pledged value "
            f"{wan(value_cny)} 万元"
            + (f" · 其中 {warned:,} 项带提示 {warned:,} with warnings (--json)" if warned else "")
        )
