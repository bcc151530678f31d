"""Simulation of a fund: stored projects and assumptions in, distributions of every recipient's outcome out."""

from collections.abc import Iterator, Sequence

import numpy as np

from quant.factors import FactorModel
from quant.fund_paths import (
    PATH_GROUP,
    FundPaths,
    FundPlan,
    ProjectCash,
    distributable_paths,
    plan_fund,
    run_fund,
)
from quant.waterfall import Waterfall
from quant.waterfall_steps import WaterfallError
from services.fund.measures import measure
from services.fund.outcome import FundOutcome, FundSimulation, Investment
from services.fund.project import Project
from services.runtime.errors import InvalidInput
from services.runtime.results import Progress
from services.runtime.violations import Violations

PATHS_PER_BLOCK = 4 * PATH_GROUP
MOST_TIMES = 1_000


def simulate(
    request: FundSimulation, projects: Sequence[Project], *, paths_per_block: int = PATHS_PER_BLOCK
) -> Iterator[Progress | FundOutcome]:
    """Simulate the fund in blocks of paths; whoever stops iterating stops the work.

    Args:
        request: what is to be simulated.
        projects: of the investments, in their order.
        paths_per_block: a multiple of `quant.fund_paths.PATH_GROUP`; the result does not depend on it.

    Yields:
        progress after each block of paths, then the outcome.

    Raises:
        InvalidInput: with the path of each field that is wrong.
    """
    if paths_per_block % PATH_GROUP != 0:
        raise ValueError(f"paths_per_block: found {paths_per_block}, expected a multiple of {PATH_GROUP}")
    model = request.snapshot.factor_model()
    waterfall, plan = _plan(request, projects, model)
    whole = FundPaths.empty(len(waterfall.commitments), plan.n_years, request.n_paths)
    for first in range(0, request.n_paths, paths_per_block):
        n_paths = min(paths_per_block, request.n_paths - first)
        cash = distributable_paths(plan, model, n_paths, request.seed, first_path=first)
        whole = whole.filled(first, run_fund(waterfall, plan.called, cash))
        yield Progress(first + n_paths, request.n_paths)
    yield measure(request, projects, plan, whole)


def _plan(
    request: FundSimulation, projects: Sequence[Project], model: FactorModel
) -> tuple[Waterfall, FundPlan]:
    violations = Violations()
    for flaw in request.terms.find_flaws():
        violations.at("terms").add(flaw.field, flaw.description)
    last_year = request.first_year + request.terms.life_years
    pairs = list(zip(request.investments, projects, strict=True))
    for i, (investment, project) in enumerate(pairs):
        at = violations.at(f"investments[{i}]")
        _check_years(project, request.first_year, last_year, at)
        _check_shares(investment, at)
        _check_operations(investment, model, at)
    times = np.concatenate([p.end_year + i.operations.times_years for i, p in pairs])
    n_times = len(np.unique(times))
    violations.require(
        n_times <= MOST_TIMES,
        "investments",
        f"found operating rows at {n_times} different times, expected at most {MOST_TIMES}",
    )
    seen = [(investment.pipeline, investment.project_id) for investment in request.investments]
    for i, key in enumerate(seen):
        violations.require(
            key not in seen[:i], f"investments[{i}].project_id", f"found {key[1]!r} twice, expected each once"
        )
    violations.raise_if_any()
    cash = [
        _project_cash(*pair, request.first_year) for pair in zip(request.investments, projects, strict=True)
    ]
    plan = plan_fund(cash, model, request.terms.life_years, request.terms.fee_rate_annual)
    called = float(plan.called.sum())
    committed = float(sum(partner.commitment_cny for partner in request.terms.partners))
    # Within a cent: equal parts of an amount may add up to a hair more than it.
    if called > committed + 0.01:
        raise InvalidInput.of(
            "terms.partners",
            f"found commitments of {committed:,.2f} CNY, expected at least the {called:,.2f} CNY that the "
            "investments and the management fee call",
        )
    try:
        return request.terms.waterfall(), plan
    except WaterfallError as error:  # every flaw was collected above
        raise InvalidInput(str(error)) from error


def _check_years(project: Project, first_year: int, last_year: int, at: Violations) -> None:
    name = f"project {project.project_id} is built from {project.start_year} to {project.end_year}"
    at.require(
        project.start_year >= first_year,
        "project_id",
        f"{name}, expected not before first_year ({first_year})",
    )
    at.require(
        project.end_year <= last_year,
        "project_id",
        f"{name}, expected within the fund's life, up to {last_year}",
    )


def _check_shares(investment: Investment, at: Violations) -> None:
    together = investment.fund_equity_share + investment.debt_share
    at.require(
        together <= 1.0 + 1e-12,
        "debt_share",
        f"found {investment.debt_share} beside fund_equity_share {investment.fund_equity_share}, expected a sum "
        "of at most 1",
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


def _project_cash(investment: Investment, project: Project, first_year: int) -> ProjectCash:
    operations = investment.operations
    return ProjectCash(
        float(project.total_investment_cny),
        project.start_year - first_year,
        project.end_year - first_year,
        investment.fund_equity_share,
        investment.debt_share,
        investment.debt_rate_annual,
        operations.times_years,
        operations.factors,
        operations.quantities,
        operations.terms.quantity_cv,
    )
