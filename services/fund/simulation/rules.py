"""What a simulation runs by: everything that is wrong with the question, then the plan, the money terms, the groups."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from quant.draws.sparse_draws import lane_of_name
from quant.factors import FactorModel
from quant.fund_paths.money import FeeBase, MoneyTerms, planned_calls
from quant.fund_paths.plan import FundPlan, plan_fund
from quant.fund_paths.projects import FloatArray, ProjectCash, switched
from quant.fund_paths.simulation import FundRules
from quant.waterfall.steps import WaterfallError
from services.fund.fund_terms.terms import GRASSROOTS_ID, FundTerms
from services.fund.pipeline.county import counties_of
from services.fund.pipeline.project import Project
from services.fund.simulation.investment_rules import check_investment
from services.fund.simulation.outcome import MOST_REPORT_YEARS, FundSimulation, Investment
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations

MOST_TIMES = 1_000
MOST_CELLS = 20_000


def rules_of(request: FundSimulation, projects: Sequence[Project], model: FactorModel) -> FundRules:
    """The rules of a simulation.

    Raises:
        InvalidInput: with the path of each field that is wrong.
    """
    terms = request.terms
    check_simulation(request, projects, model)
    plan = plan_fund(
        [
            switched(project_cash(investment, project, request.first_year), request.switches)
            for investment, project in zip(request.investments, projects, strict=True)
        ],
        model,
        request.snapshot.curve(),
        terms.life_years,
        extension_years=terms.extension_years,
        report_years=request.report_years,
    )
    check_size(plan, "investments")
    money = money_terms(terms, request.liquidity_rate_annual)
    _check_commitments(money, plan)
    try:
        waterfall = terms.waterfall()
    except WaterfallError as error:  # every flaw was collected above
        raise InvalidInput(str(error)) from error
    weights = {}
    for name in ("jobs", "gep_cny_per_year"):
        stated = [getattr(investment, name) for investment in request.investments]
        if any(value is not None for value in stated):
            weights[name] = np.array([0.0 if value is None else value for value in stated])
    places = places_of(projects) if GRASSROOTS_ID in terms.recipient_ids() else {}
    return FundRules(plan, money, waterfall, groups_of(terms), weights, places)


def places_of(projects: Sequence[Project]) -> dict[str, FloatArray]:
    """Share of each project that counts for a county, in the order in which the counties come up, [n_projects].

    A project in several counties counts in equal parts; one whose county is not known counts for "".
    """
    found = [counties_of(project.county) or ("",) for project in projects]
    names = dict.fromkeys(name for counties in found for name in counties)
    return {
        name: np.array([1.0 / len(counties) if name in counties else 0.0 for counties in found])
        for name in names
    }


def groups_of(terms: FundTerms) -> dict[str, tuple[int, ...]]:
    """Recipients, then classes of more than one partner, as positions; a class of one partner is that partner."""
    positions: dict[str, tuple[int, ...]] = {
        recipient: (-1 if recipient == GRASSROOTS_ID else i,)
        for i, recipient in enumerate(terms.recipient_ids())
    }
    groups = {f"partner:{recipient}": members for recipient, members in positions.items()}
    for kind in dict.fromkeys(partner.partner_class for partner in terms.partners):
        joined = tuple(i for i, partner in enumerate(terms.partners) if partner.partner_class is kind)
        if len(joined) > 1:
            groups[f"class:{kind}"] = joined
    return groups


def money_terms(terms: FundTerms, liquidity_rate_annual: float) -> MoneyTerms:
    """What the fund may do with money by its terms."""
    committed = float(sum(partner.commitment_cny for partner in terms.partners))
    rates = tuple(terms.fee_rate_in(year) for year in range(terms.last_year + 1))
    money = MoneyTerms(
        committed, rates, FeeBase(terms.fee_base.value), liquidity_rate_annual=liquidity_rate_annual
    )
    recycling = terms.recycling
    if recycling is None:
        return money
    return replace(
        money,
        recycling_share=recycling.share,
        recycling_until_year=recycling.until_year,
        recycling_limit_cny=recycling.limit_share * committed,
    )


def project_cash(investment: Investment, project: Project, first_year: int) -> ProjectCash:
    """The project as the numerics know it; its draws hang on its name alone, not on its place among the others."""
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
        investment.risk,
        investment.exit,
        lane_of_name(f"{project.pipeline}/{project.project_id}"),
        operations.terms.risk_premium_annual,
    )


def check_simulation(request: FundSimulation, projects: Sequence[Project], model: FactorModel) -> None:
    """Refuse what cannot be simulated.

    Raises:
        InvalidInput: with the path of each field that is wrong.
    """
    violations = Violations()
    for flaw in request.terms.find_flaws():
        violations.at("terms").add(flaw.field, flaw.description)
    years = range(request.first_year, request.first_year + max(request.terms.life_years, 0) + 1)
    pairs = list(zip(request.investments, projects, strict=True))
    for i, (investment, project) in enumerate(pairs):
        check_investment(investment, project, model, years, violations.at(f"investments[{i}]"))
    times = [project.end_year + i.operations.times_years for i, project in pairs]
    n_times = len(np.unique(np.concatenate(times)))
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
    _check_report_years(request, violations)
    violations.raise_if_any()


def _check_report_years(request: FundSimulation, violations: Violations) -> None:
    years = request.report_years
    violations.require_max_length("report_years", years, MOST_REPORT_YEARS)
    for i, year in enumerate(years):
        violations.require_range(f"report_years[{i}]", year, 0, request.terms.last_year)
        violations.require(
            year not in years[:i], f"report_years[{i}]", f"found {year} twice, expected each once"
        )


def check_size(plan: FundPlan, field: str) -> None:
    """Refuse a plan whose factor values would not fit into a server's memory: each is kept for a block of paths.

    Raises:
        InvalidInput: naming the field.
    """
    n_cells = len(plan.cell_time)
    if n_cells > MOST_CELLS:
        raise InvalidInput.of(
            field,
            f"found {n_cells:,} pairs of factor and time with all delays and sales, expected at most {MOST_CELLS:,}",
        )


def _check_commitments(money: MoneyTerms, plan: FundPlan) -> None:
    called = float(planned_calls(money, plan.planned_costs()).sum())
    # Within a cent: equal parts of an amount may add up to a hair more than it.
    if called > money.commitments_cny + 0.01:
        raise InvalidInput.of(
            "terms.partners",
            f"found commitments of {money.commitments_cny:,.2f} CNY, expected at least the {called:,.2f} CNY that the "
            "investments and the management fee call: choose among the projects within the commitments "
            "(`ecopledge fund allocate`), or raise the commitments, or lower fund_equity_share to "
            # Calls are in proportion to cost, the fee with them.
            f"at most {math.floor(1e4 * money.commitments_cny / called) / 1e4:.4f} of what it is for every one",
        )
