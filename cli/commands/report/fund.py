"""`ecopledge report fund [FILE]`: the report to a fund's partners."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.asking import BUNDLED_QUESTION, SHOWN_QUESTION, asked_fund, question_file
from cli.connection import target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from flows.fund_review.fund_review import FundReview
    from flows.reports.report_files import ReportFiles


@click.command(
    "fund",
    cls=WithExamples,
    examples=(
        "ecopledge report fund",
        f"ecopledge report fund {SHOWN_QUESTION} --paths 20000 --out out/fund",
    ),
)
@question_file
@click.option("--paths", type=click.IntRange(256, 1_000_000), help="Paths; otherwise as the file says.")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the report.",
)
@target
@json_option
def command(file: Path | None, paths: int | None, out_dir: Path, target: str | None, *, as_json: bool) -> int:
    """基金测算报告 · The report to a fund's partners: page, PDF and workbook.

    Without FILE: the bundled question. Pipeline with its oddities, terms, classes of partners, cash and liquidity, the
    worlds side by side, the choice of projects, pacing, the grass roots by county, every assumption, the replay id.
    """
    from flows.fund_review.review_fund import review_fund
    from flows.reports.fund_report import write_fund_report
    from services.runtime.settings import load_settings

    with asked_fund(file, target, paths) as (client, asked), progress("worlds", quiet=as_json) as update:
        review = review_fund(
            client,
            asked,
            institution_id=load_settings().institution_id,
            question=Path(BUNDLED_QUESTION).name if file is None else file.name,
            on_progress=lambda event: update(event.paths_done, event.paths_total),
        )
    written = write_fund_report(review, out_dir)
    if as_json:
        print_json(_summary(review, written))
    else:
        _print(review, written)
    return 0


def _summary(review: "FundReview", written: "ReportFiles") -> dict[str, object]:
    return {
        "replay_id": review.outcome.manifest.input_hash,
        "classes": review.outcome.classes,
        "cautions": review.outcome.cautions,
        "html": str(written.html),
        "pdf": str(written.pdf),
        "xlsx": str(written.xlsx),
    }


def _print(review: "FundReview", written: "ReportFiles") -> None:
    from flows.reports.fund_tables.wording import class_name

    print_table(
        f"{review.terms.name}：各类出资人 · Classes (万元, {review.outcome.manifest.n_paths:,} paths)",
        ("类别 Class", "实缴 Paid in", "收回 Received", "IRR P50", "TVPI P50", "亏损概率 Loss"),
        [
            [
                class_name(each.recipient_id).inline(),
                wan(each.paid_in_cny.mean),
                wan(each.received_cny.mean),
                "—" if each.irr_annual is None else percent(each.irr_annual.quantile(0.5)),
                "—" if each.tvpi is None else f"{each.tvpi.quantile(0.5):.2f}",
                "—" if each.tvpi is None else percent(each.probability_of_loss),
            ]
            for each in review.outcome.classes
        ],
    )
    click.echo(
        f"  以上结果建立在 {len(review.outcome.assumptions)} 条假设之上 · rests on as many assumptions; "
        f"复算编号 replay id {review.outcome.manifest.input_hash[:16]}"
    )
    click.echo(f"  {written.pdf}  {written.html.name}  {written.xlsx.name}")
