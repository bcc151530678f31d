"""`ecopledge loans import FILE...`: loans, positions or movements of a core banking system, or all of them together."""

import datetime as dt
from pathlib import Path

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json

KIND_NAMES = {"loans": "贷款 loans", "positions": "余额 positions", "movements": "变动 movements"}


@click.command(
    "import",
    cls=WithExamples,
    examples=(
        "ecopledge loans import loans.xlsx --as-of 2026-06-30",
        "ecopledge loans import positions.parquet",
        "ecopledge loans import book.xlsx --as-of 2026-06-30",
        "ecopledge loans import book.xlsx --sheet movements",
        "ecopledge loans import loans.csv positions.csv movements.csv --as-of 2026-06-30",
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
@target
@json_option
def command(
    files: tuple[Path, ...],
    kind: str | None,
    sheet: str | None,
    as_of: dt.datetime | None,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """导入贷款文件 · Store the loans, positions and movements of CSV, XLSX or Parquet files, all of them or none.

    A workbook with a sheet of each, or several files, are one import: what is wrong anywhere leaves everything as it
    was. Every problem is named with its file, sheet, row and column. Rows that are stored already change nothing, so
    that a file may be imported again. The columns and their Chinese and English headings: docs/loan-files.md.
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
    with services(target, ("loans",)) as channel:
        counts = send_loan_files(ImportClient(channel), tables, None if as_of is None else as_of.date())
    told = [
        {
            "kind": table.kind,
            "rows": len(table.rows),
            "counts": counts[table.kind],
            "ignored": table.ignored,
        }
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
    return 0
