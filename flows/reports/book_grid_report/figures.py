"""The figures of a grid of the loan book as worlds by parts."""

from collections.abc import Callable
from dataclasses import dataclass

from flows.book_scenarios.grid import BookGrid, BookVariant
from flows.book_scenarios.question import BookSetting
from flows.reports.bilingual import Bilingual
from flows.reports.scenario_tables import world_name
from flows.reports.vocabulary import Vocabulary
from services.loans.simulation.stress import StressedLoss

WORDS = Vocabulary("book_grid")


def setting_name(setting: BookSetting) -> Bilingual:
    """Label of a setting, or its name."""
    if setting.label_zh or setting.label_en:
        return Bilingual(setting.label_zh or setting.label_en, setting.label_en if setting.label_zh else "")
    return Bilingual(setting.name)


@dataclass(frozen=True, slots=True)
class GridFigures:
    """A grid as tables and charts need it.

    Attributes:
        grid: what it shows.
        variants: that were answered.
        variant_names, world_names: of columns and rows; the base is the first world.
    """

    grid: BookGrid
    variants: tuple[BookVariant, ...]
    variant_names: tuple[Bilingual, ...]
    world_names: tuple[Bilingual, ...]

    @classmethod
    def of(cls, grid: BookGrid) -> "GridFigures":
        """The figures of a grid."""
        return cls(
            grid,
            grid.answered,
            tuple(setting_name(variant.setting) for variant in grid.answered),
            tuple(map(world_name, (None, *grid.worlds))),
        )

    def of_world(self, figure: Callable[[StressedLoss], float]) -> list[list[float | None]]:
        """A figure by variant and world."""
        return [[figure(world) for world in variant.worlds] for variant in self.variants]

    def share(self, variant: BookVariant, value_cny: float) -> float:
        """An amount over the exposure of a variant; 0 where there is none."""
        exposure = 0.0 if variant.stress is None else variant.stress.exposure_cny
        return value_cny / exposure if exposure > 0.0 else 0.0
