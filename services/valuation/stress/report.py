"""What a scenario does to assets, and the smallest move that breaks a limit: results of a stress test."""

import datetime as dt
from dataclasses import dataclass

from services.runtime.scenarios.lasting_move import FactorMove
from services.runtime.scenarios.scenario import Scenario
from services.valuation.valuation import Failure, Simulation


@dataclass(frozen=True, slots=True)
class ReverseLimit:
    """What must not be broken; exactly one is given.

    Attributes:
        highest_loss_share: share of today's V(0) that may be lost at the low quantile, above 0 and below 1.
        lowest_pledge_value_cny: CNY, > 0.
    """

    highest_loss_share: float | None = None
    lowest_pledge_value_cny: float | None = None


@dataclass(frozen=True, slots=True)
class StressRequest:
    """What is asked.

    Attributes:
        snapshot_id: empty for the standard one.
        valuation_date: None for that of the snapshot.
        simulation: paths, seed, horizon and confidence.
        names: bundled scenarios.
        scenarios: those of the caller.
        limit: of the reverse stress; None for none.
    """

    snapshot_id: str
    valuation_date: dt.date | None
    simulation: Simulation
    names: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    limit: ReverseLimit | None


@dataclass(frozen=True, slots=True)
class StressFigures:
    """Figures of one asset in one world, CNY; fields as in the contract's message StressFigures."""

    value_cny: float
    pledge_value_cny: float
    haircut: float
    loss_share: float


@dataclass(frozen=True, slots=True)
class StressedFigures:
    """One asset under one scenario, and what that changes against the base."""

    scenario: str
    figures: StressFigures
    value_change_cny: float
    pledge_value_change_cny: float


@dataclass(frozen=True, slots=True)
class ReverseStress:
    """The smallest moves that break a limit; see the contract's message ReverseStress."""

    broken_already: bool
    single: tuple[FactorMove, ...]
    joint_distance: float | None
    joint: tuple[FactorMove, ...]
    scenarios: tuple[Scenario, ...]
    out_of_reach: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StressedAsset:
    """One asset in every world."""

    asset_id: str
    kind: str
    base: StressFigures
    stressed: tuple[StressedFigures, ...]
    reverse: ReverseStress | None


@dataclass(frozen=True, slots=True)
class SkippedScenario:
    """A bundled scenario that does not fit the snapshot, and what is missing."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class StressReport:
    """Assets in the order of the request, the scenarios that were applied, and those that did not fit."""

    outcomes: tuple[StressedAsset | Failure, ...]
    scenarios: tuple[Scenario, ...]
    skipped: tuple[SkippedScenario, ...]
