"""Investments, simulation requests and outcomes between protobuf and Python."""

from typing import Any

from ecopledge.fund.v1 import fund_pb2 as pb
from services.fund.outcome import (
    DEFAULT_PATHS,
    DEFAULT_SEED,
    FEWEST_PATHS,
    MOST_PATHS,
    FundOutcome,
    FundSimulation,
    Investment,
    JCurvePoint,
    PartnerOutcome,
)
from services.fund.translate_terms import terms_from_wire, terms_to_wire
from services.runtime.results import Distribution, Progress
from services.runtime.violations import Violations
from services.runtime.wire_market import snapshot_from_wire, snapshot_to_wire
from services.runtime.wire_results import (
    caution_from_wire,
    caution_to_wire,
    distribution_from_wire,
    distribution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
    progress_from_wire,
    progress_to_wire,
    schedule_from_wire,
    schedule_to_wire,
)

_LARGEST_SEED = 2**63 - 1
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200


def simulation_from_wire(message: pb.SimulateFundRequest) -> FundSimulation:
    """What is to be simulated.

    Raises:
        InvalidInput: with every field that is wrong.
    """
    violations = Violations()
    n_paths = message.n_paths if message.HasField("n_paths") else DEFAULT_PATHS
    seed = message.seed if message.HasField("seed") else DEFAULT_SEED
    snapshot = snapshot_from_wire(message.snapshot, violations.at("snapshot"))
    terms = terms_from_wire(message.terms, violations.at("terms"))
    violations.require_non_empty("investments", message.investments)
    investments = [
        _investment(item, violations.at(f"investments[{i}]")) for i, item in enumerate(message.investments)
    ]
    violations.require_range("first_year", message.first_year, _EARLIEST_YEAR, _LATEST_YEAR)
    violations.require_range("n_paths", n_paths, FEWEST_PATHS, MOST_PATHS)
    violations.require(seed <= _LARGEST_SEED, "seed", f"found {seed}, expected at most {_LARGEST_SEED}")
    violations.raise_if_any()
    assert snapshot is not None  # noqa: S101  # None is noted above; tells mypy
    assert terms is not None  # noqa: S101  # likewise
    kept = tuple(investment for investment in investments if investment is not None)
    return FundSimulation(snapshot, terms, kept, message.first_year, n_paths, seed)


def simulation_to_wire(request: FundSimulation) -> pb.SimulateFundRequest:
    """The request of SimulateFund."""
    return pb.SimulateFundRequest(
        snapshot=snapshot_to_wire(request.snapshot),
        terms=terms_to_wire(request.terms),
        investments=[
            pb.Investment(
                project_id=investment.project_id,
                pipeline=investment.pipeline,
                fund_equity_share=investment.fund_equity_share,
                debt_share=investment.debt_share,
                debt_rate_annual=investment.debt_rate_annual,
                operations=schedule_to_wire(investment.operations),
                assumptions=investment.assumptions,
            )
            for investment in request.investments
        ],
        first_year=request.first_year,
        n_paths=request.n_paths,
        seed=request.seed,
    )


def event_to_wire(event: Progress | FundOutcome) -> pb.SimulateFundResponse:
    """A message of the stream."""
    if isinstance(event, Progress):
        return pb.SimulateFundResponse(progress=progress_to_wire(event))
    return pb.SimulateFundResponse(result=outcome_to_wire(event))


def event_from_wire(message: pb.SimulateFundResponse) -> Progress | FundOutcome | None:
    """Progress or the outcome; None for an event that this version does not know."""
    match message.WhichOneof("event"):
        case "progress":
            return progress_from_wire(message.progress)
        case "result":
            return outcome_from_wire(message.result)
        case _:
            return None


def outcome_to_wire(outcome: FundOutcome) -> pb.FundOutcome:
    """The message of an outcome."""
    return pb.FundOutcome(
        partners=[
            pb.PartnerOutcome(
                recipient_id=partner.recipient_id,
                irr_annual=_optional(partner.irr_annual),
                share_without_irr=partner.share_without_irr,
                tvpi=_optional(partner.tvpi),
                received_cny=distribution_to_wire(partner.received_cny),
                probability_of_loss=partner.probability_of_loss,
            )
            for partner in outcome.partners
        ],
        j_curve=[
            pb.JCurvePoint(year=point.year, cumulated_cny=distribution_to_wire(point.cumulated_cny))
            for point in outcome.j_curve
        ],
        called_cny=outcome.called_cny,
        leverage_project_to_fund=outcome.leverage_project_to_fund,
        conservation_error_cny=outcome.conservation_error_cny,
        warnings=[caution_to_wire(caution) for caution in outcome.cautions],
        manifest=manifest_to_wire(outcome.manifest),
        assumptions=outcome.assumptions,
    )


def outcome_from_wire(message: pb.FundOutcome) -> FundOutcome:
    """An outcome."""
    return FundOutcome(
        tuple(
            PartnerOutcome(
                partner.recipient_id,
                distribution_from_wire(partner.irr_annual) if partner.HasField("irr_annual") else None,
                partner.share_without_irr,
                distribution_from_wire(partner.tvpi) if partner.HasField("tvpi") else None,
                distribution_from_wire(partner.received_cny),
                partner.probability_of_loss,
            )
            for partner in message.partners
        ),
        tuple(
            JCurvePoint(point.year, distribution_from_wire(point.cumulated_cny)) for point in message.j_curve
        ),
        message.called_cny,
        message.leverage_project_to_fund,
        message.conservation_error_cny,
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
        tuple(message.assumptions),
    )


def _optional(distribution: Distribution | None) -> Any:
    return None if distribution is None else distribution_to_wire(distribution)


def _investment(message: pb.Investment, violations: Violations) -> Investment | None:
    good = violations.require_non_empty("project_id", message.project_id)
    good &= violations.require_non_empty("pipeline", message.pipeline)
    good &= violations.require_fraction("fund_equity_share", message.fund_equity_share)
    good &= violations.require_fraction("debt_share", message.debt_share)
    good &= violations.require_non_negative("debt_rate_annual", message.debt_rate_annual)
    operations = schedule_from_wire(message.operations, violations.at("operations"))
    if not good or operations is None:
        return None
    return Investment(
        message.project_id,
        message.pipeline,
        message.fund_equity_share,
        message.debt_share,
        message.debt_rate_annual,
        operations,
        tuple(message.assumptions),
    )
