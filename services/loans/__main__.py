"""Wiring of the loans service; `python -m services.loans` serves it alone."""

from functools import partial

import sqlalchemy as sa

from ecopledge.loans.v1 import loans_pb2
from ecopledge.loans.v1.loans_pb2_grpc import add_LoansServiceServicer_to_server
from services.loans.servicer import LoansServicer
from services.runtime.database import engine_from
from services.runtime.exits import exiting_with_message
from services.runtime.migrate import upgrade, upgrade_runtime
from services.runtime.server import Registration, serve
from services.runtime.settings import load_settings
from services.runtime.workers.chosen import workers_from
from services.runtime.workers.port import PathWorkers

MIGRATIONS = "services.loans:migrations"
VERSION_TABLE = "alembic_version_loans"
SERVICE_NAME = loans_pb2.DESCRIPTOR.services_by_name["LoansService"].full_name


def registration(database: sa.Engine, workers: PathWorkers | None = None) -> Registration:
    """The service on a database, whose tables are brought up to date first.

    The runtime's own tables must be there: `services.runtime.migrate.upgrade_runtime`.

    Args:
        database: that of the institution.
        workers: simulate paths; threads of the server where there are none.
    """
    upgrade(database, MIGRATIONS, VERSION_TABLE)
    servicer = LoansServicer(database, workers)
    return Registration(SERVICE_NAME, partial(add_LoansServiceServicer_to_server, servicer))


def main() -> None:
    """Serves until a signal."""
    with exiting_with_message():
        settings = load_settings()
        database = engine_from(settings)
        upgrade_runtime(database)
        with workers_from(settings) as workers:
            serve(settings, [registration(database, workers)], on_stopped=database.dispose)


if __name__ == "__main__":
    main()
