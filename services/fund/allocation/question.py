"""A question about which projects to choose, its limits, and the answer: choices, prices of limits, contradictions."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.fund.simulation.outcome import DEFAULT_SEED, Investment
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest

DEFAULT_SCENARIOS = 200
FEWEST_SCENARIOS, MOST_SCENARIOS = 20, 2_000
DEFAULT_CHECK_PATHS = 4_096
FEWEST_CHECK_PATHS, MOST_CHECK_PATHS = 256, 100_000
DEFAULT_AVERSION = 0.5
MOST_AVERSIONS = 20


class GroupKind(StrEnum):
    """What a limit on a group is about; a project in several counties counts in equal parts."""

    SECTOR = "sector"
    COUNTY = "county"


class Unit(StrEnum):
    """What a limit is stated in."""

    CNY = "CNY"
    SHARE = "share"
    MULTIPLE = "multiple"
    PROJECTS = "projects"


PRICED_STEP = {Unit.CNY: 1.0, Unit.SHARE: 0.01, Unit.MULTIPLE: 0.1, Unit.PROJECTS: 1.0}
"""A price is for so much more of the unit: one CNY, one percentage point, 0.1 of a multiple, one project."""


@dataclass(frozen=True, slots=True)
class YearBudget:
    """The most that the fund may put into projects in a calendar year, by plan."""

    year: int
    budget_cny: Decimal


@dataclass(frozen=True, slots=True)
class GroupLimit:
    """Smallest and largest share, of what the fund puts in, of the projects of a sector or county; None for none."""

    kind: GroupKind
    name: str
    min_share: float | None = None
    max_share: float | None = None


@dataclass(frozen=True, slots=True)
class AllocationLimits:
    """Everything that a choice must keep; None for no limit. Projects are written "pipeline/project_id".

    Attributes:
        budgets: by year; a year that is not named has none of its own.
        carry_forward: whether what a year leaves may be spent in later ones.
        max_total_cny, min_total_cny: in all.
        groups: sectors and counties.
        min_leverage: total investment of the chosen projects over what the fund puts in.
        required: must be chosen.
        exclusive: at most one of each group.
        min_projects, max_projects: numbers.
    """

    budgets: tuple[YearBudget, ...] = ()
    carry_forward: bool = False
    max_total_cny: Decimal | None = None
    min_total_cny: Decimal | None = None
    groups: tuple[GroupLimit, ...] = ()
    min_leverage: float | None = None
    required: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    min_projects: int | None = None
    max_projects: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AllocationRequest:
    """What is to be chosen from.

    Attributes:
        snapshot: factors; its date counts as the first closing.
        candidates: investments in stored projects.
        first_year: calendar year of year 0.
        life_years: of the fund.
        limits: to be kept.
        aversions: weights of the mean of the worst losses, each of which gives a choice.
        confidence: share of outcomes that are not among the worst.
        n_scenarios: on which the choice rests.
        n_check_paths: other paths, on which it is checked.
        seed: of the scenario universe.
        share_steps: 1 is all or nothing.
        gap: to the best bound, over it, at which a search may stop.
        time_limit_s: of one search.
        price_limits: whether limits are priced by solving again.
    """

    snapshot: MarketSnapshot
    candidates: tuple[Investment, ...]
    first_year: int
    life_years: int
    limits: AllocationLimits = AllocationLimits()
    aversions: tuple[float, ...] = (DEFAULT_AVERSION,)
    confidence: float = 0.9
    n_scenarios: int = DEFAULT_SCENARIOS
    n_check_paths: int = DEFAULT_CHECK_PATHS
    seed: int = DEFAULT_SEED
    share_steps: int = 1
    gap: float = 0.01
    time_limit_s: float = 60.0
    price_limits: bool = False


@dataclass(frozen=True, slots=True)
class ChosenProject:
    """A project that was chosen: the share that is taken, its planned cost and mean present value to the fund."""

    project_id: str
    pipeline: str
    share: float
    cost_cny: float
    mean_value_cny: float


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """How a limit stands at a choice.

    Attributes:
        limit: path in the request.
        used, bound: in the unit.
        unit: see `Unit`.
        binds: whether relaxing it makes the choice better: by solving again where that was asked, else by its price.
        relaxed_price_cny: CNY of the objective for one `PRICED_STEP` more, where any share of a project may be taken:
            the dual of the relaxed program.
        relaxed_by: how much it was relaxed to solve again; None where it was not.
        gain_low_cny, gain_high_cny: what the objective gained by it; they differ by the gaps of the two searches.
    """

    limit: str
    used: float
    bound: float
    unit: Unit
    binds: bool
    relaxed_price_cny: float
    relaxed_by: float | None = None
    gain_low_cny: float | None = None
    gain_high_cny: float | None = None


@dataclass(frozen=True, slots=True)
class ChoiceValue:
    """Value of a choice over paths, CNY; a tail loss below 0 is a gain even in the worst outcomes."""

    mean_cny: float
    mean_error_cny: float
    tail_loss_cny: float
    n_paths: int


@dataclass(frozen=True, slots=True)
class ProjectChoice:
    """The choice at one aversion.

    Attributes:
        aversion: weight of the mean of the worst losses.
        projects: chosen, in the order of the candidates.
        objective_cny: mean less aversion times the mean of the worst losses, on the scenarios.
        bound_cny: no choice is better than this.
        gap: distance between the two over the bound.
        in_sample: on the scenarios that the choice rests on.
        out_of_sample: on other paths.
        cost_cny: what the fund puts in by plan.
        leverage: total investment of the chosen projects over that.
        limits: every limit.
    """

    aversion: float
    projects: tuple[ChosenProject, ...]
    objective_cny: float
    bound_cny: float
    gap: float
    in_sample: ChoiceValue
    out_of_sample: ChoiceValue
    cost_cny: float
    leverage: float
    limits: tuple[LimitStatus, ...]


@dataclass(frozen=True, slots=True)
class LimitRelaxation:
    """A limit to be relaxed, and by how much in its unit; together with the others of the set it suffices."""

    limit: str
    by: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Infeasibility:
    """Why no choice keeps all limits.

    Attributes:
        conflict: limits that contradict each other; without any one of them the rest of these can be kept.
        relax: the smallest number of limits whose relaxation makes a choice possible.
    """

    conflict: tuple[str, ...]
    relax: tuple[LimitRelaxation, ...]


@dataclass(frozen=True, slots=True)
class AllocationAnswer:
    """The efficient frontier, or why there is none.

    Attributes:
        frontier: one choice for each aversion, in ascending order; empty where no choice keeps all limits.
        infeasibility: None where there is a choice.
        cautions: warnings.
        manifest: what it takes to compute this again.
        assumptions: behind the figures.
    """

    frontier: tuple[ProjectChoice, ...]
    infeasibility: Infeasibility | None
    cautions: tuple[Caution, ...]
    manifest: Manifest
    assumptions: tuple[str, ...]
