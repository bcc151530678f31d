"""`ecopledge loans terms`: the default curves and risk-compensation funds that the book keeps."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "put": "存储违约期限结构、风险补偿基金 · Store default curves, risk-compensation funds or both from a day on",
    "show": "查看条款及历史版本 · Show what is in force on a day, and every version",
}
EXAMPLES = (
    "ecopledge loans terms put --as-of 2026-06-30 --funds examples/loans/compensation-funds.toml",
    "ecopledge loans terms show",
)


@click.group("terms", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """期限结构与补偿基金 · Default curves and compensation funds that the book keeps, used by every question about it.

    Losses, stress, wrong-way risk, credit loss, capital, grids and the portfolio report use what is in force on their
    day, unless they are given others (--default-curves, --funds) or told to leave it out (--without-book-terms).
    """
