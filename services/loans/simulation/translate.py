"""Stress tests and wrong-way risk of a book between protobuf and the domain."""

from dataclasses import fields
from typing import Any

from ecopledge.loans.v1 import stress_pb2 as pb
from services.loans.book_terms.translate_given import given_from_wire, given_to_wire
from services.loans.portfolio import MIN_PATHS, PortfolioQuestion
from services.loans.simulation.link import LinkedLoss, LinkShare, WrongWayRisk
from services.loans.simulation.stress import (
    DEFAULT_STRESS_PATHS,
    DEFAULT_STRESS_QUARTERS,
    MAX_STRESS_PATHS,
    LossLimit,
    PortfolioStress,
    ReverseStress,
    StressedLoss,
    StressQuestion,
)
from services.loans.translate.asked import Draws, asked_from_wire, asked_to_wire
from services.runtime.errors import InvalidInput
from services.runtime.scenarios.choice import UnfitScenario
from services.runtime.scenarios.lasting_move import FactorMove
from services.runtime.scenarios.scenario import Scenario
from services.runtime.violations import Violations
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)
from services.runtime.wire.scenario import scenario_from_wire, scenario_received, scenario_to_wire

MOST_SCENARIOS = 100
_DRAWS = Draws(DEFAULT_STRESS_PATHS, MIN_PATHS, MAX_STRESS_PATHS)
_WORLD = tuple(field.name for field in fields(StressedLoss))


def stress_question_from_wire(request: pb.StressPortfolioRequest) -> StressQuestion:
    """What a StressPortfolioRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    names = tuple(request.scenario_names)
    violations.require_max_length("scenarios", (*names, *request.scenarios), MOST_SCENARIOS)
    scenarios: list[Scenario] = []
    for i, message in enumerate(request.scenarios):
        scenario = scenario_from_wire(message, violations.at(f"scenarios[{i}]"))
        if scenario is not None:
            scenarios.append(scenario)
    limit = _limit(request.limit, violations) if request.HasField("limit") else None
    book = _book_from_wire(request.book, violations)
    return StressQuestion(book, names, tuple(scenarios), limit)


def stress_question_to_wire(question: StressQuestion) -> pb.StressPortfolioRequest:
    """The request of a question."""
    limit = question.limit
    return pb.StressPortfolioRequest(
        book=book_to_wire(question.book),
        scenario_names=question.names,
        scenarios=[scenario_to_wire(scenario) for scenario in question.scenarios],
        limit=None
        if limit is None
        else pb.LossLimit(**{name: value for name, value in _columns(limit).items() if value is not None}),
    )


def link_question_from_wire(request: pb.MeasureWrongWayRiskRequest) -> PortfolioQuestion:
    """What a MeasureWrongWayRiskRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    return _book_from_wire(request.book, Violations())


def book_to_wire(question: PortfolioQuestion) -> pb.BookSimulation:
    """The message of a question about a book."""
    return pb.BookSimulation(
        **asked_to_wire(question),
        **given_to_wire(question),
        n_quarters=question.n_quarters,
        fund_cap_cny=question.fund_cap_cny,
    )


def stress_to_wire(stress: PortfolioStress) -> pb.PortfolioStress:
    """The message of a stressed book."""
    return pb.PortfolioStress(
        n_loans=stress.n_loans,
        exposure_cny=stress.exposure_cny,
        worlds=[pb.StressedLoss(**_columns(world)) for world in stress.worlds],
        skipped=[pb.SkippedPortfolioScenario(name=s.name, reason=s.reason) for s in stress.skipped],
        reverse=None if stress.reverse is None else _reverse_to_wire(stress.reverse),
        warnings=[caution_to_wire(caution) for caution in stress.cautions],
        manifest=manifest_to_wire(stress.manifest),
    )


def stress_from_wire(message: pb.PortfolioStress) -> PortfolioStress:
    """What a stressed book says."""
    reverse = message.reverse
    return PortfolioStress(
        message.n_loans,
        message.exposure_cny,
        tuple(StressedLoss(*(getattr(world, name) for name in _WORLD)) for world in message.worlds),
        tuple(UnfitScenario(skipped.name, skipped.reason) for skipped in message.skipped),
        ReverseStress(
            reverse.figure_cny,
            reverse.broken_already,
            tuple(map(_move, reverse.single)),
            reverse.joint_distance if reverse.HasField("joint_distance") else None,
            tuple(map(_move, reverse.joint)),
            tuple(map(scenario_received, reverse.scenarios)),
            tuple(reverse.out_of_reach),
        )
        if message.HasField("reverse")
        else None,
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
    )


