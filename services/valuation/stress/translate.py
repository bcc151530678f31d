"""Stress tests between protobuf and the domain."""

import math
from collections.abc import Sequence
from dataclasses import fields

from ecopledge.valuation.v1 import stress_pb2 as pb
from services.runtime.scenarios.lasting_move import FactorMove
from services.runtime.violations import Violations
from services.runtime.wire.scenario import scenario_from_wire, scenario_received, scenario_to_wire
from services.runtime.wire.values import date_to_wire
from services.valuation.asset import Asset
from services.valuation.stress.report import (
    ReverseLimit,
    ReverseStress,
    SkippedScenario,
    StressedAsset,
    StressedFigures,
    StressFigures,
    StressReport,
    StressRequest,
)
from services.valuation.translate.asset import assets_to_wire
from services.valuation.translate.outcomes import failure_from_wire, failure_to_wire
from services.valuation.translate.request import date_from_request, simulation_from_wire
from services.valuation.valuation import Failure, Simulation

MOST_ASSETS = 2_000
MOST_REVERSED = 50
MOST_SCENARIOS = 100
_MOST_PATHS = 65_536
_FIGURES = tuple(field.name for field in fields(StressFigures))


def stress_request_from_wire(message: pb.StressAssetsRequest) -> StressRequest:
    """What is asked of the assets, which are read apart.

    Raises:
        InvalidInput: with the path of everything that is wrong.
    """
    violations = Violations()
    limit = None
    if message.HasField("reverse"):
        limit = _limit(message.reverse, violations.at("reverse"))
        violations.require_max_length("assets", message.assets, MOST_REVERSED)
    violations.require_max_length("assets", message.assets, MOST_ASSETS)
    names = tuple(message.scenario_names)
    violations.require_max_length("scenarios", (*names, *message.scenarios), MOST_SCENARIOS)
    scenarios = [
        scenario_from_wire(item, violations.at(f"scenarios[{i}]")) for i, item in enumerate(message.scenarios)
    ]
    simulation = simulation_from_wire(message, violations)
    violations.require(
        simulation.n_paths <= _MOST_PATHS,
        "simulation.n_paths",
        f"found {simulation.n_paths}, expected at most {_MOST_PATHS}",
    )
    date = date_from_request(message, violations)
    violations.raise_if_any()
    kept = tuple(scenario for scenario in scenarios if scenario is not None)
    return StressRequest(message.snapshot_id, date, simulation, names, kept, limit)


def stress_request_to_wire(assets: Sequence[Asset], request: StressRequest) -> pb.StressAssetsRequest:
    """The message of a request."""
    return pb.StressAssetsRequest(
        snapshot_id=request.snapshot_id,
        valuation_date=None if request.valuation_date is None else date_to_wire(request.valuation_date),
        assets=assets_to_wire(assets),
        simulation=_simulation(request.simulation),
        scenario_names=request.names,
        scenarios=[scenario_to_wire(scenario) for scenario in request.scenarios],
        reverse=None if request.limit is None else _limit_to_wire(request.limit),
    )


def stress_report_to_wire(report: StressReport) -> pb.StressAssetsResponse:
    """The response of a stress test."""
    return pb.StressAssetsResponse(
        outcomes=[_outcome(outcome, f"assets[{i}]") for i, outcome in enumerate(report.outcomes)],
        scenarios=[scenario_to_wire(scenario) for scenario in report.scenarios],
        skipped=[pb.SkippedScenario(name=item.name, reason=item.reason) for item in report.skipped],
    )


def stress_report_from_wire(message: pb.StressAssetsResponse) -> StressReport:
    """The stress test of a response.

    Raises:
        Internal: a scenario that no server of this version sends.
    """
    return StressReport(
        tuple(_outcome_from_wire(outcome) for outcome in message.outcomes),
        tuple(map(scenario_received, message.scenarios)),
        tuple(SkippedScenario(item.name, item.reason) for item in message.skipped),
    )


