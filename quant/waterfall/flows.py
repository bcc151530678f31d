"""Flows of one exact path, and everything that can be wrong with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quant.repayment.whole_cents import LARGEST_CENTS, cents_of, cny_of, ratio
from quant.waterfall.steps import Flaw
from quant.waterfall.terms import Waterfall


@dataclass(frozen=True, slots=True)
class DealCents:
    """What one deal took and brought in a year, CNY, whole cents, >= 0.

    Attributes:
        deal_id: of the deal.
        called: from all partners for it.
        distributable: its cash.
        realised: nothing more comes of it after this year; what it did not pay back is lost.
    """

    deal_id: str
    called: Decimal
    distributable: Decimal
    realised: bool = False


@dataclass(frozen=True, slots=True)
class CentFlow:
    """Cash of one year, CNY, whole cents, >= 0.

    Attributes:
        year: years from the first closing.
        called: from all partners; what is not called for a deal is expenses.
        distributable: to be distributed; where deals are named, the sum of theirs.
        deals: each once; needed where the fund distributes deal by deal.
    """

    year: int
    called: Decimal
    distributable: Decimal
    deals: tuple[DealCents, ...] = ()


def deal_ids(flows: Sequence[CentFlow]) -> tuple[str, ...]:
    """The deals in the order in which they come up."""
    return tuple(dict.fromkeys(deal.deal_id for flow in flows for deal in flow.deals))


def find_flow_flaws(waterfall: Waterfall, flows: Sequence[CentFlow]) -> list[Flaw]:
    """Everything that is wrong with the flows, but for calls that returned capital may cover."""
    flaws: list[Flaw] = []
    called, before = Decimal(0), -1
    has_deals = waterfall.is_deal_by_deal or any(flow.deals for flow in flows)
    realised: set[str] = set()
    if waterfall.is_deal_by_deal and flows and not deal_ids(flows):
        flaws.append(
            Flaw("flows[0].deals", "is empty, expected deals because the terms distribute deal by deal")
        )
    for i, flow in enumerate(flows):
        path = f"flows[{i}]"
        if flow.year <= before:
            expected = "0 or more" if before < 0 else f"above {before}, the year before it"
            flaws.append(Flaw(f"{path}.year", f"found {flow.year}, expected {expected}"))
        before = max(before, flow.year)
        wrong = [*_money_flaws(f"{path}.called", flow.called)]
        wrong += _money_flaws(f"{path}.distributable", flow.distributable)
        called += flow.called
        if called > waterfall.committed >= called - flow.called and waterfall.recycling is None:
            wrong.append(_beyond(i, called, waterfall.committed, "the commitments"))
        if has_deals and not wrong:
            wrong += _deal_flaws(path, flow, realised)
        flaws += wrong
    return flaws


def recall_flaws(waterfall: Waterfall, flows: Sequence[CentFlow], returned: Sequence[Decimal]) -> list[Flaw]:
    """Calls beyond the commitments and what may be called again of the capital returned in the years before.

    Args:
        waterfall: the terms.
        flows: without other flaws.
        returned: capital paid back in the year of each flow.
    """
    rule = waterfall.recycling
    if rule is None:
        return []
    most_again = cny_of(int(cents_of(waterfall.committed) * ratio(rule.limit_share)))
    called = again = Decimal(0)
    for i, flow in enumerate(flows):
        called += flow.called
        open_to_call = waterfall.committed + min(again, most_again)
        if called > open_to_call:
            what = "the commitments and the capital that may be called again"
            return [_beyond(i, called, open_to_call, what)]
        if flow.year <= rule.until_year:
            again += cny_of(int(cents_of(returned[i]) * ratio(rule.share)))
    return []


def _beyond(i: int, called: Decimal, open_to_call: Decimal, what: str) -> Flaw:
    found = f"found {called:.2f} called so far, expected at most {open_to_call:.2f}: {what}"
    return Flaw(f"flows[{i}].called", found)


def _money_flaws(field: str, amount: Decimal) -> Iterator[Flaw]:
    if not (amount.is_finite() and 0 <= amount <= LARGEST_CENTS / 100):
        most = f"{LARGEST_CENTS / 100:.0f}"
        yield Flaw(field, f"found {_shown(amount)}, expected an amount of 0 or more, at most {most}")
    elif amount != round(amount, 2):
        yield Flaw(field, f"found {_shown(amount)}, expected whole cents")


def _shown(amount: Decimal) -> str:
    """Two decimals where it has no more, all of them else."""
    return f"{amount:.2f}" if amount.is_finite() and amount == round(amount, 2) else f"{amount.normalize():f}"


def _deal_flaws(path: str, flow: CentFlow, realised: set[str]) -> list[Flaw]:
    """What is wrong with the deals of a flow; notes those that are realised in it."""
    flaws: list[Flaw] = []
    seen: set[str] = set()
    for k, deal in enumerate(flow.deals):
        at = f"{path}.deals[{k}]"
        flaws += _money_flaws(f"{at}.called", deal.called)
        flaws += _money_flaws(f"{at}.distributable", deal.distributable)
        if deal.deal_id in seen:
            flaws.append(Flaw(f"{at}.deal_id", f"found {deal.deal_id!r} twice in a year, expected once"))
        if deal.deal_id in realised:
            flaws.append(Flaw(f"{at}.deal_id", f"found {deal.deal_id!r} again after it was realised"))
        seen.add(deal.deal_id)
    realised |= {deal.deal_id for deal in flow.deals if deal.realised}
    if flaws:
        return flaws
    called = sum((deal.called for deal in flow.deals), Decimal(0))
    cash = sum((deal.distributable for deal in flow.deals), Decimal(0))
    if called > flow.called:
        found = f"found {flow.called:.2f}, expected at least the {called:.2f} that the deals call"
        flaws.append(Flaw(f"{path}.called", found))
    if cash != flow.distributable:
        found = f"found {flow.distributable:.2f}, expected the {cash:.2f} that the deals bring"
        flaws.append(Flaw(f"{path}.distributable", found))
    return flaws
