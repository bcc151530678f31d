"""The typed client of the valuation service: domain values in and out, domain errors raised.

>>> with open_channel("127.0.0.1:50551", institution_id="demo") as channel:  # doctest: +SKIP
...     client = ValuationClient(channel)
...     [outcome] = client.value_assets([asset])
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from ecopledge.valuation.v1 import valuation_pb2 as pb
from ecopledge.valuation.v1 import valuation_pb2_grpc
from quant.schedules import ExposureSchedule
from services.runtime.channel import calling
from services.runtime.errors import Internal
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.scenario import Scenario
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire
from services.runtime.wire.results import schedule_from_wire
from services.runtime.wire.values import date_to_wire
from services.valuation.asset import Asset
from services.valuation.calibration.calibrated import Calibration, CalibrationQuestion
from services.valuation.calibration.translate import calibration_from_wire, question_to_wire
from services.valuation.catalogue.asset_kind import AssetKind
from services.valuation.catalogue.translate import kind_from_wire
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.lending.translate import sized_loan_from_wire
from services.valuation.lending.translate_pricing import pricing_to_wire
from services.valuation.stress.report import ReverseLimit, StressReport, StressRequest
from services.valuation.stress.translate import stress_report_from_wire, stress_request_to_wire
from services.valuation.translate.asset import asset_from_wire, asset_to_wire, assets_to_wire
from services.valuation.translate.outcomes import outcomes_from_wire
from services.valuation.translate.request import loan_terms_to_wire, simulation_to_wire
from services.valuation.translate.valuation import replay_from_wire, summary_from_wire, valuation_from_wire
from services.valuation.valuation import (
    Failure,
    LoanTerms,
    Replay,
    Simulation,
    SizedLoan,
    StoredValuation,
    Valuation,
    ValuationSummary,
)

Received = TypeVar("Received")


@dataclass(frozen=True, slots=True)
class ValuationPage:
    """Stored valuations, newest first; an empty token after the last page."""

    valuations: tuple[ValuationSummary, ...]
    next_page_token: str


class ValuationClient:
    """Calls the valuation service over a channel of `services.runtime.channel`.

    Every method raises the domain error that the server raised, see `services/runtime/errors.py`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = valuation_pb2_grpc.ValuationServiceStub(channel)

    def put_market_snapshot(self, snapshot: MarketSnapshot, *, request_id: str) -> str:
        """Store a snapshot; returns the SHA-256 of its content.

        Raises:
            Conflict: the id holds other content.
        """
        request = pb.PutMarketSnapshotRequest(request_id=request_id, snapshot=snapshot_to_wire(snapshot))
        with calling():
            return self._stub.PutMarketSnapshot(request).snapshot_hash

    def get_market_snapshot(self, snapshot_id: str = "") -> MarketSnapshot:
        """A snapshot; an empty id means the standard one.

        Raises:
            NotFound: no such snapshot.
        """
        with calling():
            response = self._stub.GetMarketSnapshot(pb.GetMarketSnapshotRequest(snapshot_id=snapshot_id))
        violations = Violations()
        snapshot = snapshot_from_wire(response.snapshot, violations)
        return _received(snapshot, violations, "market snapshot")

    def calibrate_factor(self, question: CalibrationQuestion, *, snapshot_id: str = "") -> Calibration:
        """Fit a factor to a series, and value the question's asset under both models.

        Raises:
            InvalidInput: a wrong field, a series without variation, or an asset that cannot be priced.
            NotFound: no such snapshot.
        """
        with calling():
            return calibration_from_wire(self._stub.CalibrateFactor(question_to_wire(question, snapshot_id)))

    def value_assets(
        self,
        assets: Sequence[Asset],
        *,
        valuation_date: dt.date | None = None,
        snapshot_id: str = "",
        simulation: Simulation | None = None,
        request_id: str = "",
        explain: bool = False,
    ) -> list[Valuation | Failure]:
        """A valuation or a failure for each asset, in order; stored where a request id is given.

        Raises:
            InvalidInput: the request itself is wrong.
            NotFound: no such snapshot.
            Conflict: the request id was used for other content.
        """
        request = pb.ValueAssetsRequest(
            request_id=request_id,
            valuation_date=None if valuation_date is None else date_to_wire(valuation_date),
            snapshot_id=snapshot_id,
            assets=assets_to_wire(assets),
            simulation=None if simulation is None else simulation_to_wire(simulation),
            explain=explain,
        )
        with calling():
            response = self._stub.ValueAssets(request)
        return outcomes_from_wire(response.outcomes, "valuation", valuation_from_wire)

    def find_valuations(
        self,
        assets: Sequence[Asset],
        *,
        valuation_date: dt.date | None = None,
        snapshot_id: str = "",
        simulation: Simulation | None = None,
        explain: bool = False,
    ) -> list[Valuation | None]:
        """For each asset the newest stored valuation on the same inputs, None where there is none, in order.

        Raises:
            InvalidInput: the request itself is wrong.
            NotFound: no such snapshot.
        """
        request = pb.FindValuationsRequest(
            valuation_date=None if valuation_date is None else date_to_wire(valuation_date),
            snapshot_id=snapshot_id,
            assets=assets_to_wire(assets),
            simulation=None if simulation is None else simulation_to_wire(simulation),
            explain=explain,
        )
        with calling():
            response = self._stub.FindValuations(request)
        return [
            valuation_from_wire(entry.valuation) if entry.HasField("valuation") else None
            for entry in response.found
        ]

    def stress_assets(
        self,
        assets: Sequence[Asset],
        *,
        names: Sequence[str] = (),
        scenarios: Sequence[Scenario] = (),
        limit: ReverseLimit | None = None,
        valuation_date: dt.date | None = None,
        snapshot_id: str = "",
        simulation: Simulation | None = None,
    ) -> StressReport:
        """Assets in other worlds: bundled scenarios by name, the caller's own, and the smallest move to a limit.

        Nothing named, nothing given and no limit means every bundled scenario that fits the snapshot.

        Raises:
            InvalidInput: a wrong field, an unknown name, or a scenario that does not fit the snapshot.
            NotFound: no such snapshot.
        """
        request = StressRequest(
            snapshot_id,
            valuation_date,
            Simulation() if simulation is None else simulation,
            tuple(names),
            tuple(scenarios),
            limit,
        )
        with calling():
            response = self._stub.StressAssets(stress_request_to_wire(assets, request))
        return stress_report_from_wire(response)

    def get_exposures(
        self, assets: Sequence[Asset], *, snapshot_id: str = ""
    ) -> list[ExposureSchedule | Failure]:
        """A schedule or a failure for each asset, in order.

        Raises:
            NotFound: no such snapshot.
        """
        request = pb.GetExposuresRequest(snapshot_id=snapshot_id, assets=assets_to_wire(assets))
        with calling():
            response = self._stub.GetExposures(request)
        return outcomes_from_wire(response.outcomes, "schedule", _schedule)

    def size_loan(
        self,
        asset: Asset,
        terms: LoanTerms,
        *,
        valuation_date: dt.date | None = None,
        snapshot_id: str = "",
        simulation: Simulation | None = None,
        pricing: LoanPricing | None = None,
    ) -> SizedLoan:
        """How much may be lent against one asset, which rule binds and, where pricing is given, at what rate.

        Raises:
            InvalidInput: a wrong field, or an asset that cannot be priced.
            NotFound: no such snapshot.
        """
        request = pb.SizeLoanRequest(
            snapshot_id=snapshot_id,
            valuation_date=None if valuation_date is None else date_to_wire(valuation_date),
            asset=asset_to_wire(asset),
            terms=loan_terms_to_wire(terms),
            simulation=None if simulation is None else simulation_to_wire(simulation),
            pricing=None if pricing is None else pricing_to_wire(pricing),
        )
        with calling():
            return sized_loan_from_wire(self._stub.SizeLoan(request))

    def get_valuation(self, valuation_id: str) -> StoredValuation:
        """One stored valuation with its asset.

        Raises:
            NotFound: no such id.
        """
        with calling():
            response = self._stub.GetValuation(pb.GetValuationRequest(valuation_id=valuation_id))
        violations = Violations()
        asset = _received(asset_from_wire(response.asset, violations), violations, "asset")
        return StoredValuation(valuation_from_wire(response.valuation), asset)

    def list_valuations(
        self,
        *,
        asset_id: str = "",
        known_at: dt.datetime | None = None,
        page_size: int | None = None,
        page_token: str = "",
    ) -> ValuationPage:
        """One page of stored valuations, newest first, as they were known at a moment (with time zone).

        Raises:
            InvalidInput: a wrong page size or page token, or a moment without time zone.
        """
        request = pb.ListValuationsRequest(
            asset_id=asset_id,
            known_at="" if known_at is None else known_at.isoformat(),
            page_size=page_size,
            page_token=page_token,
        )
        with calling():
            response = self._stub.ListValuations(request)
        return ValuationPage(
            tuple(summary_from_wire(summary) for summary in response.valuations), response.next_page_token
        )

    def all_valuations(
        self, *, asset_id: str = "", known_at: dt.datetime | None = None
    ) -> Iterator[ValuationSummary]:
        """Every stored valuation, newest first, page by page."""
        token = ""
        while True:
            page = self.list_valuations(asset_id=asset_id, known_at=known_at, page_token=token)
            yield from page.valuations
            token = page.next_page_token
            if token == "":
                return

    def replay_valuation(self, valuation_id: str) -> Replay:
        """Compute a stored valuation again and compare bit by bit.

        Raises:
            NotFound: no such id.
            FailedPrecondition: engine, catalogue or snapshot have changed since.
        """
        with calling():
            return replay_from_wire(
                self._stub.ReplayValuation(pb.ReplayValuationRequest(valuation_id=valuation_id))
            )

    def list_asset_kinds(self) -> tuple[AssetKind, ...]:
        """The kinds of asset with their terms."""
        with calling():
            response = self._stub.ListAssetKinds(pb.ListAssetKindsRequest())
        return tuple(kind_from_wire(kind) for kind in response.kinds)


def _schedule(message: Any) -> ExposureSchedule:
    violations = Violations()
    return _received(schedule_from_wire(message, violations), violations, "schedule")


def _received(value: Received | None, violations: Violations, what: str) -> Received:
    if value is None:
        raise Internal(f"the server sent a {what} that makes no sense: {violations.found[0]}")
    return value
