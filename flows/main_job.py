"""The main job: from bundled published data to one result that the report shows. It composes services, nothing more.

A second run stores nothing new: valuations and projects are asked for under request ids made from their content, and
the loans service notices states that it has already.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import msgspec

from flows.accounts.gep_account import read_gep_account
from flows.accounts.reconciliation import reconcile
from flows.loan_book import BookAssumptions, LoanBook, loan_book, read_book_assumptions
from flows.main_job_result import (
    AccountReview,
    FundRun,
    LoanBookRun,
    MainJobResult,
    PipelineReview,
)
from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.bundled import appraise_published_cases
from flows.published_cases.oddity import Oddity
from quant.schedules import ExposureSchedule
from services.fund.client import FundClient
from services.fund.fund_terms.sheets import read_term_sheets
from services.fund.pipeline.project import Project
from services.fund.pipeline.sector_assumptions import read_sector_assumptions
from services.fund.simulation.market import factor_levels, with_fund_factors
from services.fund.simulation.outcome import FundSimulation
from services.fund.simulation.scenario import read_fund_scenarios
from services.fund.waterfall.result import FundCashFlow
from services.loans.client import LoansClient
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress
from services.runtime.toml_file import decode_toml
from services.valuation.client import ValuationClient

RESERVE_TOTAL_CNY = Decimal("11691550100.00")
ECO_INDUSTRY_TOTAL_CNY = Decimal("122544000000.00")
GARZE_TOTAL_CNY = 7545.59e8

Tell = Callable[[str, str], None]
"""Told when a step begins: its title in Chinese and in English."""
OnProgress = Callable[[Progress], None]


class FundDemonstration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the fund's part of the main job is asked to do; every flow is an assumption."""

    term_sheet: str
    pipeline: str
    first_year: int
    n_paths: int
    report_years: tuple[int, ...]
    n_comparison_paths: int
    leave_out: tuple[str, ...]
    waterfall_flows: tuple[FundCashFlow, ...]


@dataclass(frozen=True, slots=True)
class Clients:
    """The three services."""

    valuation: ValuationClient
    loans: LoansClient
    fund: FundClient

    @classmethod
    def on(cls, channel: grpc.Channel) -> "Clients":
        """All three on one channel."""
        return cls(ValuationClient(channel), LoansClient(channel), FundClient(channel))


def run_main_job(clients: Clients, tell: Tell, on_progress: OnProgress) -> MainJobResult:
    """Run the five parts of the main job.

    Raises:
        InvalidInput: a bundled file was changed and is wrong, naming the place.
        EcopledgeError: a service does not answer.
    """
    snapshot = clients.valuation.get_market_snapshot()
    tell("核对甘孜州 2010 年 GEP 账户", "Reconcile the Garze 2010 account")
    account = review_account()
    tell("29 个公开质押案例估值", "Value the 29 published pledge cases")
    appraisals, oddities = appraise_cases(clients.valuation, snapshot)
    tell("载入 20 个储备项目与 81 个生态产业项目", "Load the 20 reserve and 81 eco-industry projects")
    pipelines = load_pipelines(clients.fund, snapshot.as_of)
    tell("模拟案例贷款簿", "Simulate the cases as one loan book")
    book = simulate_book(clients, snapshot, appraisals, on_progress)
    tell("运行基金瀑布分配与模拟", "Run the fund's waterfall and simulate it")
    fund = run_fund(clients.fund, snapshot, pipelines, on_progress)
    return MainJobResult(snapshot.as_of, snapshot, account, appraisals, oddities, pipelines, book, fund)


def review_account() -> AccountReview:
    """Add the bundled account up and recompute its lines."""
    account = read_gep_account(bundled("gep_account_garze_2010.csv"))
    return AccountReview(
        "甘孜州 2010 年 GEP 账户",
        "GEP account of Garze, 2010",
        "doi 10.5846/stxb201607011362",
        account,
        reconcile(account),
        GARZE_TOTAL_CNY,
    )


def appraise_cases(
    client: ValuationClient, snapshot: MarketSnapshot
) -> tuple[tuple[CaseAppraisal, ...], tuple[Oddity, ...]]:
    """Value the published cases, each under its stated assumptions, and flag what is odd about them."""
    inputs = [bundled(name) for name in ("published_pledge_cases.csv", "published_cases/assumptions.toml")]
    request_id = _request_id("cases", *inputs, snapshot.content_hash())
    findings = appraise_published_cases(client, request_id=request_id)
    return findings.appraisals, findings.oddities


