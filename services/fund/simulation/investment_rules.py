"""What an investment in a project may say; violations carry their path."""

import math

import numpy as np

from quant.factors import FactorModel
from quant.fund_paths.projects import ConstructionRisk, FundSwitches, ProjectExit
from services.fund.pipeline.project import Project
from services.fund.simulation.outcome import Investment
from services.runtime.violations import Violations

LONGEST_DELAY_YEARS = 20
LARGEST_MULTIPLIER = 1e3


def check_investment(
    investment: Investment, project: Project, model: FactorModel, years: range, at: Violations
) -> None:
    """Note everything that is wrong with an investment in a stored project; years are the fund's, in the calendar."""
    _check_years(project, years, at)
    together = investment.fund_equity_share + investment.debt_share
    at.require(
        together <= 1.0 + 1e-12,
        "debt_share",
        f"found {investment.debt_share} beside fund_equity_share {investment.fund_equity_share}, expected a sum "
        "of at most 1",
    )
    _check_operations(investment, model, at)
    check_risk(investment.risk, at.at("risk"))
    if investment.exit is not None:
        check_exit(investment.exit, at.at("exit"))


def check_risk(risk: ConstructionRisk, at: Violations) -> None:
    """Note every number that is out of range."""
    at.require_max_length("delay_probabilities", risk.delay_probabilities, LONGEST_DELAY_YEARS)
    for k, probability in enumerate(risk.delay_probabilities):
        at.require_fraction(f"delay_probabilities[{k}]", probability)
    total = math.fsum(risk.delay_probabilities)
    at.require(total <= 1.0 + 1e-9, "delay_probabilities", f"found a sum of {total}, expected at most 1")
    at.require(
        -1.0 < risk.overrun_mean <= LARGEST_MULTIPLIER,
        "overrun_mean",
        f"found {risk.overrun_mean}, expected a number above -1, at most {LARGEST_MULTIPLIER:g}",
    )
    at.require_range("overrun_log_sd", risk.overrun_log_sd, 0.0, 5.0)
    at.require_fraction("common_share", risk.common_share)
    at.require_range("abandonment_intensity_annual", risk.abandonment_intensity_annual, 0.0, 100.0)
    at.require_range("stop_after_negative_years", risk.stop_after_negative_years, 0, 100)


def check_exit(sale: ProjectExit, at: Violations) -> None:
    """Note every number that is out of range."""
    if sale.years_of_cash is not None:
        at.require_range("years_of_cash", sale.years_of_cash, 0.0, 200.0)
    if sale.hold_years is not None:
        at.require_range("hold_years", sale.hold_years, 1, 100)
    at.require_range("price_multiplier", sale.price_multiplier, 0.0, LARGEST_MULTIPLIER)


def check_switches(switches: FundSwitches, at: Violations) -> None:
    """Note every number that is out of range."""
    at.require_range("cost_multiplier", switches.cost_multiplier, 1e-3, LARGEST_MULTIPLIER)
    at.require_range("delay_years_added", switches.delay_years_added, 0, LONGEST_DELAY_YEARS)
    at.require_max_length("ramp_up_multipliers", switches.ramp_up_multipliers, 50)
    for k, multiplier in enumerate(switches.ramp_up_multipliers):
        at.require_range(f"ramp_up_multipliers[{k}]", multiplier, 0.0, LARGEST_MULTIPLIER)
    at.require_range("abandonment_multiplier", switches.abandonment_multiplier, 0.0, LARGEST_MULTIPLIER)
    at.require_range("exit_multiplier", switches.exit_multiplier, 0.0, LARGEST_MULTIPLIER)


def _check_years(project: Project, years: range, at: Violations) -> None:
    name = f"project {project.project_id} is built from {project.start_year} to {project.end_year}"
    at.require(
        project.start_year >= years[0],
        "project_id",
        f"{name}, expected not before first_year ({years[0]})",
    )
    at.require(
        project.end_year <= years[-1],
        "project_id",
        f"{name}, expected within the fund's life, up to {years[-1]}",
    )
    at.require(
        project.end_year >= project.start_year, "project_id", f"{name}, expected an end not before the start"
    )


def _check_operations(investment: Investment, model: FactorModel, at: Violations) -> None:
    operations = investment.operations
    for k, factor in enumerate(operations.factors):
        at.require(
            factor in model,
            f"operations.exposures[{k}].factor",
            f"found {factor!r}, expected a factor of the snapshot: {', '.join(model.names)}",
        )
    if investment.debt_share > 0.0:
        at.require(
            bool(np.any(operations.times_years > 0.0)),
            "operations.exposures",
            "found no row after completion, expected at least one to repay the debt from",
        )
