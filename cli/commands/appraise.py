"""`ecopledge appraise FILE`: the appraisal of each pledge of a file, ready for the credit file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, wan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.appraisal.pledge_appraisal import PledgeAppraisal
    from flows.reports.report_files import ReportFiles


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

    Value line by line, the account's three bases, distribution, drivers, limit and years of the loan (where the
    file has a table [loan]), the rate part by part (where it has a table [pricing]), every scenario, published
    comparables, warnings, and the id that replays it all. The valuation is stored.
    """
    from cli.asset_file import read_asset_file
    from cli.commands.size import MISSING_LOAN
    from cli.file_places import naming_places
    from flows.appraisal.appraise_pledge import appraise_pledge
    from flows.reports.appraisal_report import write_appraisal
    from services.runtime.errors import InvalidInput
    from services.runtime.settings import load_settings
    from services.valuation.client import ValuationClient
    from services.valuation.valuation import Simulation

    content = read_asset_file(file)
    if content.loan is None and content.pricing is not None:
        raise InvalidInput.of(f"{file}: loan", f"{MISSING_LOAN}, because the file has a table [pricing]")
    institution_id = load_settings().institution_id
    written = []
    with services(target, ("valuation",)) as channel:
        client = ValuationClient(channel)
        for i, asset in enumerate(content.assets):
            with naming_places(file, i):
                appraisal = appraise_pledge(
                    client,
                    asset,
                    content.loan,
                    institution_id=institution_id,
                    pricing=content.pricing,
                    simulation=Simulation(n_paths=paths),
                )
            written.append((appraisal, write_appraisal(appraisal, out_dir)))
    if as_json:
        print_json([_figures(appraisal, files) for appraisal, files in written])
    else:
        _print(written)
    return 0


def _figures(appraisal: "PledgeAppraisal", files: "ReportFiles") -> dict[str, object]:
    sized = appraisal.sized
    rate = None if sized is None else sized.rate
    return {
        "asset_id": appraisal.asset.asset_id,
        "valuation_id": appraisal.valuation.valuation_id,
        "value_cny": appraisal.valuation.value_cny,
        "pledge_value_cny": appraisal.valuation.pledge_value_cny,
        "limit_cny": None if sized is None else sized.limit_cny,
        "binding_rule": None if sized is None else sized.binding_rule,
        "requested_within_limit": None if sized is None else sized.requested_within_limit,
        "total_rate_annual": None if rate is None else rate.total_rate_annual,
        "html": str(files.html),
        "pdf": str(files.pdf),
        "xlsx": str(files.xlsx),
    }


def _print(written: "Sequence[tuple[PledgeAppraisal, ReportFiles]]") -> None:
    rows = []
    for appraisal, _ in written:
        valuation, sized = appraisal.valuation, appraisal.sized
        rate = None if sized is None else sized.rate
        rows.append(
            [
                appraisal.asset.asset_id,
                wan(valuation.value_cny),
                percent(valuation.haircut),
                wan(valuation.pledge_value_cny),
                "—" if sized is None else wan(sized.limit_cny),
                "—" if rate is None else f"{100.0 * rate.total_rate_annual:.3f}%",
                valuation.valuation_id,
            ]
        )
    print_table(
        "押品评估 · Appraisals (万元)",
        (
            "资产 Asset",
            "现值 Value",
            "折扣 Haircut",
            "质押价值 Pledge value",
            "可贷 Limit",
            "成本合计利率 Built-up rate",
            "编号 Id",
        ),
        rows,
        left=(0, 6),
    )
    for appraisal, _ in written:
        if appraisal.sized is not None:
            print_cautions(appraisal.sized.cautions, appraisal.asset.asset_id)
    for _, files in written:
        click.echo(f"  {files.pdf}  {files.html.name}  {files.xlsx.name}")
