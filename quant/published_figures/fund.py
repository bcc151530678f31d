"""Published figures of funds: waterfalls without a catch-up, carry deal by deal and its clawback, dated rates."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from quant.cashflows import xirr
from quant.published_figures.check import NUMBER, Check, Row, RowCheck, checked
from quant.waterfall.one_path import CentFlow, DealCents, run_cents
from quant.waterfall.over_paths import european_waterfall_case
from quant.waterfall.steps import CarrySplit, Clawback, ReturnOfCapital
from quant.waterfall.terms import Waterfall

_MANAGER = 1


def _without_catch_up(row: Row) -> Iterator[Check]:
    stated = row["inputs"]
    published = re.fullmatch(rf"LP ({NUMBER}); GP ({NUMBER})", row["expected"])
    terms = re.search(
        rf"({NUMBER}) in, ({NUMBER}) out after (\d+) year, ({NUMBER}) % preferred, no catch-up, ({NUMBER}) %",
        stated,
    )
    if published is None or terms is None:
        raise ValueError(f"fund: inputs: found {stated!r}, expected a waterfall without catch-up")
    paid_in, received, years, hurdle_pct, carry_pct = terms.groups()
    shares = european_waterfall_case(
        float(paid_in),
        float(received),
        float(hurdle_pct) / 100.0,
        float(carry_pct) / 100.0,
        years=int(years),
        manager_share=0.0,
    )
    for who, expected, got in zip(("investors", "manager"), published.groups(), shares, strict=True):
        yield checked(row, f"{who} of {stated}", expected, got)


def _clawback_of_deals(row: Row) -> Iterator[Check]:
    """Half of the deals gain, half lose the same: carry deal by deal, then what a clawback leaves of it."""
    stated = row["inputs"]
    terms = re.search(
        rf"(\d+) deals gain ({NUMBER}), (\d+) deals lose ({NUMBER}), ({NUMBER}) % carry", stated
    )
    published = re.fullmatch(rf"without ({NUMBER}); with ({NUMBER})", row["expected"])
    if terms is None or published is None:
        raise ValueError(f"fund: inputs: found {stated!r}, expected deals that gain and deals that lose")
    n_gain, gain, n_lose, loss = int(terms[1]), Decimal(terms[2]), int(terms[3]), Decimal(terms[4])
    deals = [(f"gain {i}", gain / n_gain) for i in range(n_gain)]
    deals += [(f"loss {i}", -loss / n_lose) for i in range(n_lose)]
    cost = loss / n_lose  # so that a losing deal loses all of it
    flows = (_year(0, [(name, cost, Decimal(0)) for name, _ in deals]),
             _year(1, [(name, Decimal(0), cost + profit) for name, profit in deals]))  # fmt: skip
    for name, expected, clawback in (
        ("without", published[1], None),
        ("with", published[2], Clawback()),
    ):
        waterfall = Waterfall(
            (cost * len(deals), Decimal(0)),
            _MANAGER,
            (ReturnOfCapital(), CarrySplit(float(terms[5]) / 100.0)),
            is_deal_by_deal=True,
            carries_losses=False,
            clawback=clawback,
        )
        paid = (
            p.amount for year in run_cents(waterfall, flows) for p in year.payments if p.recipient == _MANAGER
        )
        yield checked(row, f"manager {name} a clawback, {stated}", expected, float(sum(paid, Decimal(0))))


def _year(year: int, deals: list[tuple[str, Decimal, Decimal]]) -> CentFlow:
    called = sum((paid for _, paid, _ in deals), Decimal(0))
    cash = sum((received for _, _, received in deals), Decimal(0))
    return CentFlow(year, called, cash, tuple(DealCents(name, c, d, year > 0) for name, c, d in deals))


def _dated_rate(row: Row) -> Iterator[Check]:
    flows = [float(flow) for flow in row["flows"].split(";")]
    days = [dt.date.fromisoformat(day) for day in row["dates"].split(";")]
    years = [(day - days[0]).days / 365.0 for day in days]
    yield checked(row, f"xirr {row['flows']}", row["irr"], xirr(flows, years))


FUND_CHECKS: Mapping[str, RowCheck] = {
    "fund/clawback_of_deals": _clawback_of_deals,
    "fund/waterfall_without_catch_up": _without_catch_up,
    "dated_rate_of_return": _dated_rate,
}
