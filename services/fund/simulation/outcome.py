"""What the fund puts into projects, and what came of it on the simulated paths."""

from dataclasses import dataclass

from quant.fund_paths.projects import ConstructionRisk, FundSwitches, ProjectExit
from quant.schedules import ExposureSchedule
from services.fund.fund_terms.terms import FundTerms
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Distribution, Manifest

DEFAULT_SEED = 20260821
DEFAULT_PATHS = 5_000
FEWEST_PATHS = 256
MOST_PATHS = 1_000_000
MOST_REPORT_YEARS = 5
LIQUIDITY_RATE_ANNUAL = 0.045
"""Assumption: what a liquidity line costs where nothing is said."""

AS_PLANNED = ConstructionRisk()
NO_SWITCHES = FundSwitches()


@dataclass(frozen=True, slots=True, eq=False)
class Investment:
    """What the fund puts into one project and what it expects from it.

    Attributes:
        project_id, pipeline: the stored project.
        fund_equity_share: of the total investment, paid by the fund as equity.
        debt_share: of the total investment; the rest is equity of others.
        debt_rate_annual: interest, >= 0.
        operations: operating cash of the whole project after cost, as exposures counted from its completion.
        assumptions: behind it, in plain words.
        risk: delay, overrun, stop.
        exit: how it is sold; None where it is not, or where a row of the operations is the sale.
        jobs: that it brings once it operates; None where nobody has said.
        gep_cny_per_year: that it adds to the gross ecosystem product once it operates; None likewise.
    """

    project_id: str
    pipeline: str
    fund_equity_share: float
    debt_share: float
    debt_rate_annual: float
    operations: ExposureSchedule
    assumptions: tuple[str, ...] = ()
    risk: ConstructionRisk = AS_PLANNED
    exit: ProjectExit | None = None
    jobs: float | None = None
    gep_cny_per_year: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FundSimulation:
    """What is to be simulated.

    Attributes:
        snapshot: factors; its date counts as the first closing.
        terms: of the fund.
        investments: at least one.
        first_year: calendar year of year 0.
        n_paths: 256 to 1,000,000.
        seed: of the scenario universe.
        report_years: years of the fund at whose end paid-out and residual value are told apart.
        liquidity_rate_annual: what the line costs that bridges what calls cannot cover.
        switches: a change of what is assumed of the projects.
    """

    snapshot: MarketSnapshot
    terms: FundTerms
    investments: tuple[Investment, ...]
    first_year: int
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    report_years: tuple[int, ...] = ()
    liquidity_rate_annual: float = LIQUIDITY_RATE_ANNUAL
    switches: FundSwitches = NO_SWITCHES


@dataclass(frozen=True, slots=True)
class MultipleAtYear:
    """Paid out and still in the fund at the end of a year, each over what was paid in by then; they add up to TVPI.

    Attributes:
        year: of the fund.
        dpi: distributions over paid-in; None where nothing is paid in.
        rvpi: what the partner would receive if the projects were sold at the end of the year, over paid-in.
    """

    year: int
    dpi: Distribution | None
    rvpi: Distribution | None


@dataclass(frozen=True, slots=True)
class PartnerOutcome:
    """Outcome of one recipient, or of one class of partners together, over the paths.

    Attributes:
        recipient_id: partner, class of partners such as "city_finance", or "grassroots".
        irr_annual: over the paths on which there is one; None where there is none on any.
        share_without_irr: of the paths.
        tvpi: None where nothing is paid in.
        received_cny: over all years.
        probability_of_loss: share of paths on which less is received than paid in.
        paid_in_cny: over all years.
        payback_years: first year from whose end on all that was paid in is back for good; None where it never is.
        share_not_paid_back: of the paths; 0 for a recipient who pays nothing in.
        at_years: paid out and residual at the report years.
    """

    recipient_id: str
    irr_annual: Distribution | None
    share_without_irr: float
    tvpi: Distribution | None
    received_cny: Distribution
    probability_of_loss: float
    paid_in_cny: Distribution
    payback_years: Distribution | None
    share_not_paid_back: float
    at_years: tuple[MultipleAtYear, ...] = ()


@dataclass(frozen=True, slots=True)
class JCurvePoint:
    """Net cash of all partners up to a year, CNY."""

    year: int
    cumulated_cny: Distribution


