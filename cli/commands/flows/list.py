"""`ecopledge flows list`: what runs when."""

from pathlib import Path

import click

from cli.examples import WithExamples
from cli.output import json_option, print_json, print_table


@click.command("list", cls=WithExamples, examples=("ecopledge flows list",))
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("prefect.yaml"),
    show_default=True,
    help="What runs when.",
)
@json_option
def command(path: Path, *, as_json: bool) -> int:
    """定时任务一览 · The deployments of prefect.yaml with their schedules; nothing is started."""
    from flows.deployments.entries import read_entries

    entries = read_entries(path)
    if as_json:
        print_json(entries)
        return 0
    print_table(
        "流程 · Flows",
        ("名称 Name", "时间表 Schedule", "说明 What"),
        (
            [
                entry["name"],
                "; ".join(schedule["cron"] for schedule in entry.get("schedules", ())) or "按需 on demand",
                entry.get("description", ""),
            ]
            for entry in entries
        ),
        left=(0, 1, 2),
    )
    return 0
