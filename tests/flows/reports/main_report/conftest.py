"""A result of the main job, computed by the real engines on the bundled input, without servers."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import NormalDist

import numpy as np
import pytest

from flows.accounts.gep_account import read_gep_account
from flows.accounts.reconciliation import reconcile
from flows.main_job_result import (
    AccountReview,
    FundRun,
    LoanBookRun,
    MainJobResult,
    PipelineReview,
    StatedAssumption,
)
from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.appraise import appraise
from flows.published_cases.assumptions import read_assumptions
from flows.published_cases.case_file import read_cases
from flows.published_cases.cited_figures import read_yardsticks
from flows.published_cases.oddities import find_oddities
from quant.fund_paths.projects import FundSwitches
from quant.schedules import CollateralTerms, ExposureSchedule
from quant.waterfall.steps import CarrySplit, CatchUp, GrassrootsShare
from services.fund.engine import flags_by_pipeline
from services.fund.fund_terms.terms import (
    FundTerms,
    Partner,
    PartnerClass,
    PreferredReturn,
    ReturnOfCapital,
)
from services.fund.pipeline.project import Project, ProjectList
from services.fund.simulation.outcome import FundOutcome, Investment, JCurvePoint, PartnerOutcome
from services.fund.simulation.scenario import FundScenario, ScenarioComparison, ScenarioOutcome
from services.fund.waterfall.result import FundCashFlow
from services.fund.waterfall.sharing import run_waterfall
from services.loans.loan import IndexWeight, Loan, RepaymentKind, RepaymentTerms
from services.loans.portfolio import LossShare, PortfolioLoss, TailFigure
from services.runtime.bundled import bundled
from services.runtime.market import MarketSnapshot, read_snapshot
from services.runtime.results import Caution, Distribution, Manifest, Quantile, Severity
from services.runtime.scenarios.scenario import Scenario
from services.valuation.asset import Asset
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.lending.operating_cash import low_cash_by_year
from services.valuation.lending.sizing import payment_years, size_loan
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import Failure, LoanTerms, Simulation, SizedLoan, Valuation

PATHS = 1024


class EngineAppraiser:
    """The valuation engine behind the face of the service's client."""

    def __init__(self, snapshot: MarketSnapshot) -> None:
        self._engine = ValuationEngine(read_catalogue())
        self._market = PreparedMarket.of(snapshot)
        self._simulation = Simulation(n_paths=PATHS)

    def value_assets(
        self, assets: Sequence[Asset], *, request_id: str = "", explain: bool = False
    ) -> Sequence[Valuation | Failure]:
        date = self._market.snapshot.as_of
        return self._engine.value(assets, self._market, self._simulation, date, explain=explain)

    def size_loan(self, asset: Asset, terms: LoanTerms) -> SizedLoan:
        date = self._market.snapshot.as_of
        [outcome] = self._engine.appraise([asset], self._market, self._simulation, date, explain=True)
        assert not isinstance(outcome, Failure)
        years = payment_years(terms.tenor_years)
        cash = low_cash_by_year(outcome.schedule, self._market, self._simulation, years).tolist()
        priced = outcome.priced
        return size_loan(outcome.valuation, priced.lending, priced.annual_quantity, cash, terms)


def loan_book(appraisals: Sequence[CaseAppraisal], snapshot: MarketSnapshot) -> LoanBookRun:
    valued = [a for a in appraisals if a.mapping.asset is not None and a.loan_cny is not None]
    loans = [
        Loan(
            a.case_id,
            a.case_id,
            a.mapping.case.place,
            a.mapping.case.place[:2],
            "",
            a.mapping.case.kind,
            RepaymentTerms(
                Decimal(round(a.loan_cny or 0)), snapshot.as_of, 20, 0.0415, RepaymentKind.EQUAL_PRINCIPAL, 3
            ),
            0.02,
            0.15,
            0.45,
            (IndexWeight("credit_cycle", 1.0),),
        )
        for a in valued
    ]
    assumption = StatedAssumption(
        "data/demonstration/loan_book.toml",
        "default_probability_annual",
        "2 %",
        "假设：小微企业年违约率量级",
        "assumption",
    )
    return LoanBookRun(tuple(loans), portfolio_loss(loans, snapshot), 1.0, (assumption,))


