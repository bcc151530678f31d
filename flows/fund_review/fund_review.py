"""What a report to the fund's partners holds before anyone decides how it looks."""

from dataclasses import dataclass

from flows.fund_question import AskedFund
from services.fund.allocation.question import AllocationAnswer
from services.fund.fund_terms.terms import FundTerms
from services.fund.performance.pacing import PacedPlan
from services.fund.pipeline.project import Project, ProjectFlag
from services.fund.simulation.outcome import FundOutcome
from services.fund.simulation.scenario import ScenarioComparison


@dataclass(frozen=True, slots=True)
class BenefitRun:
    """The same projects under terms that pay the grass roots.

    Attributes:
        terms: with a step that pays them.
        outcome: simulated under these terms.
        are_own: whether they are the fund's own terms.
    """

    terms: FundTerms
    outcome: FundOutcome
    are_own: bool


@dataclass(frozen=True, slots=True)
class PaceReview:
    """The pace of the fund's own flows, and of the commitments that no project calls.

    Attributes:
        called_cny, distributed_cny: means over the paths by year, from year 0.
        fitted: the pacing model fitted to them.
        open_cny: commitments that no project calls, mean.
        open_plan: these paced by the fitted parameters; None where nothing is open.
    """

    called_cny: tuple[float, ...]
    distributed_cny: tuple[float, ...]
    fitted: PacedPlan
    open_cny: float
    open_plan: PacedPlan | None


@dataclass(frozen=True, slots=True)
class FundReview:
    """A fund, reviewed.

    Attributes:
        institution_id: for whom.
        question: name of the file that was asked.
        asked: what was asked.
        left_out: projects of the lists that were not asked about.
        flags: oddities in the lists, by project.
        comparison: the fund as it is and in changed worlds.
        allocation: which projects to choose.
        pace: None where the model cannot be fitted to the fund's flows; `pace_refusal` says why.
        pace_refusal: empty where it can.
        benefit: None where the question names no terms that pay the grass roots.
    """

    institution_id: str
    question: str
    asked: AskedFund
    left_out: tuple[Project, ...]
    flags: tuple[ProjectFlag, ...]
    comparison: ScenarioComparison
    allocation: AllocationAnswer
    pace: PaceReview | None
    pace_refusal: str
    benefit: BenefitRun | None

    @property
    def outcome(self) -> FundOutcome:
        """The fund as it is."""
        return self.comparison.base

    @property
    def terms(self) -> FundTerms:
        """Of the fund as it is."""
        return self.asked.simulation.terms

    @property
    def first_year(self) -> int:
        """Calendar year of year 0."""
        return self.asked.simulation.first_year
