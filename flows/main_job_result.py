"""What the main job hands to the reports: the results of its five parts and what they rest on."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from flows.accounts.gep_account import GepAccount
from flows.accounts.reconciliation import Reconciliation
from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.oddity import Oddity
from services.fund.fund_terms.terms import FundTerms
from services.fund.pipeline.project import ProjectList
from services.fund.simulation.outcome import FundOutcome, Investment
from services.fund.simulation.scenario import ScenarioComparison
from services.fund.waterfall.result import FundCashFlow, WaterfallResult
from services.loans.loan import Loan
from services.loans.portfolio import PortfolioLoss
from services.runtime.market import MarketSnapshot


@dataclass(frozen=True, slots=True)
class AccountReview:
    """An account with its check.

    Attributes:
        title_zh, title_en: such as "甘孜州 2010 年 GEP 账户".
        source: publication.
        published_total_cny: the total that was published beside it; None where none was.
    """

    title_zh: str
    title_en: str
    source: str
    account: GepAccount
    reconciliation: Reconciliation
    published_total_cny: float | None


@dataclass(frozen=True, slots=True)
class PipelineReview:
    """The projects of one list beside the total that was published for it.

    Attributes:
        title_zh, title_en: name of the list.
        source: publication.
        published_total_cny: exact; None where none was published.
        projects: as the fund service keeps them, with what is odd about them.
    """

    title_zh: str
    title_en: str
    source: str
    published_total_cny: Decimal | None
    projects: ProjectList


@dataclass(frozen=True, slots=True)
class StatedAssumption:
    """An assumption of the demonstration, never a published figure.

    Attributes:
        place: file and section where it can be edited.
        name: of the input.
        value: with its unit, as written for people.
        reason_zh, reason_en: why this value; either may be empty.
    """

    place: str
    name: str
    value: str
    reason_zh: str
    reason_en: str = ""


@dataclass(frozen=True, slots=True)
class LoanBookRun:
    """The cases as one loan book, and its simulated loss."""

    loans: tuple[Loan, ...]
    loss: PortfolioLoss
    horizon_years: float
    assumptions: tuple[StatedAssumption, ...]


@dataclass(frozen=True, slots=True)
class FundRun:
    """The fund: one run of the waterfall on given flows, and the simulation.

    Attributes:
        terms: of the fund.
        first_year: calendar year of year 0.
        flows: that the waterfall was run on.
        waterfall: exact to the cent.
        investments: of the simulation.
        outcome: of the simulation.
        comparison: in other worlds, on fewer paths.
    """

    terms: FundTerms
    first_year: int
    flows: tuple[FundCashFlow, ...]
    waterfall: WaterfallResult
    investments: tuple[Investment, ...]
    outcome: FundOutcome
    comparison: ScenarioComparison


@dataclass(frozen=True, slots=True)
class MainJobResult:
    """Everything that the report of the main job shows.

    Attributes:
        as_of: business date.
        snapshot: market under which all was computed.
        account: the published account and its check.
        appraisals: the published cases, in their order.
        oddities: of the published cases, the gravest first.
        pipelines: the lists of projects.
        loan_book: the cases as one loan book.
        fund: waterfall and simulation.
    """

    as_of: dt.date
    snapshot: MarketSnapshot
    account: AccountReview
    appraisals: tuple[CaseAppraisal, ...]
    oddities: tuple[Oddity, ...]
    pipelines: tuple[PipelineReview, ...]
    loan_book: LoanBookRun
    fund: FundRun
