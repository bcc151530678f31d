"""`ecopledge appraise FILE`: the appraisal of each pledge of a file, ready for the credit file."""

from pathlib import Path

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, wan


@click.command(
    "appraise",
    cls=WithExamples,
    examples=(
        "ecopledge appraise examples/water-right.toml --out out",
        "ecopledge appraise examples/forest-carbon.toml --paths 8192",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the appraisals.",
)
@click.option(
    "--paths",
    type=click.IntRange(256, 65_536),
    default=2048,
    show_default=True,
    help="Paths; by default as many as value and size take, so that all three say the same.",
)
@target
@json_option
def command(file: Path, out_dir: Path, paths: int, target: str | None, *, as_json: bool) -> int:
    """押品评估报告 · Appraise each pledge of a TOML or JSON file: page, PDF and workbook for the credit file.

    Value line by line, distribution, drivers, limit (where the file has a [loan] table), every scenario,
    published comparables, warnings, and the id that replays it all. The valuation is stored.
    """
    from cli.asset_file import read_asset_file
    from flows.appraisal.appraise_pledge import appraise_pledge
    from flows.reports.appraisal_report import write_appraisal
    from services.runtime.settings import load_settings
    from services.valuation.client import ValuationClient
    from services.valuation.valuation import Simulation

    content = read_asset_file(file)
    institution_id = load_settings().institution_id
    written = []
    with services(target, ("valuation",)) as channel:
        client = ValuationClient(channel)
        for asset in content.assets:
            appraisal = appraise_pledge(
                client,
                asset,
                content.loan,
                institution_id=institution_id,
                simulation=Simulation(n_paths=paths),
            )
            written.append((appraisal, write_appraisal(appraisal, out_dir)))
    if as_json:
        print_json(
            [
                {
                    "asset_id": appraisal.asset.asset_id,
                    "valuation_id": appraisal.valuation.valuation_id,
                    "value_cny": appraisal.valuation.value_cny,
                    "pledge_value_cny": appraisal.valuation.pledge_value_cny,
                    "limit_cny": None if appraisal.sized is None else appraisal.sized.limit_cny,
                    "html": str(files.html),
                    "pdf": str(files.pdf),
                    "xlsx": str(files.xlsx),
                }
                for appraisal, files in written
            ]
        )
        return 0
    print_table(
        "押品评估 · Appraisals (万元)",
        ("资产 Asset", "现值 Value", "折扣 Haircut", "质押价值 Pledge value", "可贷 Limit", "编号 Id"),
        (
            [
                appraisal.asset.asset_id,
                wan(appraisal.valuation.value_cny),
                percent(appraisal.valuation.haircut),
                wan(appraisal.valuation.pledge_value_cny),
                "—" if appraisal.sized is None else wan(appraisal.sized.limit_cny),
                appraisal.valuation.valuation_id,
            ]
            for appraisal, _ in written
        ),
        left=(0, 5),
    )
    for _, files in written:
        click.echo(f"  {files.pdf}  {files.html.name}  {files.xlsx.name}")
    return 0
