"""A book in other worlds: what is asked of a stress test and what comes back, CNY."""

import math
from dataclasses import dataclass

from services.loans.portfolio import PortfolioQuestion
from services.runtime.results import Caution, Manifest
from services.runtime.scenarios.choice import UnfitScenario
from services.runtime.scenarios.lasting_move import FactorMove
from services.runtime.scenarios.scenario import Scenario

DEFAULT_STRESS_QUARTERS = 12
DEFAULT_STRESS_PATHS = 10_000
MAX_STRESS_PATHS = 1_000_000


@dataclass(frozen=True, slots=True)
class LossLimit:
    """What must not be broken; exactly one is given, CNY, > 0.

    Raises:
        ValueError: if none or both are given, or one is not above 0.
    """

    highest_expected_loss_cny: float | None = None
    highest_expected_shortfall_cny: float | None = None

    def __post_init__(self) -> None:
        figures = {
            "highest_expected_loss_cny": self.highest_expected_loss_cny,
            "highest_expected_shortfall_cny": self.highest_expected_shortfall_cny,
        }
        given = {name: figure for name, figure in figures.items() if figure is not None}
        if len(given) != 1:
            found = "both" if given else "neither"
            raise ValueError(f"limit: found {found}, expected one of {' and '.join(figures)}")
        for name, figure in given.items():
            if not 0.0 < figure < math.inf:
                raise ValueError(f"limit.{name}: found {figure}, expected a finite figure above 0")

    @property
    def highest_cny(self) -> float:
        """The figure that is given."""
        for figure in (self.highest_expected_loss_cny, self.highest_expected_shortfall_cny):
            if figure is not None:
                return figure
        raise AssertionError("limit: one figure is always given")


@dataclass(frozen=True, slots=True)
class StressQuestion:
    """What is asked.

    Attributes:
        book: which book, and how it is simulated.
        names: bundled scenarios.
        scenarios: those of the caller.
        limit: of the reverse stress; None for none.
    """

    book: PortfolioQuestion
    names: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    limit: LossLimit | None = None


@dataclass(frozen=True, slots=True)
class StressedLoss:
    """Figures of the book in one world; fields as in the contract's message StressedLoss."""

    scenario: str
    label_zh: str
    label_en: str
    expected_loss_cny: float
    expected_loss_error_cny: float
    value_at_risk_cny: float
    expected_shortfall_cny: float
    default_rate: float
    collateral_mean_cny: float
    expected_loss_change_cny: float
    expected_loss_change_error_cny: float
    npl_ratio: float


@dataclass(frozen=True, slots=True)
class ReverseStress:
    """The smallest moves that break a limit; fields as in the contract's message PortfolioReverseStress."""

    figure_cny: float
    broken_already: bool
    single: tuple[FactorMove, ...]
    joint_distance: float | None
    joint: tuple[FactorMove, ...]
    scenarios: tuple[Scenario, ...]
    out_of_reach: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortfolioStress:
    """The book in the base market first, then in every world."""

    n_loans: int
    exposure_cny: float
    worlds: tuple[StressedLoss, ...]
    skipped: tuple[UnfitScenario, ...]
    reverse: ReverseStress | None
    cautions: tuple[Caution, ...]
    manifest: Manifest