def _limit(message: pb.ReverseLimit, at: Violations) -> ReverseLimit | None:
    match message.WhichOneof("limit"):
        case "highest_loss_share":
            share = message.highest_loss_share
            at.require(
                0.0 < share < 1.0, "highest_loss_share", f"found {share}, expected a number between 0 and 1"
            )
            return ReverseLimit(highest_loss_share=share)
        case "lowest_pledge_value_cny":
            value = message.lowest_pledge_value_cny
            at.require(
                0.0 < value < math.inf,
                "lowest_pledge_value_cny",
                f"found {value}, expected a finite number above 0",
            )
            return ReverseLimit(lowest_pledge_value_cny=value)
        case _:
            at.add("limit", "is missing, expected highest_loss_share or lowest_pledge_value_cny")
            return None


def _limit_to_wire(limit: ReverseLimit) -> pb.ReverseLimit:
    if limit.highest_loss_share is not None:
        return pb.ReverseLimit(highest_loss_share=limit.highest_loss_share)
    if limit.lowest_pledge_value_cny is not None:
        return pb.ReverseLimit(lowest_pledge_value_cny=limit.lowest_pledge_value_cny)
    return pb.ReverseLimit()


def _simulation(simulation: Simulation) -> pb.StressSimulation:
    return pb.StressSimulation(
        n_paths=simulation.n_paths,
        seed=simulation.seed,
        horizon_years=simulation.horizon_years,
        confidence=simulation.confidence,
    )


def _outcome(outcome: StressedAsset | Failure, at: str) -> pb.StressOutcome:
    if isinstance(outcome, Failure):
        return pb.StressOutcome(asset_id=outcome.asset_id, failure=failure_to_wire(outcome, at))
    return pb.StressOutcome(
        asset_id=outcome.asset_id,
        stressed=pb.StressedAsset(
            kind=outcome.kind,
            base=_figures(outcome.base),
            stressed=[
                pb.StressedFigures(
                    scenario=item.scenario,
                    figures=_figures(item.figures),
                    value_change_cny=item.value_change_cny,
                    pledge_value_change_cny=item.pledge_value_change_cny,
                )
                for item in outcome.stressed
            ],
            reverse=None if outcome.reverse is None else _reverse(outcome.reverse),
        ),
    )


def _outcome_from_wire(message: pb.StressOutcome) -> StressedAsset | Failure:
    if message.WhichOneof("outcome") != "stressed":
        return failure_from_wire(message.asset_id, message.failure)
    stressed = message.stressed
    return StressedAsset(
        message.asset_id,
        stressed.kind,
        _figures_from_wire(stressed.base),
        tuple(
            StressedFigures(
                item.scenario,
                _figures_from_wire(item.figures),
                item.value_change_cny,
                item.pledge_value_change_cny,
            )
            for item in stressed.stressed
        ),
        _reverse_from_wire(stressed.reverse) if stressed.HasField("reverse") else None,
    )


def _figures(figures: StressFigures) -> pb.StressFigures:
    return pb.StressFigures(**{name: getattr(figures, name) for name in _FIGURES})


def _figures_from_wire(message: pb.StressFigures) -> StressFigures:
    return StressFigures(**{name: getattr(message, name) for name in _FIGURES})


def _reverse(reverse: ReverseStress) -> pb.ReverseStress:
    return pb.ReverseStress(
        broken_already=reverse.broken_already,
        single=[_move(move) for move in reverse.single],
        joint_distance=reverse.joint_distance,
        joint=[_move(move) for move in reverse.joint],
        scenarios=map(scenario_to_wire, reverse.scenarios),
        out_of_reach=reverse.out_of_reach,
    )


def _reverse_from_wire(message: pb.ReverseStress) -> ReverseStress:
    return ReverseStress(
        message.broken_already,
        tuple(_move_from_wire(move) for move in message.single),
        message.joint_distance if message.HasField("joint_distance") else None,
        tuple(_move_from_wire(move) for move in message.joint),
        tuple(map(scenario_received, message.scenarios)),
        tuple(message.out_of_reach),
    )


def _move(move: FactorMove) -> pb.FactorMove:
    return pb.FactorMove(
        factor=move.factor, standard_deviations=move.standard_deviations, multiplier=move.multiplier
    )


def _move_from_wire(message: pb.FactorMove) -> FactorMove:
    return FactorMove(message.factor, message.standard_deviations, message.multiplier)
