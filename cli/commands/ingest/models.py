"""`ecopledge ingest models FOLDER`: InVEST result tables times prices."""

from pathlib import Path

import click

from cli.examples import WithExamples
from cli.finite_numbers import FiniteRange
from cli.ingesting import ingested
from cli.output import json_option


@click.command(
    "models",
    cls=WithExamples,
    examples=(
        "ecopledge ingest models examples/invest --prices examples/invest/prices.csv --carbon-years 5",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--prices",
    "prices_path",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV with output, unit_price, price_unit and source; outputs as in data/accounts/model_outputs.csv.",
)
@click.option(
    "--carbon-years",
    type=FiniteRange(0.0, min_open=True),
    help="Years between the two dates of the carbon model.",
)
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
    folder: Path, prices_path: Path, carbon_years: float | None, out_dir: Path, *, as_json: bool
) -> int:
    """InVEST 结果入账 · Turn InVEST result tables (water yield, SDR, NDR, carbon) into an account.

    Tables may be CSV, XLSX, Parquet, shapefile or GeoPackage, under the names that InVEST gives them. All of them are
    right, or nothing is written and every problem is told and kept in quarantine.
    """
    from flows.ingest.ingest import ingest_models

    return ingested(
        lambda: ingest_models(folder, prices_path, out_dir, carbon_years=carbon_years),
        folder,
        out_dir,
        as_json=as_json,
    )
