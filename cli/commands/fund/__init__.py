"""`ecopledge fund`: the green fund, from its terms to the money of its partners."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "terms": "条款清单 · Term sheets: list, show",
}
EXAMPLES = ("ecopledge fund terms list", "ecopledge fund terms show qilian")


@click.group("fund", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """绿色基金 · The green fund: terms, waterfall to the cent, performance, pacing."""
