"""`ecopledge flows`: what runs by itself."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "serve": "按 prefect.yaml 定时运行 · Run the deployments of prefect.yaml, on schedule and on demand",
    "list": "定时任务一览 · What runs when",
}
EXAMPLES = ("ecopledge flows list", "ecopledge flows serve")


@click.group("flows", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """定时流程 · Flows that run on a schedule or on demand."""
