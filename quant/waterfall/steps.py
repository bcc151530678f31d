"""Steps of a distribution waterfall as data.

A waterfall is a list of steps through which a year's cash runs from first to last. The steps that return capital and
preferred return come first, the split of what is left comes last; the others stand in between in any order. What can
be wrong with a list of them is in `quant.waterfall.flaws`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ReturnOfCapital:
    """Unreturned capital goes back to partners, pro rata of commitments.

    Attributes:
        partners: positions of those who are paid here; () means all whom no other ReturnOfCapital names. Several
            such steps say who comes first.
    """

    partners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PreferredReturn:
    """The partners receive a return on unreturned capital and on preferred return not yet paid.

    Attributes:
        rate_annual: >= 0, compounded yearly.
        is_simple: no return on preferred return not yet paid.
        partners: those of one ReturnOfCapital; () means as there.
    """

    rate_annual: float
    is_simple: bool = False
    partners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CatchUp:
    """The manager receives until it has its share of all profit of partners and manager.

    Attributes:
        manager_share: share of this step's cash that goes to the manager, above `carry_share`, at most 1.
        carry_share: share of all profit that the manager is to reach, 0 to below 1.
    """

    manager_share: float
    carry_share: float


@dataclass(frozen=True, slots=True)
class CarrySplit:
    """All that is left is split: `carry_share` (0 to 1) to the manager, the rest to the partners pro rata."""

    carry_share: float


@dataclass(frozen=True, slots=True)
class CedeTier:
    """From this reinvestment multiple on (>= 0), this share (0 to 1) of the excess is ceded.

    Attributes:
        from_multiple: lower end, included.
        ceded_share: of the excess.
        to_multiple: upper end, where the next tier must begin; None leaves it to the next tier.
    """

    from_multiple: float
    ceded_share: float
    to_multiple: float | None = None


@dataclass(frozen=True, slots=True)
class CedeExcess:
    """A partner cedes a share of its excess to the other partners, pro rata of their commitments.

    The excess is the partner's part of every `CatchUp` and `CarrySplit` that follows this step, so that returned
    capital and preferred return are never touched.

    Attributes:
        partner: position of the partner who cedes.
        tiers: with strictly increasing multiples; the highest one reached counts, below the first nothing is ceded.
        reinvestment_multiple: reinvestment as a multiple of the partner's capital, >= 0.
    """

    partner: int
    tiers: tuple[CedeTier, ...]
    reinvestment_multiple: float

    def ceded_share(self) -> float:
        """Share of the excess that is ceded, by the highest tier reached."""
        reached = [
            tier.ceded_share for tier in self.tiers if self.reinvestment_multiple >= tier.from_multiple
        ]
        return reached[-1] if reached else 0.0


@dataclass(frozen=True, slots=True)
class GrassrootsShare:
    """A share (0 to 1) of the cash that reaches this step goes to the grass roots."""

    share: float


@dataclass(frozen=True, slots=True)
class Clawback:
    """At the end the manager gives back carry beyond what the whole fund's cash gives it.

    Attributes:
        tax_share: of all carry that tax has taken, 0 to 1; the manager gives back at most the rest.
        escrow_share: of every payment of carry that waits on an account until the end, 0 to 1.
    """

    tax_share: float = 0.0
    escrow_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Recycling:
    """Returned capital may be called again.

    Attributes:
        share: of the capital returned in a year, 0 to 1.
        limit_share: at most this share of the commitments in all, 0 to 1.
        until_year: last year whose returned capital counts.
    """

    share: float
    limit_share: float
    until_year: int


Step: TypeAlias = ReturnOfCapital | PreferredReturn | CatchUp | CarrySplit | CedeExcess | GrassrootsShare

FIELD_NAMES: dict[type[Step], str] = {
    ReturnOfCapital: "return_of_capital",
    PreferredReturn: "preferred_return",
    CatchUp: "catch_up",
    CarrySplit: "carry_split",
    CedeExcess: "cede_excess",
    GrassrootsShare: "grassroots_share",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong.

    Attributes:
        field: path, such as "steps[2].catch_up.manager_share".
        description: what was found and what was expected.
    """

    field: str
    description: str

    def __str__(self) -> str:
        return f"{self.field}: {self.description}"


class WaterfallError(ValueError):
    """Terms or flows that cannot be run.

    Attributes:
        flaws: all that is wrong.
    """

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(str(flaw) for flaw in flaws))
        self.flaws = tuple(flaws)