@dataclass(frozen=True, slots=True)
class LiquidityPoint:
    """Cash that the fund needs in a year, CNY.

    Attributes:
        year: of the fund.
        called_cny: from the partners.
        gap_cny: need that commitments do not cover: drawn on the liquidity line. The year's proceeds come after it and
            repay the line first, so that a gap may be closed within its year.
        line_cny: outstanding at the end of the year.
        project_shortfall_cny: the fund's part of operating cash and debt service that projects lack; owners are not
            liable for it, lenders wait for it.
    """

    year: int
    called_cny: Distribution
    gap_cny: Distribution
    line_cny: Distribution
    project_shortfall_cny: Distribution


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    """What became of one project over the paths.

    Attributes:
        project_id, pipeline: which.
        probability_abandoned: given up while it was built.
        probability_closed: closed later for want of cash.
        probability_unfinished: not finished within the life of the fund.
        mean_delay_years: of completion.
        mean_cost_multiple: actual over planned cost.
        mean_value_cny: present value, to the fund, of its cash less its cost.
        value_error_cny: standard error of that mean.
    """

    project_id: str
    pipeline: str
    probability_abandoned: float
    probability_closed: float
    probability_unfinished: float
    mean_delay_years: float
    mean_cost_multiple: float
    mean_value_cny: float
    value_error_cny: float


@dataclass(frozen=True, slots=True)
class PlaceBenefit:
    """What the grass roots of a county receive, CNY; the county is "" where none of a project's is known."""

    county: str
    received_cny: Distribution


@dataclass(frozen=True, slots=True)
class BenefitCost:
    """What the share of the grass roots costs a partner, CNY: received without it, less received."""

    partner_id: str
    cost_cny: Distribution


@dataclass(frozen=True, slots=True)
class GrassrootsBenefit:
    """Who receives what by county under the rule of the terms, and at whose cost.

    Attributes:
        counties: in the order of the projects; a project in several counties counts in equal parts.
        costs: in the order of the partners.
    """

    counties: tuple[PlaceBenefit, ...]
    costs: tuple[BenefitCost, ...]


@dataclass(frozen=True, slots=True)
class FundOutcome:
    """Outcome of the fund.

    Attributes:
        partners: recipients in order of the partners.
        j_curve: one point a year.
        called_cny: mean over the paths, all years, fee included.
        leverage_project_to_fund: mean investment of the projects that are not given up, over capital called.
        conservation_error_cny: largest difference between cash in and out; 0 up to rounding.
        cautions: warnings.
        manifest: what it takes to compute this again.
        assumptions: behind the figures.
        classes: of partners, each class together, and the grass roots where a step pays them.
        leverage_fund_to_fiscal: capital called over that of the city; None where the city pays nothing.
        leverage_project_to_fiscal: investment of the projects over capital of the city; None likewise.
        liquidity: one point a year.
        peak_line_cny: largest drawing on the line on a path.
        probability_line_needed: share of paths on which commitments do not cover the need of some year before its
            proceeds come in.
        probability_line_unpaid: share of paths on which the line is not repaid in the end.
        recycled_cny: returned capital that was called again, mean over the paths.
        fee_cny: management fee, mean over the paths.
        projects: in the order of the investments.
        jobs: of the projects that come into operation; None where no investment states any.
        gep_cny_per_year: likewise.
        grassroots: by county and with its cost; None where no step pays the grass roots.
    """

    partners: tuple[PartnerOutcome, ...]
    j_curve: tuple[JCurvePoint, ...]
    called_cny: float
    leverage_project_to_fund: float
    conservation_error_cny: float
    cautions: tuple[Caution, ...]
    manifest: Manifest
    assumptions: tuple[str, ...]
    classes: tuple[PartnerOutcome, ...]
    leverage_fund_to_fiscal: float | None
    leverage_project_to_fiscal: float | None
    liquidity: tuple[LiquidityPoint, ...]
    peak_line_cny: Distribution
    probability_line_needed: float
    probability_line_unpaid: float
    recycled_cny: float
    fee_cny: float
    projects: tuple[ProjectOutcome, ...]
    jobs: Distribution | None
    gep_cny_per_year: Distribution | None
    grassroots: GrassrootsBenefit | None = None

    def partner(self, recipient_id: str) -> PartnerOutcome:
        """The outcome of one recipient.

        Raises:
            KeyError: if there is no such recipient.
        """
        for outcome in self.partners:
            if outcome.recipient_id == recipient_id:
                return outcome
        raise KeyError(
            f"recipient {recipient_id!r}: known are {[outcome.recipient_id for outcome in self.partners]}"
        )
