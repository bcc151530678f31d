"""The rpcs of the statistics: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import datetime as dt

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import statistics_pb2 as pb
from services.loans.products import read_products
from services.loans.statistics import desk, translate
from services.loans.statistics.book_store import SqlBookStore
from services.loans.statistics.taxonomy import Taxonomy, read_taxonomy
from services.loans.statistics.version_store import SqlVersionStore
from services.runtime.bundled import bundled
from services.runtime.call import current_call
from services.runtime.database import reading
from services.runtime.idempotency import IdempotentWrites


class StatisticsRpcs:
    """What the loans service answers about statistics.

    The table of purposes is read for every call, so that an edit counts at once.
    """

    _database: sa.Engine
    _writes: IdempotentWrites

    def ReportStatistics(
        self, request: pb.ReportStatisticsRequest, context: grpc.ServicerContext
    ) -> pb.ReportStatisticsResponse:
        """Reports a quarter as it is known at a moment."""
        quarter, known_at = translate.question_from_wire(request, _now())
        with reading(self._database) as connection:
            report = desk.report_quarter(_stores(connection), _taxonomy(), quarter, known_at)
        return translate.report_to_wire(report)

    def CloseStatistics(
        self, request: pb.CloseStatisticsRequest, context: grpc.ServicerContext
    ) -> pb.CloseStatisticsResponse:
        """Closes a quarter."""
        quarter, taxonomy = translate.quarter_from_wire(request.period), _taxonomy()

        def close(connection: sa.Connection) -> pb.CloseStatisticsResponse:
            version, is_new = desk.close_quarter(
                _stores(connection), taxonomy, quarter, _now, request.accepted_breaks_reason
            )
            return pb.CloseStatisticsResponse(version=translate.facts_to_wire(version), is_new=is_new)

        return self._writes.run(request, pb.CloseStatisticsResponse, close)

    def GetClosedStatistics(
        self, request: pb.GetClosedStatisticsRequest, context: grpc.ServicerContext
    ) -> pb.GetClosedStatisticsResponse:
        """Returns a version of a closed quarter."""
        quarter = translate.quarter_from_wire(request.period)
        number = request.version if request.HasField("version") else None
        with reading(self._database) as connection:
            return translate.version_to_wire(
                desk.closed_version(_stores(connection).versions, quarter, number)
            )

    def ListClosedStatistics(
        self, request: pb.ListClosedStatisticsRequest, context: grpc.ServicerContext
    ) -> pb.ListClosedStatisticsResponse:
        """Lists versions of closed quarters."""
        quarter = translate.quarter_from_wire(request.period) if request.period else None
        with reading(self._database) as connection:
            versions = _stores(connection).versions.versions(quarter)
        return pb.ListClosedStatisticsResponse(versions=[translate.facts_to_wire(row) for row in versions])


def _stores(connection: sa.Connection) -> desk.StatisticsStores:
    institution_id = current_call().institution_id
    modes = {code: product.guarantee_mode.value for code, product in read_products().items()}
    return desk.StatisticsStores(
        SqlBookStore(connection, institution_id, guarantee_modes=modes),
        SqlVersionStore(connection, institution_id),
    )


def _taxonomy() -> Taxonomy:
    return read_taxonomy(bundled("statistics/purposes.toml"))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
