"""The valuation service on gRPC: each rpc translates, calls the desk, and translates back."""

import uuid

import grpc
import sqlalchemy as sa

from ecopledge.valuation.v1 import calibration_pb2, stress_pb2, valuation_pb2_grpc
from ecopledge.valuation.v1 import valuation_pb2 as pb
from services.runtime.call import current_call
from services.runtime.errors import InvalidInput, ResourceExhausted
from services.runtime.idempotency import IdempotentWrites, check_request_id
from services.runtime.settings import MIB
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire
from services.valuation.calibration.translate import calibration_to_wire, question_from_wire
from services.valuation.catalogue.asset_kind import asset_kind
from services.valuation.catalogue.translate import kind_to_wire
from services.valuation.desk import Entry, ValuationDesk
from services.valuation.lending.translate import sized_loan_to_wire
from services.valuation.lending.translate_pricing import pricing_from_wire
from services.valuation.stress.desk import stress_assets
from services.valuation.stress.translate import stress_report_to_wire, stress_request_from_wire
from services.valuation.translate.asset import asset_to_wire
from services.valuation.translate.outcomes import (
    exposures_to_wire,
    found_to_wire,
    valuation_ids_to_wire,
    valuations_to_wire,
    with_valuations,
)
from services.valuation.translate.request import (
    date_from_request,
    entries_from_wire,
    list_from_wire,
    loan_terms_from_wire,
    one_asset_from_wire,
    page_token,
    simulation_from_wire,
)
from services.valuation.translate.valuation import replay_to_wire, summary_to_wire, valuation_to_wire
from services.valuation.valuation import Failure, Valuation

LARGEST_ANSWER_BYTES = 100 * MIB


