"""The terms of a distribution as the interpreter runs them: partners, steps and the rules beside the steps."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from quant.repayment.whole_cents import cents_of, ratio, reduced
from quant.waterfall.flaws import find_flaws, find_rule_flaws
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    Clawback,
    GrassrootsShare,
    PreferredReturn,
    Recycling,
    ReturnOfCapital,
    Step,
    WaterfallError,
)


@dataclass(frozen=True, slots=True)
class Group:
    """Partners who are paid capital and preferred return at one rank.

    Attributes:
        members: positions.
        weights: of the members, proportional to commitments.
        rate_annual: of the preferred return; 0 for none.
        is_simple: no return on preferred return not yet paid.
    """

    members: tuple[int, ...]
    weights: tuple[int, ...]
    rate_annual: Fraction
    is_simple: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Partners' commitments, the steps and the rules beside them.

    Attributes:
        commitments: of each partner, CNY, whole cents; shares of calls and of pro-rata payments.
        manager: position of the manager, None where no step pays one.
        steps: in order.
        is_deal_by_deal: each deal's cash runs through the steps by itself; otherwise the whole fund's does.
        carries_losses: deal by deal, what a realised deal leaves unpaid is paid by later deals before their profit.
        clawback: None where carry that was paid is kept.
        recycling: None where returned capital may not be called again.

    Raises:
        WaterfallError: with every flaw, if the terms cannot be run.
    """

    commitments: tuple[Decimal, ...]
    manager: int | None
    steps: tuple[Step, ...]
    is_deal_by_deal: bool = False
    carries_losses: bool = True
    clawback: Clawback | None = None
    recycling: Recycling | None = None

    def __post_init__(self) -> None:
        flaws = [
            *find_flaws(self.commitments, self.manager, self.steps),
            *find_rule_flaws(self.manager, self.clawback, self.recycling),
        ]
        if flaws:
            raise WaterfallError(flaws)

    @property
    def hurdle_rate_annual(self) -> float:
        """Rate of the first preferred return, 0 where there is none."""
        return next((step.rate_annual for step in self.steps if isinstance(step, PreferredReturn)), 0.0)

    @property
    def largest_carry_share(self) -> Fraction:
        """The most of all profit that the steps may give to the manager."""
        shares = (ratio(step.carry_share) for step in self.steps if isinstance(step, CatchUp | CarrySplit))
        return max(shares, default=Fraction(0))

    @property
    def committed(self) -> Decimal:
        """Of all partners, CNY."""
        return sum(self.commitments, Decimal(0))

    def weights(self) -> list[int]:
        """Whole numbers in proportion to the commitments."""
        return reduced([cents_of(commitment) for commitment in self.commitments])

    def groups(self) -> tuple[Group, ...]:
        """The ranks, in the order in which capital is returned."""
        returning = [step.partners for step in self.steps if isinstance(step, ReturnOfCapital)]
        return tuple(self._group(partners) for partners in returning)

    def group_of(self, step: ReturnOfCapital | PreferredReturn) -> int:
        """Position among `groups()` of those whom a step pays."""
        returning = [set(other.partners) for other in self.steps if isinstance(other, ReturnOfCapital)]
        return returning.index(set(step.partners))

    def for_the_whole_fund(self) -> "Waterfall":
        """The same steps over all cash together."""
        return replace(self, is_deal_by_deal=False, clawback=None)

    def without_grassroots(self) -> "Waterfall":
        """The same terms without the share of the grass roots."""
        kept = tuple(step for step in self.steps if not isinstance(step, GrassrootsShare))
        return replace(self, steps=kept)

    def _group(self, partners: tuple[int, ...]) -> Group:
        members = partners or self._unnamed()
        all_weights = self.weights()
        preferred = next(
            (
                step
                for step in self.steps
                if isinstance(step, PreferredReturn) and set(step.partners) == set(partners)
            ),
            PreferredReturn(0.0),
        )
        weights = tuple(all_weights[position] for position in members)
        return Group(members, weights, ratio(preferred.rate_annual), preferred.is_simple)

    def _unnamed(self) -> tuple[int, ...]:
        named = {
            position for step in self.steps if isinstance(step, ReturnOfCapital) for position in step.partners
        }
        return tuple(position for position in range(len(self.commitments)) if position not in named)
