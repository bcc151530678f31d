"""The fund's paths against spreadsheet-like cases worked by hand, closed forms, and identities."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.factors import FactorModel, PrimaryFactor
from quant.fund_paths.draws import draw
from quant.fund_paths.money import FeeBase, MoneyTerms, planned_calls, run_money
from quant.fund_paths.plan import FundPlan, plan_fund
from quant.fund_paths.projects import ConstructionRisk, FundSwitches, ProjectCash, ProjectExit, switched
from quant.fund_paths.simulation import PATH_GROUP, FundBlock, FundRules, run_block
from quant.fund_paths.walk import ABANDONED, CLOSED, RUNNING, UNFINISHED, ProjectPaths, walk
from quant.market.curves import DiscountCurve
from quant.waterfall.over_paths import Waterfall
from quant.waterfall.steps import CarrySplit, CatchUp, PreferredReturn, ReturnOfCapital

EUROPEAN = (ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), CarrySplit(0.2))
TICKET_PRICE = 10.0
FLAT = DiscountCurve.flat(0.0)
EVERYTHING = ConstructionRisk((0.3, 0.2), 0.1, 0.2, 0.5, 0.05, 2)


def one_factor(volatility: float = 0.0, growth: float = 0.0) -> FactorModel:
    ticket = PrimaryFactor("ticket", float(np.log(TICKET_PRICE)), growth, 0.0, volatility)
    return FactorModel((ticket,), (), np.eye(1))


def project(
    *,
    times: Sequence[float] = (1.0, 2.0, 3.0),
    units: Sequence[float] = (40.0, 50.0, 60.0),
    start: int = 0,
    end: int = 1,
    share: float = 0.25,
    debt: float = 0.5,
    rate: float = 0.1,
    cv: float = 0.0,
    risk: ConstructionRisk | None = None,
    sale: ProjectExit | None = None,
    lane: int = 0,
) -> ProjectCash:
    return ProjectCash(
        800.0, start, end, share, debt, rate, np.array(times), ("ticket",) * len(times), np.array(units), cv,
        risk or ConstructionRisk(), sale, lane,
    )  # fmt: skip


def lay_out(*projects: ProjectCash, model: FactorModel, life: int = 5, **options: object) -> FundPlan:
    return plan_fund(projects, model, FLAT, life, **options)  # type: ignore[arg-type]  # passed through


def run(plan: FundPlan, model: FactorModel, n: int, *, first_path: int = 0, **money: object) -> FundBlock:
    terms = MoneyTerms(**{"commitments_cny": 1e6, **money})  # type: ignore[arg-type]  # passed through
    waterfall = Waterfall((Decimal(700), Decimal(300)), 1, EUROPEAN)
    groups = {"investor": (0,), "manager": (1,)}
    weights = {"jobs": np.full(len(plan.projects), 10.0)}
    return run_block(FundRules(plan, terms, waterfall, groups, weights), model, n, 3, first_path=first_path)


def certain(plan: FundPlan, n: int = 1) -> ProjectPaths:
    return walk(plan, one_factor(), n, 1)


# -- a project worked by hand


def test_a_certain_project_equals_the_case_worked_by_hand() -> None:
    # Investment 800 over years 0 and 1; fund 25 % = 200: 100, 100. Debt 50 %: 200 a year at 10 %: balance at
    # completion 200 * 1.1 + 200 = 420. Three operating years: instalment 420 * 0.1 / (1 - 1.1**-3) = 168.8882.
    # Operating cash 400, 500, 600 in years 2, 3, 4; the fund owns half of the equity:
    # (400 - 168.8882) / 2 = 115.5559, 165.5559, 215.5559.
    paths = certain(lay_out(project(), model=one_factor()), 3)
    instalment = 42.0 / (1.0 - 1.1**-3)
    expected = [0.0, 0.0, *((x - instalment) / 2.0 for x in (400.0, 500.0, 600.0)), 0.0]
    assert expected[2:5] == pytest.approx([115.5559, 165.5559, 215.5559], abs=5e-5)
    for path in range(3):
        assert paths.costs[:, path] == pytest.approx([100.0, 100.0, 0.0, 0.0, 0.0, 0.0])
        assert paths.cash[:, path] == pytest.approx(expected, abs=1e-9)
    assert paths.present_value[0] == pytest.approx([sum(expected) - 200.0] * 3)


def test_a_shortfall_is_nobodys_debt_but_is_carried_forward() -> None:
    # Cash 10, 600, 600 against 168.8882: year 2 lacks 158.8882, of which the fund's half is 79.4441. With 10 % interest
    # 174.7771 is settled first in year 3: (600 - 168.8882 - 174.7771) / 2 = 128.1674; year 4 (600 - 168.8882) / 2.
    paths = certain(lay_out(project(units=[1.0, 60.0, 60.0]), model=one_factor()))
    assert paths.cash[:, 0] == pytest.approx([0.0, 0.0, 0.0, 128.1674, 215.5559, 0.0], abs=5e-5)
    assert paths.shortfall[:, 0] == pytest.approx([0.0, 0.0, 79.4441, 0.0, 0.0, 0.0], abs=5e-5)


def test_a_project_closes_after_the_years_without_cash_that_it_bears() -> None:
    model = one_factor()
    lean = project(units=[1.0, 1.0, 90.0], risk=ConstructionRisk(stop_after_negative_years=2))
    closed = certain(lay_out(lean, model=model))
    assert closed.status[0, 0] == CLOSED
    assert closed.cash.sum() == 0.0
    patient = replace(lean, risk=ConstructionRisk(stop_after_negative_years=3))
    kept = certain(lay_out(patient, model=model))
    assert kept.status[0, 0] == RUNNING
    # Lacks 158.8882 twice: (158.8882 * 1.1 + 158.8882) * 1.1 = 367.0317; half of 900 - 168.8882 - 367.0317 = 364.0801.
    assert kept.cash[4, 0] == pytest.approx(182.0400, abs=5e-5)


def test_a_year_late_costs_interest_and_moves_the_cash() -> None:
    # 800 over three years: the fund pays 66.6667 a year. Debt 133.3333 a year: balance 133.3333 (1.21 + 1.1 + 1) =
    # 441.3333, instalment 441.3333 * 0.1 / (1 - 1.1**-3) = 177.4667: (400 - 177.4667) / 2 = 111.2667 in year 3.
    late = project(risk=ConstructionRisk(delay_probabilities=(1.0,)))
    paths = certain(lay_out(late, model=one_factor()))
    assert paths.costs[:, 0] == pytest.approx([200 / 3] * 3 + [0.0] * 3)
    assert paths.cash[:, 0] == pytest.approx([0.0, 0.0, 0.0, 111.2667, 161.2667, 211.2667], abs=5e-5)


def test_the_owners_bear_the_whole_overrun() -> None:
    # 10 % of 800 is 80; the fund owns half of the equity: 40 more, 20 a year. The debt is as planned.
    dear = project(risk=ConstructionRisk(overrun_mean=0.1))
    paths = certain(lay_out(dear, model=one_factor()))
    assert paths.costs[:2, 0] == pytest.approx([120.0, 120.0])
    assert paths.cash[2, 0] == pytest.approx(115.5559, abs=5e-5)


def test_a_project_that_is_given_up_costs_what_was_spent() -> None:
    model = one_factor()
    hopeless = project(end=2, risk=ConstructionRisk(abandonment_intensity_annual=100.0))
    paths = certain(lay_out(hopeless, model=model), 8)
    assert (paths.status == ABANDONED).all()
    # With an intensity of 100 it ends in the first year: a third of 200 is sunk.
    assert paths.costs[:, 0] == pytest.approx([200 / 3, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert paths.cash.sum() == 0.0


def test_what_is_not_finished_in_the_life_brings_nothing() -> None:
    late = project(risk=ConstructionRisk(delay_probabilities=(0.0, 0.0, 0.0, 0.0, 1.0)))
    paths = certain(lay_out(late, model=one_factor()))
    assert paths.status[0, 0] == UNFINISHED
    # Seven building years, six of them within the life.
    assert paths.costs[:, 0] == pytest.approx([200 / 7] * 6)
    assert paths.cash.sum() == 0.0


def test_a_sale_by_years_of_cash_pays_the_debt_first_and_no_more_years_than_are_left() -> None:
    # Life 3: sold in year 3, the second operating year, for 0.8 x 500 = 400; one instalment is left, so the debt is
    # 168.8882 / 1.1 = 153.5347: (400 - 153.5347) / 2 = 123.2326 on top of 165.5559.
    model = one_factor()
    sold = certain(lay_out(project(sale=ProjectExit(0.8)), model=model, life=3))
    assert sold.cash[3, 0] == pytest.approx(165.5559 + 123.2326, abs=1e-4)
    # Four years of cash were asked, one is left: 1 x 500.
    dear = certain(lay_out(project(sale=ProjectExit(4.0)), model=model, life=3))
    assert dear.cash[3, 0] == pytest.approx(165.5559 + (500.0 - 153.5347) / 2, abs=1e-4)
    # Held for one year: sold in year 2 for 0.8 x 400 = 320, debt 420 * 1.1 - 168.8882 = 293.1118.
    early = certain(lay_out(project(sale=ProjectExit(0.8, hold_years=1)), model=model, life=3))
    assert early.cash[:, 0] == pytest.approx([0.0, 0.0, 115.5559 + (320.0 - 293.1118) / 2, 0.0], abs=1e-4)


def test_a_sale_at_the_value_of_what_is_to_come_is_the_discounted_forward() -> None:
    # Growth 5 %, curve 3 %, sold in year 2 with 500 and 600 units-times-price left in years 3 and 4.
    growth, curve = 0.05, DiscountCurve.flat(0.03)
    model = one_factor(growth=growth)
    given = project(debt=0.0, share=1.0, sale=ProjectExit(hold_years=1))
    plan = plan_fund([given], model, curve, 5)
    paths = walk(plan, model, 1, 1)
    to_come = 500.0 * np.exp(3 * growth) / 1.03 + 600.0 * np.exp(4 * growth) / 1.03**2
    assert paths.cash[2, 0] == pytest.approx(400.0 * np.exp(2 * growth) + to_come)
    spread = replace(given, risk_premium_annual=0.04)
    dear = walk(plan_fund([spread], model, curve, 5), model, 1, 1)
    to_come = 500.0 * np.exp(3 * growth - 0.04) / 1.03 + 600.0 * np.exp(4 * growth - 0.08) / 1.03**2
    assert dear.cash[2, 0] == pytest.approx(400.0 * np.exp(2 * growth) + to_come)


def test_a_sale_on_random_paths_is_worth_holding_on() -> None:
    # The price is the conditional mean of what is to come: on the average over paths, selling equals holding.
    model = one_factor(volatility=0.3)
    kept = project(debt=0.0)
    sold = replace(kept, exit=ProjectExit(hold_years=1))
    n = 20_000
    difference = walk(lay_out(sold, model=model), model, n, 5).cash.sum(axis=0) - walk(
        lay_out(kept, model=model), model, n, 5
    ).cash.sum(axis=0)
    assert abs(difference.mean()) < 4.0 * difference.std(ddof=1) / np.sqrt(n)
    assert difference.std() > 1.0


def test_rows_between_two_years_are_paid_in_the_later_one_and_after_the_life_not_at_all() -> None:
    model = one_factor(growth=0.1)
    given = project(times=[0.0, 0.5, 1.0, 1.5, 9.0], units=[1.0, 2.0, 4.0, 8.0, 16.0], debt=0.0, share=1.0)
    plan = lay_out(given, model=model, life=4)
    assert plan.rows_beyond == 1
    grown = [10.0 * np.exp(0.1 * t) for t in (1.0, 1.5, 2.0, 2.5)]
    cash = walk(plan, model, 2, 1).cash[:, 0]
    assert cash == pytest.approx([0.0, grown[0], 2.0 * grown[1] + 4.0 * grown[2], 8.0 * grown[3], 0.0])


def test_a_project_finished_in_year_0_with_a_row_at_completion_uses_the_price_of_today() -> None:
    model = one_factor(volatility=0.5)
    given = project(times=[0.0], units=[3.0], start=0, end=0, debt=0.0, share=1.0)
    assert walk(lay_out(given, model=model, life=1), model, 4, 1).cash[0] == pytest.approx([30.0] * 4)


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(ValueError, match="end_year: found year 1, expected at most 0"):
        lay_out(project(), model=one_factor(), life=0)
    with pytest.raises(ValueError, match="no operating year"):
        lay_out(project(times=[0.0], units=[1.0]), model=one_factor())
    with pytest.raises(KeyError, match="ticket"):
        lay_out(project(), model=FactorModel((PrimaryFactor("cny", 0.0),), (), np.eye(1)))


# -- chance


def test_draws_have_the_distributions_that_they_are_given() -> None:
    n = 40_000
    plan = lay_out(
        project(cv=0.3, end=2, risk=ConstructionRisk((0.25, 0.1), 0.08, 0.2, 0.4, 0.1), lane=1),
        project(risk=ConstructionRisk((0.25, 0.1), 0.08, 0.2, 0.4), lane=2),
        model=one_factor(),
    )
    drawn = draw(plan, n, 5)

    def agrees(values: np.ndarray, expected: float) -> bool:
        return bool(abs(values.mean() - expected) < 4.0 * values.std(ddof=1) / np.sqrt(n))

    assert agrees(drawn.cost[0], 1.08)
    assert agrees(np.log(drawn.cost[0]), np.log(1.08) - 0.02)
    assert agrees(drawn.error[0], 1.0)
    assert agrees((drawn.delay[0] == 1).astype(float), 0.25)
    assert agrees((drawn.delay[0] == 2).astype(float), 0.10)
    # Given up within three years: 1 - e^-0.3.
    assert agrees((drawn.built[0] <= 3).astype(float), 1.0 - np.exp(-0.3))
    # The logs of the costs of two projects have the common share as their correlation.
    correlation = np.corrcoef(np.log(drawn.cost[0]), np.log(drawn.cost[1]))[0, 1]
    assert correlation == pytest.approx(0.4, abs=4.0 * (1 - 0.4**2) / np.sqrt(n))
    assert np.corrcoef(drawn.cost[0], drawn.delay[0])[0, 1] > 0.1


def test_the_mean_on_random_paths_is_the_forward() -> None:
    # Without debt and with positive units nothing binds, so the mean is units x forward x equity share.
    model = one_factor(volatility=0.3)
    n = 40_000
    cash = walk(lay_out(project(debt=0.0, cv=0.2), model=model), model, n, 7).cash
    forward = model.forward([2.0, 3.0, 4.0])[0]
    for year, units, price in zip((2, 3, 4), (40.0, 50.0, 60.0), forward, strict=True):
        error = cash[year].std(ddof=1) / np.sqrt(n)
        assert abs(cash[year].mean() - 0.25 * units * price) < 4.0 * error


def test_a_project_has_the_same_draws_whatever_stands_beside_it() -> None:
    model = one_factor(volatility=0.4)
    first = project(cv=0.3, risk=EVERYTHING, lane=7)
    alone = walk(lay_out(first, model=model, life=9), model, 64, 3)
    both = walk(lay_out(project(cv=0.1, risk=EVERYTHING, lane=8), first, model=model, life=9), model, 64, 3)
    np.testing.assert_array_equal(alone.present_value[0], both.present_value[1])


# -- the whole fund


def test_a_certain_fund_is_shared_as_worked_by_hand() -> None:
    # Preferred return: year 1 owes 8 on 100; year 2: 8 % of 208 + 8 = 24.64 on 200. 115.5559 goes to capital, 84.4441
    # left. Year 3: 24.64 + 8 % of (84.4441 + 24.64) = 33.366728. 165.5559 pays 84.4441, 33.3667, then the catch-up
    # 33.3667 / 4 = 8.3417, and of the remaining 39.4034 20 % = 7.8807. Year 4: 20 % of 215.5559 = 43.1112.
    model = one_factor()
    terms = MoneyTerms(200.0)
    plan = lay_out(project(), model=model)
    waterfall = Waterfall((Decimal(200), Decimal(0)), 1, EUROPEAN)
    block = run_block(FundRules(plan, terms, waterfall, {"i": (0,), "m": (1,)}, {}), model, 3, 1)
    instalment = 42.0 / (1.0 - 1.1**-3)
    flows = [-100.0, -100.0, *((x - instalment) / 2.0 for x in (400.0, 500.0, 600.0)), 0.0]
    profit = sum(flows)
    assert 0.2 * profit == pytest.approx(8.3417 + 7.8807 + 43.1112, abs=2e-4)
    columns = block.columns
    assert columns["received", "m"] == pytest.approx([0.2 * profit] * 3, abs=0.02)
    assert columns["received", "i"] == pytest.approx([200.0 + 0.8 * profit] * 3, abs=0.02)
    cumulated = [columns["cumulated", year][0] for year in range(6)]
    assert cumulated == pytest.approx(np.cumsum(flows).tolist(), abs=0.02)
    rate = columns["irr", "i"][0]
    investor = [-100.0, -100.0, 115.5559, 165.5559 - 8.3417 - 7.8807, 215.5559 - 43.1112]
    assert sum(flow / (1.0 + rate) ** t for t, flow in enumerate(investor)) == pytest.approx(0.0, abs=0.02)
    assert np.isnan(columns["irr", "m"]).all()  # the manager pays nothing in
    # Below zero until year 3 (-200 + 115.56 + 149.33 = 64.89): paid back with year 3.
    assert columns["payback", "i"] == pytest.approx([3.0] * 3)
    assert block.conservation_error_cny < 0.011


def test_the_rate_of_a_one_project_fund_is_that_of_its_annuity() -> None:
    # 1000 in year 0, 200 a year for 10 years, no debt, no carry: sum_{1..10} 200 / (1 + r)^t = 1000 has r = 15.0984 %:
    # (1 - 1.150984^-10) / 0.150984 = (1 - 0.245083) / 0.150984 = 5.0000.
    given = ProjectCash(
        1000.0, 0, 0, 1.0, 0.0, 0.0, np.arange(1.0, 11.0), ("ticket",) * 10, np.full(10, 20.0)
    )
    model = one_factor()
    rules = FundRules(
        lay_out(given, model=model, life=10), MoneyTerms(1000.0),
        Waterfall((Decimal(1000),), None, (ReturnOfCapital(), CarrySplit(0.0))), {"i": (0,)}, {},
    )  # fmt: skip
    block = run_block(rules, model, 2, 1)
    assert pytest.approx(5.0, abs=1e-4) == (1.0 - 1.150984**-10) / 0.150984
    assert block.columns["irr", "i"] == pytest.approx([0.150984] * 2, abs=1e-6)
    assert block.columns["tvpi", "i"] == pytest.approx([2.0] * 2)
    assert block.columns["payback", "i"] == pytest.approx([5.0] * 2)


@pytest.mark.parametrize("block", [PATH_GROUP, 3 * PATH_GROUP])
def test_paths_are_the_same_in_any_block(block: int) -> None:
    model = one_factor(volatility=0.4)
    projects = [
        project(cv=0.3, risk=EVERYTHING, lane=1, sale=ProjectExit(3.0)),
        project(start=1, end=2, cv=0.1, lane=2, risk=EVERYTHING, sale=ProjectExit()),
        project(times=[0.5, 1.5], units=[90.0, 80.0], lane=3),
    ]
    plan = lay_out(*projects, model=model, life=6, report_years=(3,))
    n_all = 4 * PATH_GROUP + 1
    whole = run(plan, model, n_all, fee_rates_annual=(0.02,), commitments_cny=550.0)
    for first in range(0, n_all, block):
        n = min(block, n_all - first)
        part = run(plan, model, n, first_path=first, fee_rates_annual=(0.02,), commitments_cny=550.0)
        for key, values in part.columns.items():
            np.testing.assert_array_equal(values, whole.columns[key][first : first + n], str(key))


def test_twice_the_amounts_give_the_same_rates_and_multiples() -> None:
    model = one_factor(volatility=0.4)
    given = project(cv=0.3, risk=EVERYTHING, sale=ProjectExit(3.0))
    double = replace(
        given, total_investment_cny=2 * given.total_investment_cny, quantities=2 * given.quantities
    )
    # Amounts in the hundreds of millions, so that the cents of the waterfall do not show in the multiples.
    big = [replace(p, total_investment_cny=1e6 * p.total_investment_cny, quantities=1e6 * p.quantities)
           for p in (given, double)]  # fmt: skip
    one, two = (
        run(
            lay_out(p, model=model, life=8, report_years=(4,)), model, 256,
            commitments_cny=k * 2.2e8, fee_rates_annual=(0.01,),
        )
        for k, p in enumerate(big, start=1)
    )  # fmt: skip
    for key in (("irr", "investor"), ("tvpi", "investor"), ("dpi", "investor", 4), ("rvpi", "investor", 4)):
        np.testing.assert_allclose(one.columns[key], two.columns[key], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(2 * one.columns["peak_line"], two.columns["peak_line"], atol=0.05)
    assert one.columns["peak_line"].max() > 0.0


def test_multiples_of_a_year_add_up_and_the_last_one_has_no_residual() -> None:
    model = one_factor(volatility=0.4)
    plan = lay_out(project(cv=0.3, sale=ProjectExit(3.0)), model=model, life=4, report_years=(1, 3, 4))
    columns = run(plan, model, 256).columns
    # Year 1 is that of completion: nothing is paid out, the project stands at 800 less 420 of debt: 190 of 200.
    assert columns["dpi", "investor", 1] == pytest.approx(np.zeros(256))
    assert columns["rvpi", "investor", 1] == pytest.approx(np.full(256, 0.95), abs=1e-4)
    assert columns["rvpi", "investor", 4] == pytest.approx(np.zeros(256))
    np.testing.assert_allclose(columns["dpi", "investor", 4], columns["tvpi", "investor"])
    assert (columns["rvpi", "investor", 3] > 0.0).any()


def test_without_carry_deal_by_deal_and_whole_fund_pay_the_investors_alike() -> None:
    model = one_factor(volatility=0.4)
    projects = [project(cv=0.3, risk=EVERYTHING, sale=ProjectExit(2.0), lane=k, start=k) for k in range(2)]
    plan = lay_out(*projects, model=model, life=8)
    steps = (ReturnOfCapital(), CarrySplit(0.0))
    blocks = [
        run_block(
            FundRules(
                plan, MoneyTerms(500.0, (0.01,)),
                Waterfall((Decimal(500),), None, steps, is_deal_by_deal=by_deal), {"i": (0,)}, {},
            ),
            model, 256, 3,
        )
        for by_deal in (False, True)
    ]  # fmt: skip
    for what in ("paid", "received"):
        np.testing.assert_allclose(
            blocks[0].columns[what, "i"], blocks[1].columns[what, "i"], atol=0.25, err_msg=what
        )
    assert blocks[0].columns["gap"].max() > 0.0  # so that the line is in play


# -- money


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def test_the_fee_is_called_on_top_of_what_was_paid_in() -> None:
    # 100 in year 0; year 1: 100 + 2 % of 100 = 102; year 2: 2 % of 202 = 4.04; year 3: 2 % of 206.04 = 4.1208.
    costs = np.array([100.0, 100.0, 0.0, 0.0])
    terms = MoneyTerms(1e4, (0.02,))
    assert planned_calls(terms, costs) == pytest.approx([100.0, 102.0, 4.04, 4.1208])
    money = run_money(terms, costs[:, None], np.zeros((4, 1)))
    assert money.called[:, 0] == pytest.approx([100.0, 102.0, 4.04, 4.1208])


def test_the_fee_on_invested_capital_ends_when_the_capital_is_back() -> None:
    # 2 % of what is not returned: 100 -> 2; called 102, 202 unreturned -> 4.04, called; 206.04 - 150 = 56.04 -> 1.1208;
    # 57.1608 - 200 < 0: nothing.
    terms = MoneyTerms(1e4, (0.02,), FeeBase.INVESTED)
    money = run_money(terms, column(100, 100, 0, 0, 0), column(0, 0, 150, 200, 50))
    assert money.fee[:, 0] == pytest.approx([0.0, 2.0, 4.04, 1.1208, 0.0])


def test_the_fee_may_step_down() -> None:
    money = run_money(MoneyTerms(1e4, (0.0, 0.02, 0.01)), column(100, 0, 0, 0), np.zeros((4, 1)))
    # 2 % of 100, 1 % of 102, 1 % of 103.02.
    assert money.fee[:, 0] == pytest.approx([0.0, 2.0, 1.02, 1.0302])


def test_a_gap_is_bridged_and_repaid_before_anything_is_distributed() -> None:
    # Commitments 150 of a need of 200: 50 drawn in year 1, 55 after interest; 30 and 27.5 repay 25 + 2.5 by year 3.
    money = run_money(
        MoneyTerms(150.0, liquidity_rate_annual=0.1), column(100, 100, 0, 0), column(0, 0, 30, 40)
    )
    assert money.called[:, 0] == pytest.approx([100.0, 50.0, 0.0, 0.0])
    assert money.line[:, 0] == pytest.approx([0.0, 50.0, 25.0, 0.0])
    assert money.repaid[:, 0] == pytest.approx([0.0, 0.0, 30.0, 27.5])
    assert money.distributable[:, 0] == pytest.approx([0.0, 0.0, 0.0, 12.5])
    assert money.conservation_error_cny(column(100, 100, 0, 0), column(0, 0, 30, 40)) == pytest.approx(0.0)


def test_returned_capital_is_called_again_up_to_its_year_and_limit() -> None:
    # Commitments 200. Year 1 returns 60 of capital, half of it may be called again: 30. Year 2 needs 100 and calls 30,
    # 70 are drawn and repaid from 90; the other 20 return capital: 10 more, up to the limit of 35: 5. Year 3 calls 5.
    money = run_money(
        MoneyTerms(200.0, recycling_share=0.5, recycling_until_year=2, recycling_limit_cny=35.0),
        column(100, 100, 100, 100), column(0, 60, 90, 95),
    )  # fmt: skip
    assert money.called[:, 0] == pytest.approx([100.0, 100.0, 30.0, 5.0])
    assert money.recycled[:, 0] == pytest.approx([0.0, 0.0, 30.0, 5.0])
    assert money.drawn[:, 0] == pytest.approx([0.0, 0.0, 70.0, 95.0])
    assert money.distributable[:, 0] == pytest.approx([0.0, 60.0, 20.0, 0.0])


amounts = st.lists(st.floats(0.0, 1e10), min_size=8, max_size=8)


@given(
    costs=amounts,
    cash=amounts,
    commitments=st.floats(0.0, 3e10),
    fee=st.floats(0.0, 0.1),
    base=st.sampled_from(FeeBase),
    share=st.floats(0.0, 1.0),
    limit=st.floats(0.0, 1e10),
    until=st.integers(-1, 7),
    rate=st.floats(0.0, 0.3),
)
@settings(max_examples=150, deadline=None)
def test_no_cent_is_made_or_lost_whatever_the_terms(  # noqa: PLR0917  # drawn
    costs: list[float], cash: list[float], commitments: float, fee: float, base: FeeBase, share: float,
    limit: float, until: int, rate: float,
) -> None:  # fmt: skip
    terms = MoneyTerms(commitments, (fee,), base, share, until, limit, rate)
    spent, earned = column(*costs), column(*cash)
    money = run_money(terms, spent, earned)
    assert money.conservation_error_cny(spent, earned) < 0.01
    for amount in (money.called, money.fee, money.drawn, money.line, money.repaid, money.distributable):
        assert (amount >= -1e-3).all()
    assert money.called.sum() <= commitments + limit + 0.01
    # The line: what was drawn with its interest, less what was repaid.
    owed = 0.0
    for t in range(8):
        owed = owed * (1.0 + rate) + money.drawn[t, 0] - money.repaid[t, 0]
        assert money.line[t, 0] == pytest.approx(owed, rel=1e-9, abs=1e-2)
        # Nothing is distributed while the line is open.
        assert money.line[t, 0] < 0.01 or money.distributable[t, 0] < 0.01


# -- switches


def test_switches_that_are_off_change_no_bit() -> None:
    given = project(cv=0.3, risk=EVERYTHING, sale=ProjectExit(3.0))
    same = switched(given, FundSwitches())
    assert (same.risk, same.exit) == (given.risk, given.exit)
    assert same.quantities is given.quantities


def test_switches_do_what_they_say() -> None:
    given = project(units=[40.0, 50.0, -5.0], risk=EVERYTHING, sale=ProjectExit(3.0))
    changed = switched(given, FundSwitches(1.2, 2, (0.5, 0.8, 0.1), 3.0, 0.7))
    assert changed.risk.overrun_mean == pytest.approx(1.1 * 1.2 - 1.0)
    # On time with 0.5 becomes two years late; 1 and 2 years late become 3 and 4.
    assert changed.risk.delay_probabilities == pytest.approx((0.0, 0.5, 0.3, 0.2))
    assert changed.quantities == pytest.approx([20.0, 40.0, -5.0])  # a cost does not wait for the customers
    assert changed.risk.abandonment_intensity_annual == pytest.approx(0.15)
    assert changed.exit == ProjectExit(3.0, None, 0.7)
