"""Wires the fund service: database, servicer, server."""

from functools import partial

import sqlalchemy as sa

from ecopledge.fund.v1 import fund_pb2, fund_pb2_grpc
from services.fund.pipeline.repository import migrate
from services.fund.servicer import FundServicer
from services.runtime.database import engine_from
from services.runtime.exits import exiting_with_message
from services.runtime.server import Registration, serve
from services.runtime.settings import load_settings
from services.runtime.workers.chosen import workers_from
from services.runtime.workers.port import PathWorkers

SERVICE_NAME = fund_pb2.DESCRIPTOR.services_by_name["FundService"].full_name


def registration(database: sa.Engine, workers: PathWorkers | None = None) -> Registration:
    """The service on a database, whose tables are brought to the newest version; for any server to host.

    Args:
        database: that of the institution.
        workers: simulate paths; threads of the server where there are none.
    """
    migrate(database)
    servicer = FundServicer.on(database, workers)
    return Registration(SERVICE_NAME, partial(fund_pb2_grpc.add_FundServiceServicer_to_server, servicer))


def main() -> None:
    """Serve the fund alone, as the environment says."""
    with exiting_with_message():
        settings = load_settings()
        database = engine_from(settings)
        with workers_from(settings) as workers:
            serve(settings, [registration(database, workers)], on_stopped=database.dispose)


if __name__ == "__main__":
    main()