def load_pipelines(client: FundClient, as_of: dt.date) -> tuple[PipelineReview, ...]:
    """Store both lists of projects and read them back with totals and oddities."""
    reserve = read_projects(bundled("zhangye_reserve_projects_2026.csv"), RESERVE_2026)
    eco_industry = read_projects(bundled("zhangye_eco_industry_projects_2020.csv"), ECO_INDUSTRY_2020)
    return (
        PipelineReview(
            "张掖市储备项目（2026 年，20 个）",
            "Zhangye reserve projects (2026, 20)",
            "Zhangye pilot plan 2026-2028 (draft for comment), annexed list",
            RESERVE_TOTAL_CNY,
            _stored(client, reserve, as_of),
        ),
        PipelineReview(
            "张掖市十大生态产业项目（2020 年，81 个）",
            "Zhangye eco-industry projects (2020, 81)",
            "Division of work for Zhangye's ten eco-industries, 2020, annexed list",
            ECO_INDUSTRY_TOTAL_CNY,
            _stored(client, eco_industry, as_of),
        ),
    )


def simulate_book(
    clients: Clients, snapshot: MarketSnapshot, appraisals: tuple[CaseAppraisal, ...], on_progress: OnProgress
) -> LoanBookRun:
    """Store the cases as loans with their pledges and simulate the loss of the book."""
    place = bundled("demonstration/loan_book.toml")
    assumptions = read_book_assumptions(place)
    book = _book(clients.valuation, snapshot, appraisals, assumptions)
    clients.loans.put_loans(snapshot.as_of, book.loans)
    clients.loans.put_collateral(book.collateral)
    loss = clients.loans.simulate_portfolio(
        snapshot,
        loan_ids=[loan.loan_id for loan in book.loans],
        horizon_years=assumptions.horizon_years,
        n_paths=assumptions.n_paths,
        on_progress=on_progress,
    )
    return LoanBookRun(
        book.loans, loss, assumptions.horizon_years, assumptions.stated("data/demonstration/loan_book.toml")
    )


def run_fund(
    client: FundClient,
    snapshot: MarketSnapshot,
    pipelines: tuple[PipelineReview, ...],
    on_progress: OnProgress,
) -> FundRun:
    """Run the waterfall once, exact to the cent, simulate the fund on one pipeline and compare it in other worlds."""
    demonstration = decode_toml(bundled("demonstration/fund.toml"), FundDemonstration)
    sheets = read_term_sheets(bundled("fund/term_sheets.toml"))
    if demonstration.term_sheet not in sheets:
        raise InvalidInput.of(
            "demonstration/fund.toml: term_sheet",
            f"found {demonstration.term_sheet!r}, expected one of {', '.join(sheets)}",
        )
    terms = sheets[demonstration.term_sheet].terms
    assumptions = read_sector_assumptions(bundled("fund/sector_assumptions.toml"))
    market = with_fund_factors(snapshot)
    projects = [
        project
        for review in pipelines
        for project in review.projects.projects
        if project.pipeline == demonstration.pipeline and project.project_id not in demonstration.leave_out
    ]
    investments = assumptions.investments(projects, factor_levels(market))
    waterfall = client.run_waterfall(terms, demonstration.waterfall_flows)
    outcome = client.simulate_fund(
        market,
        terms,
        investments,
        demonstration.first_year,
        n_paths=demonstration.n_paths,
        report_years=demonstration.report_years,
        on_progress=on_progress,
    )
    # The worlds are shown briefly, on fewer paths: a difference on common draws needs fewer than a level.
    as_it_is = FundSimulation(
        market, terms, investments, demonstration.first_year, demonstration.n_comparison_paths
    )
    comparison = client.compare_scenarios(as_it_is, read_fund_scenarios(bundled("fund/scenarios.toml")))
    return FundRun(
        terms,
        demonstration.first_year,
        demonstration.waterfall_flows,
        waterfall,
        investments,
        outcome,
        comparison,
    )


def _book(
    client: ValuationClient,
    snapshot: MarketSnapshot,
    appraisals: Iterable[CaseAppraisal],
    assumptions: BookAssumptions,
) -> LoanBook:
    valued = [
        appraisal
        for appraisal in appraisals
        if appraisal.mapping.asset is not None and appraisal.pledge is not None
    ]
    assets = [appraisal.mapping.asset for appraisal in valued if appraisal.mapping.asset is not None]
    exposures = client.get_exposures(assets, snapshot_id=snapshot.snapshot_id)
    schedules = {item.asset_id: item for item in exposures if isinstance(item, ExposureSchedule)}
    return loan_book(valued, schedules, assumptions, snapshot.as_of, snapshot.snapshot_id)


def _stored(client: FundClient, projects: tuple[Project, ...], as_of: dt.date) -> Any:
    client.put_projects(_request_id("projects", projects), as_of, projects)
    return client.list_projects(projects[0].pipeline)


def _request_id(name: str, *parts: object) -> str:
    """The same content is the same request; files count by their bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else msgspec.json.encode(part))
    return f"{name}-{digest.hexdigest()[:48]}"
