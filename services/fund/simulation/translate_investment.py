"""Investments, switches and changed worlds between protobuf and Python."""

from collections.abc import Sequence

from ecopledge.fund.v1 import investment_pb2, scenarios_pb2
from quant.fund_paths.projects import ConstructionRisk, FundSwitches, ProjectExit
from services.fund.simulation.investment_rules import check_exit, check_risk, check_switches
from services.fund.simulation.outcome import AS_PLANNED, NO_SWITCHES, Investment
from services.fund.simulation.scenario import FundScenario, check_fund_scenario
from services.runtime.violations import Violations
from services.runtime.wire.results import schedule_from_wire, schedule_to_wire
from services.runtime.wire.scenario import scenario_from_wire, scenario_to_wire

MOST_INVESTMENTS = 1_000
MOST_SCENARIOS = 20


def investments_from_wire(
    messages: Sequence[investment_pb2.Investment], field: str, violations: Violations
) -> tuple[Investment, ...]:
    """The investments that are right; everything that is wrong is noted."""
    violations.require_non_empty(field, messages)
    if not violations.require_max_length(field, messages, MOST_INVESTMENTS):
        return ()
    read = [_investment(item, violations.at(f"{field}[{i}]")) for i, item in enumerate(messages)]
    return tuple(investment for investment in read if investment is not None)


def investment_to_wire(investment: Investment) -> investment_pb2.Investment:
    """The message of an investment."""
    return investment_pb2.Investment(
        project_id=investment.project_id,
        pipeline=investment.pipeline,
        fund_equity_share=investment.fund_equity_share,
        debt_share=investment.debt_share,
        debt_rate_annual=investment.debt_rate_annual,
        operations=schedule_to_wire(investment.operations),
        assumptions=investment.assumptions,
        risk=None if investment.risk == AS_PLANNED else _risk_to_wire(investment.risk),
        exit=None if investment.exit is None else _exit_to_wire(investment.exit),
        jobs=investment.jobs,
        gep_cny_per_year=investment.gep_cny_per_year,
    )


def switches_from_wire(message: scenarios_pb2.FundSwitches, violations: Violations) -> FundSwitches:
    """Switches; everything that is wrong with them is noted."""
    switches = FundSwitches(
        message.cost_multiplier if message.HasField("cost_multiplier") else 1.0,
        message.delay_years_added,
        tuple(message.ramp_up_multipliers),
        message.abandonment_multiplier if message.HasField("abandonment_multiplier") else 1.0,
        message.exit_multiplier if message.HasField("exit_multiplier") else 1.0,
    )
    check_switches(switches, violations)
    return switches


def switches_to_wire(switches: FundSwitches) -> scenarios_pb2.FundSwitches | None:
    """The message of switches, None for those that change nothing."""
    if switches == NO_SWITCHES:
        return None
    return scenarios_pb2.FundSwitches(
        cost_multiplier=switches.cost_multiplier,
        delay_years_added=switches.delay_years_added,
        ramp_up_multipliers=switches.ramp_up_multipliers,
        abandonment_multiplier=switches.abandonment_multiplier,
        exit_multiplier=switches.exit_multiplier,
    )


def scenarios_from_wire(
    messages: Sequence[scenarios_pb2.FundScenario], violations: Violations
) -> tuple[FundScenario, ...]:
    """The worlds that are right; everything that is wrong is noted."""
    violations.require_non_empty("scenarios", messages)
    if not violations.require_max_length("scenarios", messages, MOST_SCENARIOS):
        return ()
    found: list[FundScenario] = []
    for i, message in enumerate(messages):
        at = violations.at(f"scenarios[{i}]")
        market = scenario_from_wire(message.market, at.at("market"))
        switches = switches_from_wire(message.switches, at.at("switches"))
        if market is not None:
            scenario = FundScenario(market, switches)
            check_fund_scenario(scenario, at)
            at.require(
                all(market.name != other.market.name for other in found),
                "market.name",
                f"found {market.name!r} again, expected each name once",
            )
            found.append(scenario)
    return tuple(found)


def scenario_message(scenario: FundScenario) -> scenarios_pb2.FundScenario:
    """The message of a world."""
    return scenarios_pb2.FundScenario(
        market=scenario_to_wire(scenario.market), switches=switches_to_wire(scenario.switches)
    )


def stored_scenario(message: scenarios_pb2.FundScenario) -> FundScenario:
    """A world that a server sent.

    Raises:
        InvalidInput: it is not one that this version knows.
    """
    violations = Violations()
    market = scenario_from_wire(message.market, violations)
    switches = switches_from_wire(message.switches, violations)
    violations.raise_if_any()
    assert market is not None  # noqa: S101  # None is noted above; tells mypy
    return FundScenario(market, switches)


def _investment(message: investment_pb2.Investment, violations: Violations) -> Investment | None:
    good = violations.require_non_empty("project_id", message.project_id)
    good &= violations.require_non_empty("pipeline", message.pipeline)
    good &= violations.require_fraction("fund_equity_share", message.fund_equity_share)
    good &= violations.require_fraction("debt_share", message.debt_share)
    good &= violations.require_non_negative("debt_rate_annual", message.debt_rate_annual)
    for name in ("jobs", "gep_cny_per_year"):
        if message.HasField(name):
            good &= violations.require_non_negative(name, getattr(message, name))
    operations = schedule_from_wire(message.operations, violations.at("operations"))
    risk = _risk(message.risk, violations.at("risk"))
    sale = _exit(message.exit, violations.at("exit")) if message.HasField("exit") else None
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
        risk,
        sale,
        message.jobs if message.HasField("jobs") else None,
        message.gep_cny_per_year if message.HasField("gep_cny_per_year") else None,
    )


def _risk(message: investment_pb2.ConstructionRisk, violations: Violations) -> ConstructionRisk:
    risk = ConstructionRisk(
        tuple(message.delay_probabilities),
        message.overrun_mean,
        message.overrun_log_sd,
        message.common_share,
        message.abandonment_intensity_annual,
        message.stop_after_negative_years,
    )
    check_risk(risk, violations)
    return risk


def _risk_to_wire(risk: ConstructionRisk) -> investment_pb2.ConstructionRisk:
    return investment_pb2.ConstructionRisk(
        delay_probabilities=risk.delay_probabilities,
        overrun_mean=risk.overrun_mean,
        overrun_log_sd=risk.overrun_log_sd,
        common_share=risk.common_share,
        abandonment_intensity_annual=risk.abandonment_intensity_annual,
        stop_after_negative_years=risk.stop_after_negative_years,
    )


def _exit(message: investment_pb2.ProjectExit, violations: Violations) -> ProjectExit:
    sale = ProjectExit(
        message.years_of_cash if message.HasField("years_of_cash") else None,
        message.hold_years if message.HasField("hold_years") else None,
        message.price_multiplier if message.HasField("price_multiplier") else 1.0,
    )
    check_exit(sale, violations)
    return sale


def _exit_to_wire(sale: ProjectExit) -> investment_pb2.ProjectExit:
    return investment_pb2.ProjectExit(
        years_of_cash=sale.years_of_cash,
        hold_years=sale.hold_years,
        price_multiplier=None if sale.price_multiplier == 1.0 else sale.price_multiplier,
    )
