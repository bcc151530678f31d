"""The valuation service as a process: `python -m services.valuation`. This module holds the only wiring."""

from functools import partial

import sqlalchemy as sa

from ecopledge.valuation.v1 import valuation_pb2_grpc
from services.runtime.database import engine_from
from services.runtime.exits import exiting_with_message
from services.runtime.server import Registration, serve
from services.runtime.settings import load_settings
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.desk import ValuationDesk
from services.valuation.engine import ValuationEngine
from services.valuation.repository import SqlValuationRepository, upgrade_valuation
from services.valuation.servicer import ValuationServicer
from services.valuation.standard_market import read_standard_snapshot

SERVICE_NAME = "ecopledge.valuation.v1.ValuationService"


def registration(engine: sa.Engine) -> Registration:
    """The service on a database, for a server that hosts it alone or beside others; upgrades its tables.

    Raises:
        InvalidInput: a bundled file is missing or wrong.
        Unavailable: the database is busy or gone.
    """
    upgrade_valuation(engine)
    repository = SqlValuationRepository(engine, read_standard_snapshot())
    valuation_engine = ValuationEngine(read_catalogue())
    valuation_engine.warm_up(repository.market("", ""))
    servicer = ValuationServicer(ValuationDesk(valuation_engine, repository), engine)
    return Registration(
        SERVICE_NAME, partial(valuation_pb2_grpc.add_ValuationServiceServicer_to_server, servicer)
    )


def main() -> None:
    """Serve until a signal."""
    with exiting_with_message():
        settings = load_settings()
        engine = engine_from(settings)
        serve(settings, [registration(engine)], on_stopped=engine.dispose)


if __name__ == "__main__":
    main()
