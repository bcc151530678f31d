"""The fund's paths against a spreadsheet-like case worked by hand, and identities."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest

from quant.factors import FactorModel, PrimaryFactor
from quant.fund_paths import PATH_GROUP, ProjectCash, capital_calls, distributable_paths, plan_fund, run_fund
from quant.waterfall import Waterfall
from quant.waterfall_steps import CarrySplit, CatchUp, PreferredReturn, ReturnOfCapital

EUROPEAN = (ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), CarrySplit(0.2))
TICKET_PRICE = 10.0


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
) -> ProjectCash:
    return ProjectCash(
        800.0, start, end, share, debt, rate, np.array(times), ("ticket",) * len(times), np.array(units), cv
    )


def test_a_certain_fund_equals_the_case_worked_by_hand() -> None:
    # Investment 800 over years 0 and 1; fund 25 % = 200: calls 100, 100. Debt 50 %: 200 a year at 10 %:
    # balance at completion 200 * 1.1 + 200 = 420. Three operating years: instalment
    # 420 * 0.1 / (1 - 1.1**-3) = 168.8882. Operating cash 400, 500, 600 in years 2, 3, 4.
    # The fund owns half of the equity: (400 - 168.8882) / 2 = 115.5559, 165.5559, 215.5559.
    model = one_factor()
    plan = plan_fund([project()], model, 5, 0.0)
    assert plan.called == pytest.approx([100.0, 100.0, 0.0, 0.0, 0.0, 0.0])
    instalment = 42.0 / (1.0 - 1.1**-3)
    cash = distributable_paths(plan, model, 3, seed=1)
    expected = [0.0, 0.0, *((x - instalment) / 2.0 for x in (400.0, 500.0, 600.0)), 0.0]
    assert expected[2:5] == pytest.approx([115.5559, 165.5559, 215.5559], abs=5e-5)
    for path in range(3):
        assert cash[:, path] == pytest.approx(expected, abs=1e-9)
    outcome = run_fund(Waterfall((Decimal(200), Decimal(0)), 1, EUROPEAN), plan.called, cash)
    # Preferred return: year 1 owes 8 on 100; year 2: 8 % of 208 + 8 = 24.64 on 200. 115.5559 goes to capital, 84.4441
    # left. Year 3: 24.64 + 8 % of (84.4441 + 24.64) = 33.366728. 165.5559 pays 84.4441, 33.3667, then the catch-up
    # 33.3667 / 4 = 8.3417, and of the remaining 39.4034 20 % = 7.8807. Year 4: 20 % of 215.5559 = 43.1112.
    profit = sum(expected) - 200.0
    assert outcome.received_cny[1] == pytest.approx([0.2 * profit] * 3, abs=0.02)  # paid in whole cents
    assert 0.2 * profit == pytest.approx(8.3417 + 7.8807 + 43.1112, abs=2e-4)
    assert outcome.received_cny[0] == pytest.approx([200.0 + 0.8 * profit] * 3, abs=0.02)
    assert outcome.cumulated_cny[:, 0] == pytest.approx(
        np.cumsum(expected) - [100.0] + [0, *[-100.0] * 5], abs=0.02
    )
    rate = outcome.irr_annual[0, 0]
    investor = [-100.0, -100.0, 115.5559, 165.5559 - 8.3417 - 7.8807, 215.5559 - 43.1112]
    assert sum(flow / (1.0 + rate) ** t for t, flow in enumerate(investor)) == pytest.approx(0.0, abs=0.02)
    assert np.isnan(outcome.irr_annual[1]).all()  # the manager pays nothing in
    assert outcome.conservation_error_cny < 1e-10


def test_the_fee_is_called_on_top_of_what_was_paid_in() -> None:
    # 100 in year 0; year 1: 100 + 2 % of 100 = 102; year 2: 2 % of 202 = 4.04; year 3: 2 % of 206.04 = 4.1208.
    assert capital_calls([project()], 3, 0.02) == pytest.approx([100.0, 102.0, 4.04, 4.1208])


def test_an_owner_is_not_liable_for_a_shortfall() -> None:
    model = one_factor()
    plan = plan_fund([project(units=[1.0, -50.0, 60.0])], model, 5, 0.0)
    cash = distributable_paths(plan, model, 1, seed=1)[:, 0]
    assert cash[:4] == pytest.approx([0.0] * 4)
    assert cash[4] > 0.0


def test_rows_between_two_years_are_paid_in_the_later_one_and_after_the_life_not_at_all() -> None:
    model = one_factor(growth=0.1)
    given = project(times=[0.0, 0.5, 1.0, 1.5, 9.0], units=[1.0, 2.0, 4.0, 8.0, 16.0], debt=0.0, share=1.0)
    plan = plan_fund([given], model, 4, 0.0)
    assert plan.rows_beyond == 1
    grown = [10.0 * np.exp(0.1 * t) for t in (1.0, 1.5, 2.0, 2.5)]
    cash = distributable_paths(plan, model, 2, seed=1)[:, 0]
    assert cash == pytest.approx([0.0, grown[0], 2.0 * grown[1] + 4.0 * grown[2], 8.0 * grown[3], 0.0])


def test_a_project_finished_in_year_0_with_a_row_at_completion_uses_the_price_of_today() -> None:
    model = one_factor(volatility=0.5)
    plan = plan_fund([project(times=[0.0], units=[3.0], start=0, end=0, debt=0.0, share=1.0)], model, 1, 0.0)
    assert distributable_paths(plan, model, 4, seed=1)[0] == pytest.approx([30.0] * 4)


def test_the_mean_on_random_paths_is_the_forward() -> None:
    # Without debt and with positive units the floor never binds, so the mean is units x forward x equity share.
    model = one_factor(volatility=0.3)
    given = project(debt=0.0, cv=0.2)
    plan = plan_fund([given], model, 5, 0.0)
    n = 40_000
    cash = distributable_paths(plan, model, n, seed=7)
    forward = model.forward([2.0, 3.0, 4.0])[0]
    for year, units, price in zip((2, 3, 4), (40.0, 50.0, 60.0), forward, strict=True):
        error = cash[year].std(ddof=1) / np.sqrt(n)
        assert abs(cash[year].mean() - 0.25 * units * price) < 4.0 * error


@pytest.mark.parametrize("block", [PATH_GROUP, 3 * PATH_GROUP])
def test_paths_are_the_same_in_any_block(block: int) -> None:
    model = one_factor(volatility=0.4)
    projects = [
        project(cv=0.3),
        project(start=1, end=2, cv=0.1),
        project(times=[0.5, 1.5], units=[90.0, 80.0]),
    ]
    plan = plan_fund(projects, model, 6, 0.02)
    waterfall = Waterfall((Decimal(700), Decimal(300)), 1, EUROPEAN)
    n_all = 4 * PATH_GROUP + 1
    whole = run_fund(waterfall, plan.called, distributable_paths(plan, model, n_all, seed=3))
    for first in range(0, n_all, block):
        n = min(block, n_all - first)
        part = run_fund(waterfall, plan.called, distributable_paths(plan, model, n, seed=3, first_path=first))
        for name in ("irr_annual", "received_cny", "cumulated_cny"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:, first : first + n])


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(ValueError, match="end_year: found year 1, expected at most 0"):
        plan_fund([project()], one_factor(), 0, 0.0)
    with pytest.raises(ValueError, match="no operating year"):
        plan_fund([project(times=[0.0], units=[1.0])], one_factor(), 5, 0.0)
    with pytest.raises(KeyError, match="ticket"):
        plan_fund([project()], FactorModel((PrimaryFactor("cny", 0.0),), (), np.eye(1)), 5, 0.0)