def projects_of(file: str, pipeline: str, column: str, unit_cny: int) -> tuple[Project, ...]:
    with bundled(file).open(encoding="utf-8", newline="") as lines:
        return tuple(
            Project(
                row["project_id"],
                pipeline,
                row["name"],
                row.get("category") or row.get("industry") or "",
                row["county"],
                int(row["start_year"]),
                int(row["end_year"]),
                Decimal(row[column]) * unit_cny,
                row.get("owner", ""),
                row.get("content", ""),
                row.get("progress", ""),
            )
            for row in csv.DictReader(lines)
        )


def pipeline_review(
    title: tuple[str, str], projects: tuple[Project, ...], total_cny: Decimal
) -> PipelineReview:
    flags = flags_by_pipeline(projects)
    total = sum((project.total_investment_cny for project in projects), Decimal())
    return PipelineReview(*title, "bundled", total_cny, ProjectList(projects, len(projects), total, flags))


def fund_run(snapshot: MarketSnapshot, projects: Sequence[Project]) -> FundRun:
    terms = FundTerms(
        "祁连绿色产业发展基金",
        (
            Partner("city", "张掖市财政", PartnerClass.CITY_FINANCE, Decimal(85_000_000)),
            Partner("province", "甘肃金控", PartnerClass.PROVINCIAL_COMPANY, Decimal(83_000_000)),
            Partner("manager", "管理人", PartnerClass.MANAGER, Decimal(2_000_000)),
        ),
        (ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), GrassrootsShare(0.05), CarrySplit(0.2)),
        0.01,
        10,
        ("出资结构为假设 · the capital split is assumed",),
    )
    flows = tuple(
        FundCashFlow(year, Decimal(called), Decimal(paid))
        for year, called, paid in [
            (0, 80_000_000, 0),
            (1, 90_000_000, 0),
            (4, 0, 120_000_000),
            (7, 0, 260_000_000),
        ]
    )
    investments = tuple(
        Investment(
            project.project_id,
            project.pipeline,
            0.05,
            0.6,
            0.04,
            _operations(project),
            ("年经营净现金为总投资的 9% · assumed",),
        )
        for project in projects[:3]
    )
    outcome = fund_outcome(snapshot, terms)
    crash = FundScenario(Scenario("crash", "崩跌", "crash", ()), FundSwitches(exit_multiplier=0.5))
    comparison = ScenarioComparison(outcome, (ScenarioOutcome(crash, outcome),))
    return FundRun(terms, 2026, flows, run_waterfall(terms, flows), investments, outcome, comparison)


def spread(middle: float, width: float, probabilities: Sequence[float]) -> Distribution:
    """A normal distribution; the report only shows it."""
    quantiles = tuple(
        Quantile(p, middle + width * NormalDist().inv_cdf(p), width / 20) for p in probabilities
    )
    return Distribution(middle, width / 30, width, quantiles)


def fund_outcome(snapshot: MarketSnapshot, terms: FundTerms) -> FundOutcome:
    outer = (0.01, 0.05, 0.1, 0.5, 0.9, 0.95)
    partners = tuple(
        PartnerOutcome(
            recipient_id,
            None if recipient_id == "grassroots" else spread(0.06, 0.03, outer),
            1.0 if recipient_id == "grassroots" else 0.02,
            None if recipient_id == "grassroots" else spread(1.5, 0.3, outer),
            spread(1.2e8, 2e7, outer),
            0.08,
            spread(0.0 if recipient_id == "grassroots" else 1e8, 0.0, outer),
            None if recipient_id == "grassroots" else spread(9.0, 1.0, outer),
            0.0 if recipient_id == "grassroots" else 0.1,
        )
        for recipient_id in terms.recipient_ids()
    )
    classes = {partner.partner_id: str(partner.partner_class) for partner in terms.partners}
    j_curve = tuple(
        JCurvePoint(year, spread(middle * 1e8, 1e7 * (1 + year), (0.05, 0.5, 0.95)))
        for year, middle in enumerate([-0.8, -1.7, -1.6, -1.3, -0.9, -0.4, 0.2, 0.8])
    )
    caution = Caution(
        "ROWS_AFTER_FUND_LIFE", Severity.WARNING, "有 4 行经营现金流未计入", "4 operating rows do not count"
    )
    manifest = Manifest(
        "ab" * 32, snapshot.snapshot_id, snapshot.content_hash(), "", 20260821, 5000, "fund-1"
    )
    return FundOutcome(
        partners, j_curve, 1.7e8, 18.3, 1e-9, (caution,), manifest, terms.assumptions,
        classes=tuple(
            replace(each, recipient_id=classes.get(each.recipient_id, each.recipient_id)) for each in partners
        ),
        leverage_fund_to_fiscal=2.5,
        leverage_project_to_fiscal=45.8,
        liquidity=(),
        peak_line_cny=spread(1e6, 1e5, outer),
        probability_line_needed=0.3,
        probability_line_unpaid=0.0,
        recycled_cny=0.0,
        fee_cny=1e7,
        projects=(),
        jobs=None,
        gep_cny_per_year=None,
    )  # fmt: skip


