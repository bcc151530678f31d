"""`ecopledge flows serve`: runs the deployments of prefect.yaml."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.examples import WithExamples
from cli.stopped import STOPPED

if TYPE_CHECKING:
    from flows.deployments.serving_runner import Ending

STOP_LIMIT_S = 15.0
"""Whatever hangs, the command is gone this long after it was told to stop."""


@click.command(
    "serve",
    cls=WithExamples,
    examples=(
        "ecopledge flows serve",
        "PREFECT_API_URL=http://127.0.0.1:4200/api ecopledge flows serve",
    ),
)
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("prefect.yaml"),
    show_default=True,
    help="What runs when.",
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=4200, show_default=True, help="Of the server."
)
@click.option("-v", "--verbose", is_flag=True, help="Show the logs of Prefect.")
def command(path: Path, port: int, *, verbose: bool) -> int:
    """按 prefect.yaml 定时运行 · Run the deployments until Ctrl-C; Prefect's page shows them and takes parameters.

    Uses the Prefect server at PREFECT_API_URL; without one it starts one on loopback, with its SQLite file in
    var/prefect or the database of PREFECT_API_DATABASE_CONNECTION_URL. The services themselves run apart:
    `ecopledge serve`.
    """
    from flows.prefect_environment import prepare_prefect
    from services.runtime.stop_signals import StopSignals

    prepare_prefect(verbose=verbose)
    import os

    from flows.prefect_server import prefect_server

    with StopSignals(STOP_LIMIT_S) as told, prefect_server(Path(os.environ["PREFECT_HOME"]), port) as api:
        # Prefect reads its settings when it is imported.
        os.environ["PREFECT_API_URL"] = api
        from flows.deployments.serving import read_deployments
        from flows.deployments.serving_runner import serve_until

        deployments = read_deployments(path)
        told.serving()
        page = f"Prefect: {api.removesuffix('/api')}  {len(deployments)} 个流程 flows · Ctrl-C 停止 stops"
        ending = serve_until(told.asked, deployments, lambda: click.echo(page))
    _say(ending)
    return 0


def _say(ending: "Ending") -> None:
    if not ending.server_knows:
        click.echo(
            "Prefect 服务器未及时应答，其页面上的运行和时间表可能未更新 · "
            "Prefect's server did not answer in time: its page may show runs and schedules as if they went on",
            err=True,
        )
    runs = ending.cancelled
    click.echo(
        f"已停止，取消了 {runs} 个运行中的流程 · stopped, runs in progress that were cancelled: {runs}"
        if runs
        else STOPPED,
        err=True,
    )
