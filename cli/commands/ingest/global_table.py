"""`ecopledge ingest global-table TABLE`: a row of a global GEP table."""

from pathlib import Path

import click

from cli.examples import WithExamples
from cli.finite_numbers import FiniteRange
from cli.ingesting import ingested
from cli.output import json_option


@click.command(
    "global-table",
    cls=WithExamples,
    examples=(
        "ecopledge ingest global-table gep.csv --place CHN --year 2020 --cny-per-unit 1 --rate-source CNY",
    ),
)
@click.argument("table", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--place", required=True, help="Place as the table names it, such as CHN.")
@click.option("--year", required=True, type=click.IntRange(1900, 2100), help="Year of the row.")
@click.option(
    "--cny-per-unit",
    required=True,
    type=FiniteRange(0.0, min_open=True),
    help="CNY for one unit of the table's currency; 1 for a table in CNY.",
)
@click.option("--rate-source", required=True, help="Where that rate comes from, and its date.")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/account"),
    show_default=True,
    help="Folder for gep_account.csv.",
)
@json_option
def command(
    table: Path,
    place: str,
    year: int,
    cny_per_unit: float,
    rate_source: str,
    out_dir: Path,
    *,
    as_json: bool,
) -> int:
    """全球 GEP 表入账 · Turn the row of a place and year into an account; values alone, quantities are left out."""
    from flows.ingest.ingest import ingest_global_table

    return ingested(
        lambda: ingest_global_table(
            table, out_dir, place=place, year=year, cny_per_unit=cny_per_unit, rate_source=rate_source
        ),
        table,
        out_dir,
        as_json=as_json,
    )
