"""Scenarios between protobuf and Python."""

from ecopledge.type.v1 import scenario_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.scenarios.rules import check_scenario
from services.runtime.scenarios.scenario import (
    EventShock,
    FloorShock,
    InflowRegime,
    LevelShock,
    PathShock,
    Scenario,
    SchemeShock,
    VolatilityShock,
)
from services.runtime.violations import Violations
from services.runtime.wire.evidence import source_to_wire, sources_from_wire


def scenario_from_wire(message: pb.Scenario, violations: Violations) -> Scenario | None:
    """A scenario, or None after noting everything that is wrong with it."""
    before = len(violations.found)
    sources = sources_from_wire(message.sources, violations)
    if sources is None:
        return None
    scenario = Scenario(
        message.name,
        message.label_zh,
        message.label_en,
        sources,
        regimes=tuple(InflowRegime(m.name, m.factor, m.mean, m.cv) for m in message.regimes),
        schemes=tuple(_scheme(m) for m in message.schemes),
        floors=tuple(
            FloorShock(m.factor, m.strike if m.HasField("strike") else None) for m in message.floors
        ),
        levels=tuple(LevelShock(m.factor, m.multiplier) for m in message.levels),
        paths=tuple(
            PathShock(
                m.factor, m.multiplier, m.from_years, m.until_years if m.HasField("until_years") else None
            )
            for m in message.paths
        ),
        volatilities=tuple(VolatilityShock(m.factor, m.multiplier) for m in message.volatilities),
        curve_shift_bp=message.curve_shift_bp,
        events=tuple(EventShock(m.multiplier, tuple(m.factors)) for m in message.events),
    )
    check_scenario(scenario, violations)
    return scenario if len(violations.found) == before else None


def scenario_received(message: pb.Scenario) -> Scenario:
    """The scenario of a server's answer.

    Raises:
        Internal: one that no server of this version sends.
    """
    violations = Violations()
    scenario = scenario_from_wire(message, violations)
    if scenario is None:
        raise Internal(f"the server sent a scenario that makes no sense: {violations.found[0]}")
    return scenario


def scenario_to_wire(scenario: Scenario) -> pb.Scenario:
    """The message of a scenario."""
    return pb.Scenario(
        name=scenario.name,
        label_zh=scenario.label_zh,
        label_en=scenario.label_en,
        sources=[source_to_wire(source) for source in scenario.sources],
        regimes=[
            pb.InflowRegime(name=item.name, factor=item.factor, mean=item.mean, cv=item.cv)
            for item in scenario.regimes
        ],
        schemes=[
            pb.SchemeShock(
                scheme=item.scheme,
                enforcement=item.enforcement,
                variant=item.variant,
                scarcity_beta=item.scarcity_beta,
            )
            for item in scenario.schemes
        ],
        floors=[pb.FloorShock(factor=item.factor, strike=item.strike) for item in scenario.floors],
        levels=[pb.LevelShock(factor=item.factor, multiplier=item.multiplier) for item in scenario.levels],
        paths=[
            pb.PathShock(
                factor=item.factor,
                multiplier=item.multiplier,
                from_years=item.from_years,
                until_years=item.until_years,
            )
            for item in scenario.paths
        ],
        volatilities=[
            pb.VolatilityShock(factor=item.factor, multiplier=item.multiplier)
            for item in scenario.volatilities
        ],
        curve_shift_bp=scenario.curve_shift_bp,
        events=[pb.EventShock(multiplier=item.multiplier, factors=item.factors) for item in scenario.events],
    )


def _scheme(message: pb.SchemeShock) -> SchemeShock:
    return SchemeShock(
        message.scheme,
        message.enforcement if message.HasField("enforcement") else None,
        message.variant,
        message.scarcity_beta if message.HasField("scarcity_beta") else None,
    )
