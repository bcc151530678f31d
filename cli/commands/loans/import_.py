"""`ecopledge loans import FILE`: loans, positions or movements of a core banking system."""

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
        "ecopledge loans import book.xlsx --sheet movements",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(tuple(KIND_NAMES)),
    help="What the file holds; told from its headings when absent.",
)
@click.option("--sheet", help="Sheet of a workbook that holds several tables.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Business date of the loans; not for the other kinds."
)
@target
@json_option
def command(
    file: Path,
    kind: str | None,
    sheet: str | None,
    as_of: dt.datetime | None,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """导入贷款文件 · Store the loans, positions or movements of a CSV, XLSX or Parquet file, all of them or none.

    Every problem is named with its file, sheet, row and column. Rows that are stored already change nothing, so that a
    file may be imported again. The columns and their Chinese and English headings: docs/loan-files.md.
    """
    from flows.loan_files.reading import read_loan_file
    from flows.loan_files.sending import send_loan_file
    from services.loans.importing.client import ImportClient
    from services.runtime.errors import InvalidInput

    content = read_loan_file(file, kind=kind, sheet=sheet)
    if content.kind == "loans" and as_of is None:
        raise InvalidInput.of(
            "--as-of", "is missing, expected the business date of the loans, such as 2026-06-30"
        )
    if content.kind != "loans" and as_of is not None:
        raise InvalidInput.of(
            "--as-of", f"found a date for {content.kind}, expected none: each row has its own"
        )
    with services(target, ("loans",)) as channel:
        counts = send_loan_file(ImportClient(channel), content, None if as_of is None else as_of.date())
    if as_json:
        print_json(
            {"kind": content.kind, "rows": len(content.rows), "counts": counts, "ignored": content.ignored}
        )
        return 0
    click.echo(
        f"{file}: {KIND_NAMES[content.kind]} {len(content.rows):,} · "
        f"新增 created {counts.created:,} · 更新 updated {counts.updated:,} · 未变 unchanged {counts.unchanged:,}"
    )
    if content.ignored:
        click.echo(f"  未读入的列 · columns that were not read: {', '.join(content.ignored)}")
    return 0
