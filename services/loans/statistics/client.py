"""The typed client of the statistics: domain values in and out, domain errors."""

import datetime as dt
import uuid

import grpc

from ecopledge.loans.v1 import statistics_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.statistics import translate
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import StatisticsReport, StatisticsVersion, VersionFacts
from services.runtime.channel import calling
from services.runtime.moments import text_of_moment


class StatisticsClient:
    """Calls the loans service about its statistics.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method may raise the errors of `services.runtime.errors`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def report(self, quarter: Quarter, *, known_at: dt.datetime | None = None) -> StatisticsReport:
        """The statistics of a quarter as they were known at a moment (now when absent).

        Raises:
            InvalidInput: the quarter has not ended, a moment without time zone or in the future.
        """
        request = pb.ReportStatisticsRequest(
            period=str(quarter), known_at="" if known_at is None else text_of_moment(known_at)
        )
        with calling():
            return translate.report_from_wire(self._stub.ReportStatistics(request))

    def close(
        self, quarter: Quarter, *, accepted_breaks_reason: str = "", request_id: str | None = None
    ) -> tuple[VersionFacts, bool]:
        """Closes a quarter: a new version, or the last one where no figure has changed.

        Args:
            quarter: one that has ended.
            accepted_breaks_reason: why to close although identity checks do not hold; kept with the version.
            request_id: a repeat with the same id returns the first answer; a new one when absent.

        Returns:
            The latest version, and whether this call added it.

        Raises:
            InvalidInput: the quarter has not ended.
            FailedPrecondition: identity checks do not hold and no reason is given.
            Conflict: the request_id was used for another quarter.
        """
        request = pb.CloseStatisticsRequest(
            request_id=uuid.uuid4().hex if request_id is None else request_id,
            period=str(quarter),
            accepted_breaks_reason=accepted_breaks_reason,
        )
        with calling():
            response = self._stub.CloseStatistics(request)
        return translate.facts_from_wire(response.version), response.is_new

    def closed(self, quarter: Quarter, version: int | None = None) -> StatisticsVersion:
        """A version of a closed quarter, the latest when no number is given.

        Raises:
            NotFound: the quarter is open, or has no such version.
        """
        request = pb.GetClosedStatisticsRequest(period=str(quarter), version=version)
        with calling():
            return translate.version_from_wire(self._stub.GetClosedStatistics(request))

    def versions(self, quarter: Quarter | None = None) -> list[VersionFacts]:
        """Versions of closed quarters in order of quarter and number; of all quarters when none is given."""
        request = pb.ListClosedStatisticsRequest(period="" if quarter is None else str(quarter))
        with calling():
            response = self._stub.ListClosedStatistics(request)
        return [translate.facts_from_wire(row) for row in response.versions]
