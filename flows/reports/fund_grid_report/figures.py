"""The figures of a grid of the fund as worlds by variants, None where a world has none."""

from collections.abc import Callable
from dataclasses import dataclass

from flows.fund_scenarios.grid import FundGrid, FundVariant, seen
from flows.reports.bilingual import Bilingual
from flows.reports.fund_grid_report.wording import variant_name
from flows.reports.scenario_tables import world_name
from services.fund.simulation.outcome import FundOutcome, PartnerOutcome
from services.runtime.results import Distribution


@dataclass(frozen=True, slots=True)
class GridFigures:
    """A grid as tables and charts need it.

    Attributes:
        grid: what it shows.
        variants: that were answered.
        variant_names, world_names: of columns and rows; the base is the first world.
    """

    grid: FundGrid
    variants: tuple[FundVariant, ...]
    variant_names: tuple[Bilingual, ...]
    world_names: tuple[Bilingual, ...]

    @classmethod
    def of(cls, grid: FundGrid) -> "GridFigures":
        """The figures of a grid."""
        many = len(grid.settings()) > 1
        return cls(
            grid,
            grid.answered,
            tuple(variant_name(variant, many_settings=many) for variant in grid.answered),
            tuple(world_name(None if world is None else world.market) for world in (None, *grid.worlds)),
        )

    def outcomes(self, variant: FundVariant) -> list[FundOutcome]:
        """By world, the base first."""
        return [outcome for _, outcome in variant.outcomes()]

    def of_outcome(self, figure: Callable[[FundOutcome], float | None]) -> list[list[float | None]]:
        """A figure of the fund, by variant and world."""
        return [[figure(outcome) for outcome in self.outcomes(variant)] for variant in self.variants]

    def of_seen(self, figure: Callable[[PartnerOutcome], float | None]) -> list[list[float | None]]:
        """A figure of the one whose outcome is compared, by variant and world."""

        def found(outcome: FundOutcome) -> float | None:
            each = seen(outcome, self.grid.seen_by)
            return None if each is None else figure(each)

        return self.of_outcome(found)


def quantile(distribution: Distribution | None, probability: float) -> float | None:
    """A quantile; None where there is no distribution."""
    return None if distribution is None else distribution.quantile(probability)


def median_rate(each: PartnerOutcome) -> float | None:
    """Median rate of return."""
    return quantile(each.irr_annual, 0.5)
