"""`ecopledge fund terms`: who takes part in a fund and how its cash is shared."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "list": "列出条款清单 · List term sheets",
    "show": "查看条款 · Show one term sheet",
    "put": "存储条款版本 · Store a version of a term sheet",
}
EXAMPLES = ("ecopledge fund terms list", "ecopledge fund terms show qilian --json")


@click.group("terms", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """基金条款 · Who takes part in a fund and how its cash is shared."""