class ValuationServicer(valuation_pb2_grpc.ValuationServiceServicer):
    """See the contract protos/ecopledge/valuation/v1/valuation.proto for what each rpc does and how it fails.

    Args:
        desk: the use cases.
        engine: of the database that the desk's repository writes to.
    """

    def __init__(self, desk: ValuationDesk, engine: sa.Engine) -> None:
        self._desk = desk
        self._writes = IdempotentWrites(engine)

    def PutMarketSnapshot(  # noqa: N802  # the contract's name
        self, request: pb.PutMarketSnapshotRequest, _context: grpc.ServicerContext
    ) -> pb.PutMarketSnapshotResponse:
        """Stores a snapshot once."""
        check_request_id(request.request_id)
        violations = Violations()
        snapshot = snapshot_from_wire(request.snapshot, violations.at("snapshot"))
        if snapshot is None:
            raise InvalidInput.from_violations(violations.found)

        def write(connection: sa.Connection) -> pb.PutMarketSnapshotResponse:
            market = self._desk.repository.put_market(connection, _institution(), snapshot)
            return pb.PutMarketSnapshotResponse(
                snapshot_id=snapshot.snapshot_id, snapshot_hash=market.content_hash
            )

        return self._writes.run(request, pb.PutMarketSnapshotResponse, write)

    def GetMarketSnapshot(  # noqa: N802  # the contract's name
        self, request: pb.GetMarketSnapshotRequest, _context: grpc.ServicerContext
    ) -> pb.GetMarketSnapshotResponse:
        """Returns a snapshot."""
        market = self._desk.repository.market(_institution(), request.snapshot_id)
        return pb.GetMarketSnapshotResponse(
            snapshot=snapshot_to_wire(market.snapshot), snapshot_hash=market.content_hash
        )

    def CalibrateFactor(  # noqa: N802  # the contract's name
        self, request: calibration_pb2.CalibrateFactorRequest, _context: grpc.ServicerContext
    ) -> calibration_pb2.CalibrateFactorResponse:
        """Fits a factor to a series."""
        question = question_from_wire(request)
        return calibration_to_wire(
            self._desk.calibrate(_institution(), question, snapshot_id=request.snapshot_id)
        )

    def ValueAssets(  # noqa: N802  # the contract's name
        self, request: pb.ValueAssetsRequest, _context: grpc.ServicerContext
    ) -> pb.ValueAssetsResponse:
        """Values assets; stores the valuations where the request has an id."""
        if request.request_id == "":
            return sendable(valuations_to_wire(self._value(request, batch_id="")[1]))
        check_request_id(request.request_id)
        # Computed before the transaction begins, so that no other writer waits for the computation.
        entries, outcomes = self._value(request, batch_id=uuid.uuid4().hex)
        answer = sendable(valuations_to_wire(outcomes))
        written = False

        def write(connection: sa.Connection) -> pb.ValueAssetsResponse:
            nonlocal written
            self._desk.store(connection, _institution(), request.request_id, entries, outcomes)
            written = True
            return valuation_ids_to_wire(outcomes)

        kept = self._writes.run(request, pb.ValueAssetsResponse, write)
        if written:
            return answer
        return with_valuations(kept, self._desk.repository.valuations_of(_institution(), request.request_id))

    def StressAssets(  # noqa: N802  # the contract's name
        self, request: stress_pb2.StressAssetsRequest, _context: grpc.ServicerContext
    ) -> stress_pb2.StressAssetsResponse:
        """Values assets in other worlds."""
        asked = stress_request_from_wire(request)
        entries, check_alive = entries_from_wire(request.assets), current_call().check_alive
        report = stress_assets(self._desk, _institution(), entries, asked, check_alive)
        return stress_report_to_wire(report)

    def FindValuations(  # noqa: N802  # the contract's name
        self, request: pb.FindValuationsRequest, _context: grpc.ServicerContext
    ) -> pb.FindValuationsResponse:
        """Finds stored valuations on the same inputs."""
        violations = Violations()
        simulation = simulation_from_wire(request, violations)
        date = date_from_request(request, violations)
        violations.raise_if_any()
        entries = entries_from_wire(request.assets)
        found = self._desk.find(
            _institution(),
            entries,
            snapshot_id=request.snapshot_id,
            valuation_date=date,
            simulation=simulation,
            explain=request.explain,
        )
        return found_to_wire([entry.asset_id for entry in entries], found)

    def GetExposures(  # noqa: N802  # the contract's name
        self, request: pb.GetExposuresRequest, _context: grpc.ServicerContext
    ) -> pb.GetExposuresResponse:
        """Turns assets into schedules."""
        entries = entries_from_wire(request.assets)
        outcomes = self._desk.exposures(_institution(), entries, snapshot_id=request.snapshot_id)
        return exposures_to_wire(outcomes)

    def SizeLoan(  # noqa: N802  # the contract's name
        self, request: pb.SizeLoanRequest, _context: grpc.ServicerContext
    ) -> pb.SizeLoanResponse:
        """Says how much may be lent, and at what rate."""
        violations = Violations()
        asset = one_asset_from_wire(request.asset, violations)
        terms = loan_terms_from_wire(request.terms, violations.at("terms"))
        pricing = None
        if request.HasField("pricing"):
            pricing = pricing_from_wire(request.pricing, violations.at("pricing"))
        simulation = simulation_from_wire(request, violations)
        date = date_from_request(request, violations)
        if asset is None or violations.found:
            raise InvalidInput.from_violations(violations.found)
        return sized_loan_to_wire(
            self._desk.size_loan(
                _institution(),
                asset,
                terms,
                snapshot_id=request.snapshot_id,
                valuation_date=date,
                simulation=simulation,
                pricing=pricing,
            )
        )

    def GetValuation(  # noqa: N802  # the contract's name
        self, request: pb.GetValuationRequest, _context: grpc.ServicerContext
    ) -> pb.GetValuationResponse:
        """Returns one stored valuation."""
        stored = self._desk.repository.valuation(_institution(), request.valuation_id)
        return pb.GetValuationResponse(
            valuation=valuation_to_wire(stored.valuation), asset=asset_to_wire(stored.asset)
        )

    def ListValuations(  # noqa: N802  # the contract's name
        self, request: pb.ListValuationsRequest, _context: grpc.ServicerContext
    ) -> pb.ListValuationsResponse:
        """Lists stored valuations."""
        page = self._desk.repository.valuations(_institution(), **list_from_wire(request))
        return pb.ListValuationsResponse(
            valuations=[summary_to_wire(summary) for summary in page.valuations],
            next_page_token=page_token(page.next_key),
        )

    def ReplayValuation(  # noqa: N802  # the contract's name
        self, request: pb.ReplayValuationRequest, _context: grpc.ServicerContext
    ) -> pb.ReplayValuationResponse:
        """Computes a stored valuation again."""
        return replay_to_wire(self._desk.replay(_institution(), request.valuation_id))

    def ListAssetKinds(  # noqa: N802  # the contract's name
        self, _request: pb.ListAssetKindsRequest, _context: grpc.ServicerContext
    ) -> pb.ListAssetKindsResponse:
        """Lists the kinds of the catalogue."""
        kinds = self._desk.engine.catalogue.kinds.values()
        return pb.ListAssetKindsResponse(kinds=[kind_to_wire(asset_kind(kind)) for kind in kinds])

    def _value(
        self, request: pb.ValueAssetsRequest, *, batch_id: str
    ) -> tuple[list[Entry], list[Valuation | Failure]]:
        violations = Violations()
        simulation = simulation_from_wire(request, violations)
        date = date_from_request(request, violations)
        violations.raise_if_any()
        entries = entries_from_wire(request.assets)
        outcomes = self._desk.value(
            _institution(),
            entries,
            snapshot_id=request.snapshot_id,
            valuation_date=date,
            simulation=simulation,
            explain=request.explain,
            batch_id=batch_id,
        )
        return entries, outcomes


def sendable(answer: pb.ValueAssetsResponse) -> pb.ValueAssetsResponse:
    """The answer, refused before anything is stored if it is too large to be sent.

    Raises:
        ResourceExhausted: saying what to do.
    """
    size = answer.ByteSize()
    if size > LARGEST_ANSWER_BYTES:
        raise ResourceExhausted(
            f"the answer would be {size / MIB:.0f} MiB, expected at most {LARGEST_ANSWER_BYTES / MIB:.0f} MiB; "
            "nothing was stored: ask for fewer assets at once, or without explain"
        )
    return answer


def _institution() -> str:
    return current_call().institution_id
