"""What came of a grid of the loan book: one stress test for every setting."""

from dataclasses import dataclass

from flows.book_scenarios.question import BookSetting
from services.loans.simulation.stress import PortfolioStress, StressedLoss
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.scenario import Scenario


@dataclass(frozen=True, slots=True)
class BookVariant:
    """A part of the book in every world.

    Attributes:
        setting: which part, on what terms.
        n_quarters: horizon.
        stress: base market first, then every world; None where it was refused or has no loans.
        refusal: why; "" where it was not.
    """

    setting: BookSetting
    n_quarters: int
    stress: PortfolioStress | None
    refusal: str = ""

    @property
    def worlds(self) -> tuple[StressedLoss, ...]:
        """Figures by world, the base market first; none where the variant was refused."""
        return () if self.stress is None else self.stress.worlds


@dataclass(frozen=True, slots=True)
class BookGrid:
    """All variants.

    Attributes:
        institution_id: whose book.
        snapshot: the base market.
        worlds: scenarios, in order.
        variants: in order of the settings.
        n_paths, seed: of every setting and world.
    """

    institution_id: str
    snapshot: MarketSnapshot
    worlds: tuple[Scenario, ...]
    variants: tuple[BookVariant, ...]
    n_paths: int
    seed: int

    @property
    def answered(self) -> tuple[BookVariant, ...]:
        """Variants that were not refused."""
        return tuple(variant for variant in self.variants if variant.stress is not None)
