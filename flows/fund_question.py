"""A question about the fund from a TOML file: projects, terms, worlds, limits.

data/demonstration/fund_question.toml shows the form. Paths in a question are relative to its file; what is not stated
is the bundled file or the default.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import msgspec

from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from services.fund.allocation.question import (
    DEFAULT_AVERSION,
    DEFAULT_CHECK_PATHS,
    DEFAULT_SCENARIOS,
    AllocationLimits,
    AllocationRequest,
)
from services.fund.client import FundClient
from services.fund.fund_terms.sheets import TermSheet, read_term_sheets
from services.fund.fund_terms.terms import FundTerms
from services.fund.pipeline.project import Project
from services.fund.pipeline.sector_assumptions import read_sector_assumptions
from services.fund.simulation.market import factor_levels, with_fund_factors
from services.fund.simulation.outcome import (
    DEFAULT_PATHS,
    DEFAULT_SEED,
    LIQUIDITY_RATE_ANNUAL,
    FundSimulation,
    Investment,
)
from services.fund.simulation.scenario import FundScenario, read_fund_scenarios
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.toml_file import decode_toml

LISTS = {
    "reserve_2026": ("zhangye_reserve_projects_2026.csv", RESERVE_2026),
    "eco_industry_2020": ("zhangye_eco_industry_projects_2020.csv", ECO_INDUSTRY_2020),
}
"""Bundled lists of projects by pipeline: file and form."""


class Contribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Jobs and gross ecosystem product of a project once it operates, where somebody has stated them."""

    jobs: float | None = None
    gep_cny_per_year: float | None = None


class ProjectList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bundled list of projects.

    Attributes:
        pipeline: "reserve_2026" or "eco_industry_2020".
        first_year: projects that start earlier are moved to start then; they are kept in a pipeline of their own.
        leave_out: ids of projects that are not asked about.
    """

    pipeline: str
    first_year: int | None = None
    leave_out: tuple[str, ...] = ()


class AllocationQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to choose; see `services.fund.allocation.question.AllocationRequest`."""

    limits: AllocationLimits = AllocationLimits()
    aversions: tuple[float, ...] = (DEFAULT_AVERSION,)
    confidence: float = 0.9
    n_scenarios: int = DEFAULT_SCENARIOS
    n_check_paths: int = DEFAULT_CHECK_PATHS
    share_steps: int = 1
    gap: float = 0.01
    time_limit_s: float = 60.0
    price_limits: bool = True


class FundQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of the fund.

    Attributes:
        term_sheet: id of one.
        first_year: calendar year of year 0.
        term_sheet_is_stored: it is one that the fund service keeps, not one of the file.
        benefit_term_sheet: id of the one under which a report shows what the grass roots would receive, where the
            fund's own pays them nothing; None to leave that out.
        pacing_yield_rate_annual: least share of net asset value distributed in a year, where a report fits the pacing
            model to the fund's flows.
        projects: lists.
        term_sheets, sector_assumptions, scenarios: files; the bundled ones where they are not stated.
        n_paths, seed, report_years, liquidity_rate_annual: see `services.fund.simulation.outcome.FundSimulation`.
        contributions: of projects, by "pipeline/project_id".
        allocation: how to choose.
    """

    term_sheet: str
    first_year: int
    projects: tuple[ProjectList, ...]
    term_sheet_is_stored: bool = False
    benefit_term_sheet: str | None = None
    pacing_yield_rate_annual: float = 0.0
    term_sheets: str | None = None
    sector_assumptions: str | None = None
    scenarios: str | None = None
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    report_years: tuple[int, ...] = ()
    liquidity_rate_annual: float = LIQUIDITY_RATE_ANNUAL
    contributions: dict[str, Contribution] = {}
    allocation: AllocationQuestion = AllocationQuestion()


@dataclass(frozen=True, slots=True)
class AskedFund:
    """A question made ready.

    Attributes:
        simulation: of the fund as it is.
        scenarios: worlds to compare it with.
        allocation: the choice.
        projects: stored, in the order of the investments.
        published: what sources say of the terms, in plain words.
        benefit_terms: under which a report shows what the grass roots would receive; None to leave that out.
        pacing_yield_rate_annual: as the question.
    """

    simulation: FundSimulation
    scenarios: tuple[FundScenario, ...]
    allocation: AllocationRequest
    projects: tuple[Project, ...]
    published: tuple[str, ...] = ()
    benefit_terms: FundTerms | None = None
    pacing_yield_rate_annual: float = 0.0

    def name(self, project_id: str, pipeline: str) -> str:
        """Name of a project."""
        return next(p.name for p in self.projects if p.key == (pipeline, project_id))


def read_question(path: Path) -> FundQuestion:
    """The question of a file.

    Raises:
        InvalidInput: the file is missing or wrong, with the place.
    """
    return decode_toml(path, FundQuestion)


def ask(client: FundClient, market: MarketSnapshot, path: Path) -> AskedFund:
    """Store the projects that a question is about and make it ready.

    Raises:
        InvalidInput: a file is missing or wrong, with the place.
    """
    question = read_question(path)
    snapshot = with_fund_factors(market)
    projects = tuple(
        project
        for i, each in enumerate(question.projects)
        for project in _stored(client, each, f"{path}: projects[{i}]", market.as_of)
    )
    assumptions = read_sector_assumptions(
        _file(path, question.sector_assumptions, "fund/sector_assumptions.toml")
    )
    investments = _with_contributions(
        assumptions.investments(projects, factor_levels(snapshot)), question, str(path)
    )
    sheet = _stored_sheet(client, question) if question.term_sheet_is_stored else _sheet(question, path)
    terms = sheet.terms
    benefit = question.benefit_term_sheet
    simulation = FundSimulation(
        snapshot,
        terms,
        investments,
        question.first_year,
        question.n_paths,
        question.seed,
        question.report_years,
        question.liquidity_rate_annual,
    )
    choice = question.allocation
    allocation = AllocationRequest(
        snapshot,
        investments,
        question.first_year,
        terms.life_years,
        choice.limits,
        choice.aversions,
        choice.confidence,
        choice.n_scenarios,
        choice.n_check_paths,
        question.seed,
        choice.share_steps,
        choice.gap,
        choice.time_limit_s,
        choice.price_limits,
    )
    scenarios = read_fund_scenarios(_file(path, question.scenarios, "fund/scenarios.toml"))
    benefit_terms = None if benefit is None else _sheet(question, path, "benefit_term_sheet", benefit).terms
    return AskedFund(
        simulation,
        scenarios,
        allocation,
        projects,
        sheet.published,
        benefit_terms,
        question.pacing_yield_rate_annual,
    )


def _file(question: Path, stated: str | None, standard: str) -> Path:
    return bundled(standard) if stated is None else question.parent / stated


def _sheet(
    question: FundQuestion, path: Path, field: str = "term_sheet", sheet_id: str | None = None
) -> TermSheet:
    wanted = question.term_sheet if sheet_id is None else sheet_id
    sheets = read_term_sheets(_file(path, question.term_sheets, "fund/term_sheets.toml"))
    if wanted not in sheets:
        known = ", ".join(sheets)
        raise InvalidInput.of(f"{path}: {field}", f"found {wanted!r}, expected one of {known}")
    return sheets[wanted]


def _stored_sheet(client: FundClient, question: FundQuestion) -> TermSheet:
    return TermSheet(question.term_sheet, client.get_terms(question.term_sheet).terms, ())


def _stored(client: FundClient, asked: ProjectList, place: str, as_of: dt.date) -> tuple[Project, ...]:
    if asked.pipeline not in LISTS:
        known = ", ".join(LISTS)
        raise InvalidInput.of(f"{place}.pipeline", f"found {asked.pipeline!r}, expected one of {known}")
    name, form = LISTS[asked.pipeline]
    projects = tuple(_moved(project, asked.first_year) for project in read_projects(bundled(name), form))
    known_ids = {project.project_id for project in projects}
    unknown = [each for each in asked.leave_out if each not in known_ids]
    if unknown:
        raise InvalidInput.of(
            f"{place}.leave_out", f"found {', '.join(unknown)}, which the list does not hold"
        )
    digest = hashlib.sha256(msgspec.json.encode((as_of, projects))).hexdigest()
    client.put_projects(f"projects-{digest[:48]}", as_of, projects)
    return tuple(project for project in projects if project.project_id not in asked.leave_out)


def _moved(project: Project, first_year: int | None) -> Project:
    """The project, moved to start in a year if it starts earlier; its duration stays."""
    if first_year is None:
        return project
    by = max(first_year - project.start_year, 0)
    return replace(
        project,
        pipeline=f"{project.pipeline}.from_{first_year}",
        start_year=project.start_year + by,
        end_year=project.end_year + by,
        total_investment_cny=project.total_investment_cny + Decimal(0),
    )


def _with_contributions(
    investments: tuple[Investment, ...], question: FundQuestion, file: str
) -> tuple[Investment, ...]:
    keys = {f"{each.pipeline}/{each.project_id}" for each in investments}
    for key in question.contributions:
        if key not in keys:
            raise InvalidInput.of(
                f"{file}: contributions",
                f"found {key!r}, expected pipeline/project_id of a project asked about",
            )
    nothing = Contribution()
    stated = (
        question.contributions.get(f"{each.pipeline}/{each.project_id}", nothing) for each in investments
    )
    return tuple(
        replace(each, jobs=given.jobs, gep_cny_per_year=given.gep_cny_per_year)
        for each, given in zip(investments, stated, strict=True)
    )
