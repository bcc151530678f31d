"""Everything that can be wrong with the terms of a waterfall, each with the path of its field."""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

from quant.repayment.whole_cents import LARGEST_CENTS
from quant.waterfall.steps import (
    FIELD_NAMES,
    CarrySplit,
    CatchUp,
    CedeExcess,
    CedeTier,
    Clawback,
    Flaw,
    GrassrootsShare,
    PreferredReturn,
    Recycling,
    ReturnOfCapital,
    Step,
)


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
        *_group_flaws(len(commitments), steps),
        *_manager_flaws(manager, len(commitments), steps),
        *(flaw for i, step in enumerate(steps) for flaw in _step_flaws(i, step, commitments)),
    ]


def _commitment_flaws(commitments: Sequence[Decimal]) -> Iterator[Flaw]:
    if not commitments:
        yield Flaw("partners", "is empty, expected at least one partner")
        return
    for i, commitment in enumerate(commitments):
        if not (commitment.is_finite() and 0 <= commitment <= LARGEST_CENTS / 100):
            yield Flaw(
                f"partners[{i}].commitment",
                f"found {commitment}, expected an amount from 0 to {LARGEST_CENTS / 100:.0f}",
            )
        elif commitment != round(commitment, 2):
            yield Flaw(f"partners[{i}].commitment", f"found {commitment}, expected whole cents")
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
        kind = _kind(step)
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


def _kind(step: Step) -> object:
    """What may be there once."""
    match step:
        case CedeExcess():
            return CedeExcess, step.partner
        case ReturnOfCapital() | PreferredReturn():
            return type(step), frozenset(step.partners)
        case _:
            return type(step)


def _group_flaws(n_partners: int, steps: Sequence[Step]) -> Iterator[Flaw]:
    """Every partner gets its capital back in one step, and preferred return goes to those of one such step."""
    returning = [(i, step) for i, step in enumerate(steps) if isinstance(step, ReturnOfCapital)]
    seen: set[int] = set()
    for i, step in returning:
        for position in step.partners:
            if not 0 <= position < n_partners:
                yield Flaw(f"steps[{i}].return_of_capital.partner_ids", "names no partner of these terms")
            elif position in seen:
                yield Flaw(
                    f"steps[{i}].return_of_capital.partner_ids",
                    f"names partner {position} for the second time, expected each once",
                )
            seen.add(position)
    left_out = [position for position in range(n_partners) if position not in seen]
    if returning and left_out and all(step.partners for _, step in returning):
        yield Flaw(
            "steps",
            f"found no return_of_capital for partner {left_out[0]}, expected one without partner_ids for the rest",
        )
    groups = {frozenset(step.partners) for _, step in returning}
    for i, other in enumerate(steps):
        if isinstance(other, PreferredReturn) and returning and frozenset(other.partners) not in groups:
            yield Flaw(
                f"steps[{i}].preferred_return.partner_ids",
                "found other partners than in any return_of_capital, expected those of one of them",
            )


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
        more = ": it pays more than there is" if value > 1.0 else ""
        yield Flaw(field, f"found {value}, expected a fraction from 0 to 1{more}")


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
    elif step.tiers and step.tiers[-1].to_multiple is not None and multiple > step.tiers[-1].to_multiple:
        yield Flaw(
            f"{path}.reinvestment_multiple",
            f"found {multiple}, expected at most {step.tiers[-1].to_multiple}, where the last tier ends",
        )
    yield from _tier_flaws(f"{path}.tiers", step.tiers)


def _tier_flaws(path: str, tiers: Sequence[CedeTier]) -> Iterator[Flaw]:
    if not tiers:
        yield Flaw(path, "is empty, expected at least one tier")
    before = -math.inf
    end: float | None = None
    for k, tier in enumerate(tiers):
        begin = tier.from_multiple
        if not (math.isfinite(begin) and begin >= 0.0):
            yield Flaw(f"{path}[{k}].from_multiple", f"found {begin}, expected a finite number of 0 or more")
        elif begin <= before:
            yield Flaw(
                f"{path}[{k}].from_multiple",
                f"found {begin} after {before}, expected strictly increasing multiples",
            )
        elif end is not None and begin != end:
            what = "a gap" if begin > end else "an overlap"
            yield Flaw(
                f"{path}[{k}].from_multiple",
                f"found {begin} where the tier before ends at {end}: {what}, expected {end}",
            )
        if tier.to_multiple is not None and not tier.to_multiple > begin:
            yield Flaw(
                f"{path}[{k}].to_multiple",
                f"found {tier.to_multiple}, expected above from_multiple ({begin})",
            )
        before, end = begin, tier.to_multiple
        yield from _fraction_flaws(f"{path}[{k}].ceded_share", tier.ceded_share)


def find_rule_flaws(
    manager: int | None, clawback: Clawback | None, recycling: Recycling | None
) -> Iterator[Flaw]:
    """Everything that is wrong with the rules beside the steps."""
    if clawback is not None:
        if manager is None:
            yield Flaw("clawback", "found no manager among the partners, expected one who pays back")
        yield from _fraction_flaws("clawback.tax_share", clawback.tax_share)
        yield from _fraction_flaws("clawback.escrow_share", clawback.escrow_share)
    if recycling is not None:
        yield from _fraction_flaws("recycling.share", recycling.share)
        yield from _fraction_flaws("recycling.limit_share", recycling.limit_share)
        if recycling.until_year < 0:
            yield Flaw("recycling.until_year", f"found {recycling.until_year}, expected 0 or more")