def portfolio_loss(loans: Sequence[Loan], snapshot: MarketSnapshot) -> PortfolioLoss:
    shares = tuple(
        LossShare(
            loan.loan_id,
            float(loan.terms.principal_cny),
            float(loan.terms.principal_cny) * 0.004,
            0.02,
            2e6,
            1.8e6,
        )
        for loan in loans
    )

    def grouped(name: str) -> tuple[LossShare, ...]:
        groups = sorted({getattr(loan, name) for loan in loans})
        return tuple(
            LossShare(
                key,
                sum(
                    s.exposure_cny
                    for s, loan in zip(shares, loans, strict=True)
                    if getattr(loan, name) == key
                ),
                sum(
                    s.expected_loss_cny
                    for s, loan in zip(shares, loans, strict=True)
                    if getattr(loan, name) == key
                ),
                0.1,
                3e6,
                None,
            )
            for key in groups
        )

    tail = tuple(
        TailFigure(confidence, level, level * 0.9, level * 1.1, level * 1.2, level * 0.03)
        for confidence, level in [(0.95, 3.3e7), (0.99, 3.6e8), (0.999, 4e8)]
    )
    exposure = sum(share.exposure_cny for share in shares)
    expected = sum(share.expected_loss_cny for share in shares)
    manifest = Manifest(
        "cd" * 32, snapshot.snapshot_id, snapshot.content_hash(), "", 20260821, 20_000, "loans-1"
    )
    return PortfolioLoss(
        len(loans),
        exposure,
        expected,
        expected / 40,
        expected * 9,
        tail,
        shares,
        grouped("county"),
        grouped("product"),
        (),
        manifest,
    )


def _operations(project: Project) -> ExposureSchedule:
    years = np.arange(1.0, 11.0)
    cash = np.full(10, float(project.total_investment_cny) * 0.09)
    return ExposureSchedule(
        project.project_id, years, ("tourism_demand",) * 10, cash, ("经营净现金",) * 10, CollateralTerms()
    )


@pytest.fixture(scope="session")
def result() -> MainJobResult:
    """The result on the bundled input."""
    return make_result()


def make_result() -> MainJobResult:
    snapshot = read_snapshot(bundled("market/standard.toml"))
    account = read_gep_account(bundled("gep_account_garze_2010.csv"))
    cases = read_cases(bundled("published_pledge_cases.csv"))
    yardsticks = read_yardsticks(
        bundled("carbon_prices_published.csv"), bundled("published_cases/cited_figures.csv")
    )
    oddities = find_oddities(cases, yardsticks)
    appraiser = EngineAppraiser(snapshot)
    appraisals = appraise(
        cases, read_assumptions(bundled("published_cases/assumptions.toml")), appraiser, oddities
    )
    reserve = projects_of("zhangye_reserve_projects_2026.csv", "reserve_2026", "total_investment_wan", 10_000)
    industry = projects_of(
        "zhangye_eco_industry_projects_2020.csv", "eco_industry_2020", "total_investment_yi", 10**8
    )
    return MainJobResult(
        snapshot.as_of,
        snapshot,
        AccountReview(
            "甘孜州 2010 年 GEP 账户",
            "GEP account of Garze, 2010",
            "doi 10.5846/stxb201607011362",
            account,
            reconcile(account),
            754_559_000_000.0,
        ),
        appraisals,
        oddities,
        (
            pipeline_review(("2026 年储备项目", "Reserve projects 2026"), reserve, Decimal(11_691_550_100)),
            pipeline_review(
                ("2020 年生态产业项目", "Eco-industry projects 2020"), industry, Decimal(122_544_000_000)
            ),
        ),
        loan_book(appraisals, snapshot),
        fund_run(snapshot, reserve),
    )
