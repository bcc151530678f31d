"""`ecopledge serve`: the services in one process, or some of them."""

import importlib
from typing import TYPE_CHECKING

import click

from cli.examples import WithExamples
from cli.stopped import UNTIL_INPUT_ENDS

if TYPE_CHECKING:
    from services.runtime.settings import Settings

NAMES = ("valuation", "loans", "fund")
SIMULATING = ("loans", "fund")
"""Services that can hand paths to workers."""


@click.command(
    "serve",
    cls=WithExamples,
    examples=("ecopledge serve", "ecopledge serve --only valuation --listen 127.0.0.1:50552"),
)
@click.option("--only", type=click.Choice(NAMES), multiple=True, help="Only this service; may be repeated.")
@click.option(
    "--listen", metavar="HOST:PORT", help="Address; port 0 takes a free one. Default 127.0.0.1:50551."
)
@click.option("--database", metavar="URL", help="Database. Default sqlite:///var/ecopledge.db.")
@click.option(UNTIL_INPUT_ENDS, is_flag=True, hidden=True, help="For who starts the services: end with them.")
def command(
    only: tuple[str, ...], listen: str | None, database: str | None, *, until_input_ends: bool
) -> None:
    """启动服务 · Start the services and say where they listen; stop with Ctrl-C or SIGTERM.

    Further settings come from the environment: ECOPLEDGE_DATABASE_URL, ECOPLEDGE_LISTEN_ADDRESS,
    ECOPLEDGE_LOG_LEVEL, ECOPLEDGE_TLS_CERTIFICATE_PATH and so on (docs/settings.md).
    """
    from services.runtime.settings import load_settings

    if until_input_ends:
        from services.runtime.lifeline import end_with_input

        end_with_input()
    given = {"listen_address": listen, "database_url": database}
    host(load_settings(**{name: value for name, value in given.items() if value is not None}), only or NAMES)


def host(settings: "Settings", names: tuple[str, ...]) -> None:
    """Bring the database up to date, wire the chosen services and serve until told to stop."""
    from services.runtime.database import engine_from
    from services.runtime.migrate import upgrade_runtime
    from services.runtime.server import serve
    from services.runtime.workers.chosen import workers_from

    engine = engine_from(settings)
    upgrade_runtime(engine)
    modules = {name: importlib.import_module(f"services.{name}.__main__") for name in names}
    with workers_from(settings) as workers:
        registrations = [
            module.registration(engine, workers) if name in SIMULATING else module.registration(engine)
            for name, module in modules.items()
        ]
        serve(settings, registrations, on_stopped=engine.dispose)
