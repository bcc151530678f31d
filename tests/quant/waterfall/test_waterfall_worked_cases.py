"""Variants of terms worked by hand, the arithmetic beside each; the published ones are in data/reference/fund.csv."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest

from quant.waterfall.one_path import CentFlow, CentYear, DealCents, run_cents
from quant.waterfall.over_paths import ESCROW, NEVER, DealPaths, Waterfall, received_by, run_deal_paths
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    CedeExcess,
    CedeTier,
    Clawback,
    PreferredReturn,
    Recycling,
    ReturnOfCapital,
    Step,
    WaterfallError,
)

EUROPEAN: tuple[Step, ...] = (ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), CarrySplit(0.2))
INVESTORS, MANAGER = 0, 1


def money(*amounts: float) -> tuple[Decimal, ...]:
    return tuple(Decimal(str(amount)) for amount in amounts)


def flow(year: int, called: float, paid: float, *deals: DealCents) -> CentFlow:
    return CentFlow(year, Decimal(str(called)), Decimal(str(paid)), deals)


def deal(name: str, called: float, paid: float, realised: bool = False) -> DealCents:
    return DealCents(name, Decimal(str(called)), Decimal(str(paid)), realised)


def totals(years: Sequence[CentYear]) -> dict[int, Decimal]:
    out: dict[int, Decimal] = {}
    for year in years:
        for paid in year.payments:
            out[paid.recipient] = out.get(paid.recipient, Decimal(0)) + paid.amount
    return {who: amount for who, amount in out.items() if amount != 0}


def of_year(year: CentYear) -> dict[tuple[int, int], Decimal]:
    return {(paid.step, paid.recipient): paid.amount for paid in year.payments}


def test_a_simple_hurdle() -> None:
    # 1000 for 3 years at 8 % without compounding owes 240, not 259.71. 1400 pays 1000, 240, catch-up 60, and 100 80/20.
    steps = (ReturnOfCapital(), PreferredReturn(0.08, is_simple=True), CatchUp(1.0, 0.2), CarrySplit(0.2))
    years = run_cents(Waterfall(money(1000, 0), 1, steps), [flow(0, 1000, 0), flow(3, 0, 1400)])
    assert of_year(years[-1]) == {(0, 0): 1000, (1, 0): 240, (2, 1): 60, (3, 0): 80, (3, 1): 20}


def test_preferred_return_before_capital() -> None:
    # Year 1 pays the 80 of return first and 20 of capital; year 2 owes 8 % of 980 = 78.40 and 980.
    steps = (PreferredReturn(0.08), ReturnOfCapital(), CarrySplit(0.2))
    years = run_cents(
        Waterfall(money(1000, 0), 1, steps), [flow(0, 1000, 0), flow(1, 0, 100), flow(2, 0, 1158.40)]
    )
    assert of_year(years[1]) == {(0, 0): 80, (1, 0): 20}
    # 1158.40 - 78.40 - 980 = 100 above: 80 and 20.
    assert of_year(years[2]) == {(0, 0): Decimal("78.40"), (1, 0): 980, (2, 0): 80, (2, 1): 20}


def test_investors_first() -> None:
    # Social capital of 600 comes before 400 of the city. 1200 after a year: 600 and 36 to the social capital, then 400
    # and 24 to the city, of the 140 left 28 to the manager, 112 pro rata: 67.20 and 44.80.
    steps = (
        ReturnOfCapital((0,)),
        PreferredReturn(0.06, partners=(0,)),
        ReturnOfCapital(),
        PreferredReturn(0.06),
        CarrySplit(0.2),
    )
    waterfall = Waterfall(money(600, 400, 0), 2, steps)
    years = run_cents(waterfall, [flow(0, 1000, 0), flow(1, 0, 1200)])
    assert totals(years) == {0: Decimal("703.20"), 1: Decimal("468.80"), 2: Decimal("28.00")}
    # Where it is not enough the city waits: 700 leaves it 64.
    years = run_cents(waterfall, [flow(0, 1000, 0), flow(1, 0, 700)])
    assert totals(years) == {0: 636, 1: 64}


GAIN_AND_LOSS = [
    flow(0, 200, 0, deal("a", 100, 0), deal("b", 100, 0)),
    flow(1, 0, 200, deal("a", 0, 200, realised=True)),
    flow(2, 0, 40, deal("b", 0, 40, realised=True)),
]


def test_deal_by_deal_without_carrying_losses_or_clawback() -> None:
    # Deal a: 100, 8, catch-up 2, 90 split 72 / 18: carry 20. Deal b returns 40 of 100: 60 are lost, nobody makes up.
    waterfall = Waterfall(money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True, carries_losses=False)
    assert totals(run_cents(waterfall, GAIN_AND_LOSS)) == {INVESTORS: 220, MANAGER: 20}


def test_deal_by_deal_with_a_clawback_restores_the_whole_fund() -> None:
    # The whole fund: 200 called, 8 % on it is 16. Year 1: 200 of capital. Year 2: owed 16 x 1.08 = 17.28 and no
    # capital; 40 pays 17.28, catch-up 4.32, of 18.40 20 % = 3.68: carry 8.00 = 20 % of the profit of 40.
    waterfall = Waterfall(
        money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True, carries_losses=False, clawback=Clawback()
    )
    years = run_cents(waterfall, GAIN_AND_LOSS)
    assert totals(years) == {INVESTORS: 232, MANAGER: 8}
    assert years[-1].given_back == 12
    assert of_year(years[-1])[4, MANAGER] == -12


def test_tax_and_escrow_of_a_clawback() -> None:
    # Of 20 carry 70 % are taxed: at most 6 are given back of the 12 that are due; half of the carry, 10, waited in
    # escrow: it pays 6 to the investors and 4 to the manager.
    rule = Clawback(tax_share=0.7, escrow_share=0.5)
    waterfall = Waterfall(
        money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True, carries_losses=False, clawback=rule
    )
    years = run_cents(waterfall, GAIN_AND_LOSS)
    settled = {who: amount for (step, who), amount in of_year(years[-1]).items() if step == 4}
    assert settled == {INVESTORS: 6, MANAGER: 4, ESCROW: -10}
    assert totals(years) == {INVESTORS: 226, MANAGER: 14}


def test_deal_by_deal_with_losses_carried_forward() -> None:
    # Deal b fails first: 100 - 40 = 60 of capital and 8 of return are carried. A year later: 60 and (68) 8 % = 5.44 on
    # them, 13.44. Deal a's 200: 100, two years' 16.64, then 60 and 13.44; 9.92 are left: profit so far 16.64 + 13.44 =
    # 30.08, catch-up min(9.92, 7.52) = 7.52, and 20 % of 2.40 = 0.48: carry 8.00 = 20 % of the profit of 40.
    flows = [
        flow(0, 200, 0, deal("a", 100, 0), deal("b", 100, 0)),
        flow(1, 0, 40, deal("b", 0, 40, realised=True)),
        flow(2, 0, 200, deal("a", 0, 200, realised=True)),
    ]
    waterfall = Waterfall(money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True)
    years = run_cents(waterfall, flows)
    assert of_year(years[2]) == {
        (0, 0): 160,
        (1, 0): Decimal("30.08"),
        (2, 1): Decimal("7.52"),
        (3, 0): Decimal("1.92"),
        (3, 1): Decimal("0.48"),
    }


def test_fees_are_recovered_before_carry_deal_by_deal() -> None:
    # 110 called, 10 of them fee. Deal a pays 100 and 8, then the fee of 10 and 0.80 on it; 31.20 are left. Profit 8.80:
    # catch-up 2.20, of 29.00 20 % = 5.80: carry 8.00 = 20 % of 150 - 110.
    flows = [flow(0, 110, 0, deal("a", 100, 0)), flow(1, 0, 150, deal("a", 0, 150, realised=True))]
    waterfall = Waterfall(money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True, carries_losses=False)
    assert totals(run_cents(waterfall, flows)) == {INVESTORS: 142, MANAGER: 8}


def test_a_whole_fund_that_loses_after_carry_gives_it_back() -> None:
    # Year 1: 100 + 8 owed of 200: carry 20 as above. Year 2 calls another 100, which is lost: profit 0, all 20 go back.
    flows = [flow(0, 100, 0), flow(1, 0, 200), flow(2, 100, 0), flow(3, 0, 0)]
    kept = run_cents(Waterfall(money(1000, 0), MANAGER, EUROPEAN), flows)
    assert totals(kept) == {INVESTORS: 180, MANAGER: 20}
    given = run_cents(Waterfall(money(1000, 0), MANAGER, EUROPEAN, clawback=Clawback()), flows)
    assert totals(given) == {INVESTORS: 200}


def test_recycling_opens_returned_capital_to_new_calls() -> None:
    # 100 committed and called; 60 come back in year 1, half of it may be called again, at most 20 % of 100: 20.
    rule = Recycling(share=0.5, limit_share=0.2, until_year=1)
    waterfall = Waterfall(money(100, 0), MANAGER, EUROPEAN, recycling=rule)
    assert run_cents(waterfall, [flow(0, 100, 0), flow(1, 0, 60), flow(2, 20, 0)])
    with pytest.raises(
        WaterfallError, match=r"flows\[2\]\.called: found 120\.01 called so far, expected at most 120"
    ):
        run_cents(waterfall, [flow(0, 100, 0), flow(1, 0, 60), flow(2, 20.01, 0)])
    # Capital that comes back after year 1 does not count.
    with pytest.raises(WaterfallError, match="expected at most 100"):
        run_cents(waterfall, [flow(0, 100, 0), flow(2, 0, 60), flow(3, 1, 0)])


def test_the_worked_deals_as_paths() -> None:
    # The case of the clawback, beside one in which deal b gains as well: 140 on 100 after two years, no clawback then.
    called = np.zeros((2, 3, 1))
    called[:, 0] = 100.0
    cash = np.zeros((2, 3, 2))
    cash[0, 1] = 200.0
    cash[1, 2] = 40.0, 140.0
    waterfall = Waterfall(
        money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True, carries_losses=False, clawback=Clawback()
    )
    years = list(run_deal_paths(waterfall, DealPaths(called, cash, np.array([1, 2]))))
    manager = sum(received_by(year, MANAGER) for year in years)
    # Deal b: 16.64 of return, catch-up 4.16, of 19.20 20 % = 3.84: 8.00, and 20.00 of deal a; 20 % of 140 is 28.
    assert manager == pytest.approx([8.0, 28.0])
    assert list(run_deal_paths(waterfall, DealPaths(called, cash, np.array([NEVER, NEVER]))))


@pytest.mark.parametrize(
    ("flows", "place"),
    [
        ([flow(0, 1, 0)], "flows[0].deals"),
        ([flow(0, 1, 0, deal("a", 2, 0))], "flows[0].called"),
        ([flow(0, 1, 3, deal("a", 1, 2))], "flows[0].distributable"),
        ([flow(0, 2, 0, deal("a", 1, 0), deal("a", 1, 0))], "flows[0].deals[1].deal_id"),
        ([flow(0, 1, 0, deal("a", 1, 0, True)), flow(1, 0, 1, deal("a", 0, 1))], "flows[1].deals[0].deal_id"),
        ([flow(0, 1, 0, deal("a", -1, 0))], "flows[0].deals[0].called"),
        ([flow(0, 1001, 0, deal("a", 1, 0))], "flows[0].called"),
    ],
)
def test_flows_of_deals_that_cannot_be_run(flows: list[CentFlow], place: str) -> None:
    with pytest.raises(WaterfallError) as caught:
        run_cents(Waterfall(money(1000, 0), MANAGER, EUROPEAN, is_deal_by_deal=True), flows)
    assert [flaw.field for flaw in caught.value.flaws] == [place]


@pytest.mark.parametrize(
    ("tiers", "multiple", "place", "words"),
    [
        ((CedeTier(2.0, 0.2, 2.5), CedeTier(2.6, 0.4)), 2.0, "tiers[1].from_multiple", "a gap"),
        ((CedeTier(2.0, 0.2, 2.5), CedeTier(2.4, 0.4)), 2.0, "tiers[1].from_multiple", "an overlap"),
        ((CedeTier(2.0, 0.2, 2.0),), 1.0, "tiers[0].to_multiple", "expected above"),
        ((CedeTier(2.0, 0.2, 3.0),), 3.5, "reinvestment_multiple", "where the last tier ends"),
        ((CedeTier(2.0, 1.5),), 2.0, "tiers[0].ceded_share", "more than there is"),
    ],
)
def test_tier_tables_with_holes_are_refused(
    tiers: tuple[CedeTier, ...], multiple: float, place: str, words: str
) -> None:
    steps = (ReturnOfCapital(), CedeExcess(0, tiers, multiple), CarrySplit(0.0))
    with pytest.raises(WaterfallError) as caught:
        Waterfall(money(1, 1), None, steps)
    (flaw,) = caught.value.flaws
    assert flaw.field == f"steps[1].cede_excess.{place}"
    assert words in flaw.description


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ((ReturnOfCapital((0,)), CarrySplit(0.0)), "steps"),
        (
            (ReturnOfCapital((0,)), ReturnOfCapital((0, 1)), CarrySplit(0.0)),
            "steps[1].return_of_capital.partner_ids",
        ),
        (
            (ReturnOfCapital((7,)), ReturnOfCapital(), CarrySplit(0.0)),
            "steps[0].return_of_capital.partner_ids",
        ),
        (
            (ReturnOfCapital(), PreferredReturn(0.1, partners=(0,)), CarrySplit(0.0)),
            "steps[1].preferred_return.partner_ids",
        ),
        ((ReturnOfCapital(), CarrySplit(1.2)), "steps[1].carry_split.carry_share"),
    ],
)
def test_ranks_and_shares_that_do_not_fit_are_refused(steps: tuple[Step, ...], place: str) -> None:
    with pytest.raises(WaterfallError) as caught:
        Waterfall(money(1, 1), 1, steps)
    assert place in [flaw.field for flaw in caught.value.flaws]


def test_a_clawback_needs_a_manager_and_shares() -> None:
    with pytest.raises(WaterfallError) as caught:
        Waterfall(money(1, 1), None, (ReturnOfCapital(), CarrySplit(0.0)), clawback=Clawback(1.1, -0.1),
                  recycling=Recycling(2.0, 0.1, -1))  # fmt: skip
    assert [flaw.field for flaw in caught.value.flaws] == [
        "clawback", "clawback.tax_share", "clawback.escrow_share", "recycling.share", "recycling.until_year",
    ]  # fmt: skip
