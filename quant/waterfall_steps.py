"""Steps of a distribution waterfall as data, and everything that can be wrong with a list of them.

A waterfall is a list of steps through which a year's cash runs from first to last. The steps that return capital and
preferred return come first, the split of what is left comes last; the others stand in between in any order.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ReturnOfCapital:
    """Unreturned capital goes back to the partners, pro rata of commitments."""


@dataclass(frozen=True, slots=True)
class PreferredReturn:
    """The partners receive a return on unreturned capital and on preferred return not yet paid.

    Attributes:
        rate_annual: >= 0, compounded yearly.
    """

    rate_annual: float


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
    """From this reinvestment multiple on (>= 0), this share (0 to 1) of the excess is ceded."""

    from_multiple: float
    ceded_share: float


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


def find_flaws(commitments: Sequence[Decimal], manager: int | None, steps: Sequence[Step]) -> list[Flaw]:
    """Everything that is wrong with the terms; an empty list when they can be run.

    Args:
        commitments: of the partners, CNY.
        manager: position of the manager among them, None for none.
        steps: in order.
    """
    return [
        *_commitment_flaws(commitments),
        *_order_flaws(steps),
        *_manager_flaws(manager, len(commitments), steps),
        *(flaw for i, step in enumerate(steps) for flaw in _step_flaws(i, step, commitments)),
    ]


def _commitment_flaws(commitments: Sequence[Decimal]) -> Iterator[Flaw]:
    if not commitments:
        yield Flaw("partners", "is empty, expected at least one partner")
        return
    for i, commitment in enumerate(commitments):
        if not (commitment.is_finite() and commitment >= 0):
            yield Flaw(
                f"partners[{i}].commitment", f"found {commitment}, expected a finite amount of 0 or more"
            )
    if all(commitment == 0 for commitment in commitments):
        yield Flaw("partners", "found commitments that are all 0, expected at least one above 0")


def _order_flaws(steps: Sequence[Step]) -> Iterator[Flaw]:
    if not steps or not isinstance(steps[-1], CarrySplit):
        last = f"steps[{len(steps) - 1}]" if steps else "steps"
        yield Flaw(
            last, "does not pay out all that is left, expected a last step carry_split (its share may be 0)"
        )
    if not any(isinstance(step, ReturnOfCapital) for step in steps):
        yield Flaw("steps", "found no return_of_capital, expected it before profit is shared")
    seen: set[object] = set()
    profit_began = False
    for i, step in enumerate(steps):
        kind: object = (CedeExcess, step.partner) if isinstance(step, CedeExcess) else type(step)
        if kind in seen:
            yield Flaw(f"steps[{i}]", f"found a second {FIELD_NAMES[type(step)]}, expected each once")
        seen.add(kind)
        if isinstance(step, CarrySplit) and i < len(steps) - 1:
            yield Flaw(f"steps[{i}]", "found carry_split before other steps, which then receive nothing")
        if isinstance(step, ReturnOfCapital | PreferredReturn):
            if profit_began:
                yield Flaw(
                    f"steps[{i}]",
                    f"found {FIELD_NAMES[type(step)]} after profit is shared, expected it before",
                )
        else:
            profit_began = True


def _manager_flaws(manager: int | None, n_partners: int, steps: Sequence[Step]) -> Iterator[Flaw]:
    if manager is not None:
        if not 0 <= manager < n_partners:
            yield Flaw("partners", f"found the manager at position {manager} of {n_partners} partners")
        return
    for i, step in enumerate(steps):
        if isinstance(step, CatchUp) or (isinstance(step, CarrySplit) and step.carry_share != 0.0):
            yield Flaw("partners", f"found no manager, expected one because steps[{i}] pays the manager")
            return


def _step_flaws(i: int, step: Step, commitments: Sequence[Decimal]) -> Iterator[Flaw]:
    path = f"steps[{i}].{FIELD_NAMES[type(step)]}"
    match step:
        case PreferredReturn(rate):
            if not (math.isfinite(rate) and rate >= 0.0):
                yield Flaw(f"{path}.rate_annual", f"found {rate}, expected a finite rate of 0 or more")
        case CatchUp(manager_share, carry_share):
            if not 0.0 <= carry_share < 1.0:
                yield Flaw(
                    f"{path}.carry_share", f"found {carry_share}, expected a fraction from 0 to below 1"
                )
            if not carry_share < manager_share <= 1.0:
                yield Flaw(
                    f"{path}.manager_share",
                    f"found {manager_share}, expected above carry_share ({carry_share}) and at most 1: "
                    "otherwise the manager never catches up",
                )
        case CarrySplit(share):
            yield from _fraction_flaws(f"{path}.carry_share", share)
        case GrassrootsShare(share):
            yield from _fraction_flaws(f"{path}.share", share)
        case CedeExcess():
            yield from _cede_flaws(path, step, commitments)
        case ReturnOfCapital():
            pass


def _fraction_flaws(field: str, value: float) -> Iterator[Flaw]:
    if not 0.0 <= value <= 1.0:
        yield Flaw(field, f"found {value}, expected a fraction from 0 to 1")


def _cede_flaws(path: str, step: CedeExcess, commitments: Sequence[Decimal]) -> Iterator[Flaw]:
    if not 0 <= step.partner < len(commitments):
        yield Flaw(f"{path}.partner_id", "names no partner of these terms")
    elif not any(c > 0 for j, c in enumerate(commitments) if j != step.partner):
        yield Flaw(
            f"{path}.partner_id", "no other partner has a commitment, expected one who receives what is ceded"
        )
    multiple = step.reinvestment_multiple
    if not (math.isfinite(multiple) and multiple >= 0.0):
        yield Flaw(
            f"{path}.reinvestment_multiple", f"found {multiple}, expected a finite number of 0 or more"
        )
    if not step.tiers:
        yield Flaw(f"{path}.tiers", "is empty, expected at least one tier")
    before = -math.inf
    for k, tier in enumerate(step.tiers):
        if not (math.isfinite(tier.from_multiple) and tier.from_multiple >= 0.0):
            yield Flaw(
                f"{path}.tiers[{k}].from_multiple",
                f"found {tier.from_multiple}, expected a finite number of 0 or more",
            )
        elif tier.from_multiple <= before:
            yield Flaw(
                f"{path}.tiers[{k}].from_multiple",
                f"found {tier.from_multiple} after {before}, expected strictly increasing multiples",
            )
        before = tier.from_multiple
        yield from _fraction_flaws(f"{path}.tiers[{k}].ceded_share", tier.ceded_share)
