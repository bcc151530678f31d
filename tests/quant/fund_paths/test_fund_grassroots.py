"""Who receives the share of the grass roots by place and who bears it: by hand, and beside the interpreter of cents."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.fund_paths.grassroots import Columns, grassroots_columns
from quant.waterfall.one_path import CentFlow, DealCents, run_cents
from quant.waterfall.over_paths import DealPaths, Waterfall, run_deal_paths
from quant.waterfall.steps import CarrySplit, GrassrootsShare, PreferredReturn, ReturnOfCapital
from quant.waterfall.year import GRASSROOTS

SHARED = (ReturnOfCapital(), PreferredReturn(0.06), GrassrootsShare(0.1), CarrySplit(0.2))
AMOUNTS = st.integers(0, 10**9)


def deals_of(called: list[list[float]], cash: list[list[float]]) -> DealPaths:
    """One path of deals that are all realised in the last year."""
    last = np.full(len(cash), len(cash[0]) - 1)
    return DealPaths(np.array(called)[:, :, None], np.array(cash)[:, :, None], last)


def columns_of(
    waterfall: Waterfall, deals: DealPaths, places: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]
) -> Columns:
    return grassroots_columns(
        deals,
        places,
        list(run_deal_paths(waterfall, deals)),
        list(run_deal_paths(waterfall.without_grassroots(), deals)),
        len(waterfall.commitments),
        is_deal_by_deal=waterfall.is_deal_by_deal,
    )


def test_a_case_worked_by_hand() -> None:
    # Called 100 for A and 100 for B. Year 1: A pays 150, all of it capital. Year 2: B pays 250: 50 capital, of the 200
    # left a tenth is the grass roots': 20. A has earned 50 and B 150: 5 and 15. B lies in two counties: 7.50 each.
    # The rest of 180 goes 144 to the investor and 36 to the manager; without the share it would be 160 and 40.
    waterfall = Waterfall(
        (Decimal(200), Decimal(0)), 1, (ReturnOfCapital(), GrassrootsShare(0.1), CarrySplit(0.2))
    )
    deals = deals_of([[100.0, 0.0, 0.0], [100.0, 0.0, 0.0]], [[0.0, 150.0, 0.0], [0.0, 0.0, 250.0]])
    places = {"甘州区": np.array([1.0, 0.5]), "肃南县": np.array([0.0, 0.5])}
    columns = columns_of(waterfall, deals, places)
    assert columns["grassroots", "甘州区"] == pytest.approx([5.0 + 7.5])
    assert columns["grassroots", "肃南县"] == pytest.approx([7.5])
    assert columns["grassroots_cost", 0] == pytest.approx([16.0])
    assert columns["grassroots_cost", 1] == pytest.approx([4.0])


@given(
    st.booleans(),
    st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), min_size=1, max_size=4),
)
@settings(max_examples=60)
def test_places_agree_with_cents_and_their_cost_adds_up(
    is_deal_by_deal: bool,
    flows: list[tuple[int, int, int, int]],
) -> None:
    called = [[a / 100, b / 100, 0.0, 0.0] for a, b, _, _ in flows]
    cash = [[0.0, 0.0, c / 100, d / 100] for _, _, c, d in flows]
    commitments = (Decimal(10) ** 9, Decimal(0))
    waterfall = Waterfall(commitments, 1, SHARED, is_deal_by_deal=is_deal_by_deal)
    places = {str(i): np.eye(len(flows))[i] for i in range(len(flows))}
    columns = columns_of(waterfall, deals_of(called, cash), places)
    cents = run_cents(waterfall, [_cent_flow(year, called, cash) for year in range(4)])
    exact = {str(i): Decimal(0) for i in range(len(flows))}
    for year in cents:
        for deal, amount in year.grassroots:
            exact[deal] += amount
    for name, amount in exact.items():
        # A whole fund's cents are split by largest remainder each year: within a cent a year of the exact share.
        assert columns["grassroots", name] == pytest.approx([float(amount)], abs=0.05)
    paid = sum(p.amount for year in cents for p in year.payments if p.recipient == GRASSROOTS)
    received = sum(columns["grassroots", name][0] for name in places)
    assert received == pytest.approx(float(paid), abs=0.02)
    cost = columns["grassroots_cost", 0][0] + columns["grassroots_cost", 1][0]
    assert cost == pytest.approx(float(paid), abs=0.02)


def _cent_flow(year: int, called: list[list[float]], cash: list[list[float]]) -> CentFlow:
    def cents(amount: float) -> Decimal:
        return round(Decimal(amount), 2)

    deals = tuple(
        DealCents(str(i), cents(calls[year]), cents(proceeds[year]), year == 3)
        for i, (calls, proceeds) in enumerate(zip(called, cash, strict=True))
    )
    return CentFlow(
        year,
        sum((d.called for d in deals), Decimal(0)),
        sum((d.distributable for d in deals), Decimal(0)),
        deals,
    )