def link_to_wire(risk: WrongWayRisk) -> pb.MeasureWrongWayRiskResponse:
    """The message of a wrong-way risk report."""
    return pb.MeasureWrongWayRiskResponse(
        n_loans=risk.n_loans,
        exposure_cny=risk.exposure_cny,
        together=pb.LinkedLoss(**_columns(risk.together)),
        apart=pb.LinkedLoss(**_columns(risk.apart)),
        expected_loss_difference_cny=risk.expected_loss_difference_cny,
        expected_loss_difference_error_cny=risk.expected_loss_difference_error_cny,
        drivers=[pb.LinkShare(**_columns(share)) for share in risk.drivers],
        drivers_error_cny=risk.drivers_error_cny,
        warnings=[caution_to_wire(caution) for caution in risk.cautions],
        manifest=manifest_to_wire(risk.manifest),
    )


def link_from_wire(message: pb.MeasureWrongWayRiskResponse) -> WrongWayRisk:
    """What a wrong-way risk report says."""
    return WrongWayRisk(
        message.n_loans,
        message.exposure_cny,
        _linked(message.together),
        _linked(message.apart),
        message.expected_loss_difference_cny,
        message.expected_loss_difference_error_cny,
        tuple(
            LinkShare(share.factor, share.expected_loss_cny, share.expected_loss_error_cny)
            for share in message.drivers
        ),
        message.drivers_error_cny,
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
    )


def _book_from_wire(message: pb.BookSimulation, violations: Violations) -> PortfolioQuestion:
    at = violations.at("book")
    asked = asked_from_wire(message, at, _DRAWS)
    given = given_from_wire(message, at)
    violations.raise_if_any()
    try:
        return PortfolioQuestion(
            asked.snapshot,
            asked.as_of,
            asked.loan_ids,
            n_paths=asked.n_paths,
            seed=asked.seed,
            n_quarters=message.n_quarters if message.HasField("n_quarters") else DEFAULT_STRESS_QUARTERS,
            fund_cap_cny=message.fund_cap_cny if message.HasField("fund_cap_cny") else None,
            **given.arguments(),
        )
    except ValueError as error:
        field, _, text = str(error).partition(": ")
        raise InvalidInput.of(f"book.{field}", text) from error


def _limit(message: pb.LossLimit, violations: Violations) -> LossLimit | None:
    loss = message.highest_expected_loss_cny if message.HasField("highest_expected_loss_cny") else None
    tail = (
        message.highest_expected_shortfall_cny if message.HasField("highest_expected_shortfall_cny") else None
    )
    try:
        return LossLimit(loss, tail)
    except ValueError as error:
        field, _, description = str(error).partition(": ")
        violations.add(field, description)
        return None


def _reverse_to_wire(reverse: ReverseStress) -> pb.PortfolioReverseStress:
    return pb.PortfolioReverseStress(
        figure_cny=reverse.figure_cny,
        broken_already=reverse.broken_already,
        single=[pb.PortfolioFactorMove(**_columns(move)) for move in reverse.single],
        joint_distance=reverse.joint_distance,
        joint=[pb.PortfolioFactorMove(**_columns(move)) for move in reverse.joint],
        scenarios=map(scenario_to_wire, reverse.scenarios),
        out_of_reach=reverse.out_of_reach,
    )


def _move(message: pb.PortfolioFactorMove) -> FactorMove:
    return FactorMove(message.factor, message.standard_deviations, message.multiplier)


def _linked(message: pb.LinkedLoss) -> LinkedLoss:
    known = message.HasField("collateral_in_default_ratio")
    return LinkedLoss(
        message.expected_loss_cny,
        message.expected_loss_error_cny,
        message.value_at_risk_cny,
        message.expected_shortfall_cny,
        message.collateral_in_default_ratio if known else None,
    )


def _columns(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
