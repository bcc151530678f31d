"""`ecopledge ingest`: outputs of models and global tables become an account that a refresh can read."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "models": "InVEST 结果表 × 单价 → GEP 账户 · InVEST result tables times prices become an account",
    "global-table": "全球 GEP 表的一行 → GEP 账户 · A row of a global GEP table becomes an account",
}
EXAMPLES = ("ecopledge ingest models examples/invest --prices examples/invest/prices.csv --carbon-years 5",)


@click.group("ingest", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """导入核算成果 · Ingest results of ecological accounting; refused rows go to a quarantine folder."""
