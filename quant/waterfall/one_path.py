"""The waterfall of one path in exact money: Decimals in and out, whole cents inside, every year adding up exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from quant.repayment.whole_cents import OneAmount, cents_of, cny_of, split_cents
from quant.waterfall.flows import CentFlow, DealCents, deal_ids, find_flow_flaws, recall_flaws
from quant.waterfall.over_paths import together
from quant.waterfall.run import WaterfallRun
from quant.waterfall.settlement import Settlement
from quant.waterfall.steps import Flaw, WaterfallError
from quant.waterfall.terms import Waterfall
from quant.waterfall.year import DealFlow, Year

_NOTHING = DealFlow(0, 0, 0)

__all__ = ["CentFlow", "CentPayment", "CentYear", "DealCents", "Flaw", "find_flow_flaws", "run_cents"]


@dataclass(frozen=True, slots=True)
class CentPayment:
    """A payment of whole cents.

    Attributes:
        year: years from the first closing.
        step: position; the number of steps stands for the settlement at the end.
        recipient: a partner's position, `quant.waterfall.over_paths.GRASSROOTS` or `quant.waterfall.over_paths.ESCROW`.
        amount: CNY, above 0; below 0 only in the settlement, for what the manager or the escrow gives.
    """

    year: int
    step: int
    recipient: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CentYear:
    """One year in cents, CNY.

    Attributes:
        year: years from the first closing.
        paid_in: by each partner.
        payments: other than 0, in order of step and recipient.
        carry: of the manager beyond its part as a partner.
        returned: capital paid back.
        grassroots: by the deal that earned it: deal by deal the one whose cash gave it, else in proportion to what each
            deal's cash is above its calls so far; under "" where the flows name no deals.
        given_back: of the carry, in the settlement at the end.
    """

    year: int
    paid_in: tuple[Decimal, ...]
    payments: tuple[CentPayment, ...]
    carry: Decimal
    returned: Decimal
    grassroots: tuple[tuple[str, Decimal], ...]
    given_back: Decimal = Decimal(0)


def run_cents(waterfall: Waterfall, flows: Sequence[CentFlow]) -> tuple[CentYear, ...]:
    """Run one path exactly; the fund is settled with the last flow.

    Raises:
        WaterfallError: with every flaw of the flows: years not increasing, amounts below 0 or with fractions of a
            cent, calls beyond the commitments, deals that do not add up.
    """
    flaws = find_flow_flaws(waterfall, flows)
    if flaws:
        raise WaterfallError(flaws)
    years = tuple(_years(waterfall, flows))
    flaws = recall_flaws(waterfall, flows, [year.returned for year in years])
    if flaws:
        raise WaterfallError(flaws)
    return years


def _years(waterfall: Waterfall, flows: Sequence[CentFlow]) -> Iterator[CentYear]:
    deals = deal_ids(flows)
    math = OneAmount()
    whole = WaterfallRun(waterfall.for_the_whole_fund(), math)
    if waterfall.is_deal_by_deal:
        run = WaterfallRun(waterfall, math, len(deals))
    else:
        run = whole = WaterfallRun(waterfall, math)
    earned = [0] * len(deals)
    for i, flow in enumerate(flows):
        own = {deal.deal_id: _deal_flow(deal) for deal in flow.deals}
        by_deal = [own.get(deal_id, _NOTHING) for deal_id in deals]
        expenses = cents_of(flow.called) - sum(deal.called for deal in by_deal)
        as_one = together(by_deal, expenses, 0) if deals else _whole_flow(flow)
        year = whole.advance(flow.year, [as_one])
        if run is not whole:
            year = run.advance(flow.year, by_deal, expenses)
        elif deals:
            # The cash of the fund is one pot: who earned its profit so far is told by each deal's own cash.
            earned = [
                profit + deal.distributable - deal.called
                for profit, deal in zip(earned, by_deal, strict=True)
            ]
            year = replace(year, grassroots=_by_profit(year.grassroots[0], earned, by_deal))
        if i == len(flows) - 1:
            settlement = Settlement(run, whole, math)
            year = replace(year, payments=(*year.payments, *settlement.payments()))
            rule = waterfall.clawback
            given_back = 0 if rule is None else settlement.given_back(rule)
            yield replace(_in_cny(year, deals or ("",)), given_back=cny_of(given_back))
        else:
            yield _in_cny(year, deals or ("",))


def _by_profit(amount: int, earned: Sequence[int], flows: Sequence[DealFlow[int]]) -> tuple[int, ...]:
    """An amount by what each deal has earned; by the year's cash where none has earned anything yet."""
    profits = [max(profit, 0) for profit in earned]
    return tuple(split_cents(amount, profits if any(profits) else [flow.distributable for flow in flows]))


def _whole_flow(flow: CentFlow) -> DealFlow[int]:
    return DealFlow(cents_of(flow.called), cents_of(flow.distributable), 0)


def _deal_flow(deal: DealCents) -> DealFlow[int]:
    return DealFlow(cents_of(deal.called), cents_of(deal.distributable), int(deal.realised))


def _in_cny(year: Year[int], deals: Sequence[str]) -> CentYear:
    merged: dict[tuple[int, int], int] = {}
    for payment in year.payments:
        key = (payment.step, payment.recipient)
        merged[key] = merged.get(key, 0) + payment.amount
    # The grass roots and the escrow come after the partners of the same step.
    keys = sorted(merged, key=lambda key: (key[0], key[1] < 0, abs(key[1])))
    payments = tuple(
        CentPayment(year.year, step, recipient, cny_of(merged[step, recipient]))
        for step, recipient in keys
        if merged[step, recipient] != 0
    )
    return CentYear(
        year.year,
        tuple(cny_of(paid_in) for paid_in in year.paid_in),
        payments,
        cny_of(year.carry),
        cny_of(year.returned),
        tuple((deal, cny_of(amount)) for deal, amount in zip(deals, year.grassroots, strict=True)),
    )
