"""`ecopledge flows serve`: runs the deployments of prefect.yaml."""

from pathlib import Path

import click

from cli.examples import WithExamples


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

    prepare_prefect(verbose=verbose)
    import os

    from flows.prefect_server import prefect_server

    with prefect_server(Path(os.environ["PREFECT_HOME"]), port) as api:
        # Prefect reads its settings when it is imported.
        os.environ["PREFECT_API_URL"] = api
        from prefect import serve

        from flows.deployments.serving import read_deployments

        deployments = read_deployments(path)
        click.echo(
            f"Prefect: {api.removesuffix('/api')}  {len(deployments)} 个流程 flows · Ctrl-C 停止 stops"
        )
        serve(*deployments, print_starting_message=False)
    return 0
