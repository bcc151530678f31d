"""`ecopledge report`: what is sent on, as files."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "pboc": "绿色贷款专项统计 · The quarter's green-loan statistics as a workbook; close a quarter, correct it",
    "fund": "基金测算报告 · The report to a fund's partners: classes, liquidity, worlds, choice, counties",
    "gep": "GEP 评估报告 · Assessment of a place's accounts over the years, beside its targets and its loans",
    "portfolio": "贷款组合报告 · The loan book for the risk committee: losses, stress, quality, capital, pledges",
}
EXAMPLES = (
    "ecopledge report pboc --period 2026Q3",
    "ecopledge report fund",
    "ecopledge report gep examples/gep-years --place 示例县",
    "ecopledge report portfolio --as-of 2026-09-30",
)


@click.group("report", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """报告 · Reports that are sent on: page, PDF and workbook."""
