"""Assumptions by sector: every project has one on the factors that it hangs on, and broken files are refused."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from quant.cashflows import irr
from quant.fund_paths.projects import ConstructionRisk, ProjectExit
from services.fund.pipeline.project import Project
from services.fund.pipeline.sector_assumptions import (
    FactorShare,
    SectorAssumption,
    investment_for,
    read_sector_assumptions,
)
from services.fund.simulation.market import factor_levels, with_fund_factors
from services.runtime.errors import InvalidInput
from services.runtime.market import read_snapshot

DATA = Path(__file__).parents[3] / "data"
SECTORS = DATA / "fund" / "sector_assumptions.toml"
STANDARD = read_snapshot(DATA / "market" / "standard.toml")
PROJECTS = [
    *read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026),
    *read_projects(DATA / "zhangye_eco_industry_projects_2020.csv", ECO_INDUSTRY_2020),
]
# What the cash of a project hangs on by what it is, whatever the figures.
HANGS_ON = {
    "R01": {"ccer_price", "ecosystem_yield"},  # restoration
    "R04": {"farm_price", "allocation.heihe.irrigation"},  # greenhouses
    "R05": {"farm_price", "ecosystem_yield"},  # grazing
    "R08": {"tourism_demand"},
    "R11": {"ccer_price", "carbon_ticket_price", "water_price"},  # trading platform
    "R12": {"power_price", "green_certificate_price"},  # wind and solar
    "R14": {"power_price", "green_certificate_price"},
    "R15": {"farm_price", "ecosystem_yield"},  # desert plants
    "R18": {"power_price", "cea_price"},  # hydrogen: power is a cost
    "R19": {"farm_price", "cea_price"},  # methanol from straw
    "E01": {"farm_price", "allocation.heihe.irrigation"},
    "E06": {"farm_price", "ccer_price"},  # biogas
    "E14": {"tourism_demand"},  # spa
    "E34": {"power_price"},  # data centre
    "E38": {"tourism_demand"},
    "E44": {"power_price", "green_certificate_price"},
    "E46": {"power_price", "farm_price"},  # biomass: straw is a cost
    "E48": {"power_price", "inflow.yingluoxia"},  # hydropower
    "E58": {"power_price", "cea_price"},  # coal
    "E65": {"tourism_demand"},
    "E78": {"farm_price"},  # cold chain
}


def test_every_project_of_both_lists_has_an_assumption_on_factors_of_the_market() -> None:
    assumptions = read_sector_assumptions(SECTORS)
    known = set(with_fund_factors(STANDARD).factor_model().names)
    used = set()
    for project in PROJECTS:
        row = assumptions.row_for(project)
        used.add(row)
        assert row.reasoning.startswith("假设 / assumption: ")
        assert {moved.factor for moved in (*row.factors, *row.cost_factors)} <= known
        # A row that earns nothing and costs nothing is one into which the fund puts nothing.
        assert (
            row.revenue_yield_annual * (1.0 - row.variable_cost_share) > row.fixed_cost_yield_annual
            or row.fund_equity_share == 0.0
        )
    assert used == set(assumptions.rows)  # no row is there for nothing
    assert STANDARD.level("cny") == 1.0


@pytest.mark.parametrize(("project_id", "factors"), HANGS_ON.items())
def test_a_project_is_exposed_to_what_it_hangs_on(project_id: str, factors: set[str]) -> None:
    (project,) = (p for p in PROJECTS if p.project_id == project_id)
    levels = factor_levels(with_fund_factors(STANDARD))
    (investment,) = read_sector_assumptions(SECTORS).investments([project], levels)
    assert factors <= set(investment.operations.factors)


def test_the_supplement_leaves_the_draws_of_the_market_as_they_are() -> None:
    market = with_fund_factors(STANDARD)
    assert with_fund_factors(market) is market
    one, other = STANDARD.factor_model(), market.factor_model()
    times = [1.0, 2.5]
    for name in one.names:
        np.testing.assert_array_equal(
            one.simulate(times, 8, 3)[one.index(name)], other.simulate(times, 8, 3)[other.index(name)], name
        )


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("debt_share = 0.5", "debt_share = 1.5", "assumptions[1].debt_share"),
        ("common_share = 0.4", "common_share = 1.4", "common_share"),
        (
            "delay_probabilities = [0.2, 0.05]",
            "delay_probabilities = [0.9, 0.2]",
            "assumptions[0].delay_probabilities",
        ),
        ("variable_cost_share = 0.2", "variable_cost_share = -0.2", "assumptions[0].variable_cost_share"),
        ("share = 0.5 }", "share = 0.4 }", "assumptions[0].factors"),
        ("exit_years_of_cash = 4.0", "exit_years_of_cash = -4.0", "assumptions[1].exit.years_of_cash"),
    ],
)
def test_a_wrong_row_is_refused_with_the_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    text = SECTORS.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "sectors.toml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_sector_assumptions(broken)
    assert f"{broken}: {place}" in [violation.field for violation in caught.value.violations]


def test_an_unknown_sector_is_refused() -> None:
    stranger = Project("X", "p", "x", "造船", "甘州区", 2026, 2026, Decimal(1))
    with pytest.raises(InvalidInput, match="project X: found '造船'"):
        read_sector_assumptions(SECTORS).row_for(stranger)


def test_an_investment_worked_by_hand() -> None:
    # 1000 CNY; receipts 30 % a year, half of them variable cost, fixed cost 5 %: 150 - 50 = 100 of a full year, 10 %.
    # Ramp-up 50 %, receipts half on a ticket at 20 CNY, cost on power at 2.
    row = SectorAssumption(
        sector="s", revenue_yield_annual=0.3, variable_cost_share=0.5, fixed_cost_yield_annual=0.05,
        operating_years=3, ramp_up=(0.5,), fund_equity_share=0.2, debt_share=0.5, debt_rate_annual=0.0,
        exit_years_of_cash=4.0, quantity_cv=0.3, factors=(FactorShare("ticket", 0.5), FactorShare("cny", 0.5)),
        cost_factors=(FactorShare("power", 1.0),), reasoning="assumption", delay_probabilities=(0.2,),
        overrun_mean=0.1, overrun_log_sd=0.15, abandonment_intensity_annual=0.01, stop_after_negative_years=4,
    )  # fmt: skip
    project = Project("X", "p", "x", "s", "甘州区", 2026, 2027, Decimal(1000))
    levels = {"ticket": 20.0, "cny": 1.0, "power": 2.0}
    investment = investment_for(project, row, levels, common_share=0.4)
    operations = investment.operations
    got = {
        (float(time), factor): float(units)
        for time, factor, units in zip(
            operations.times_years, operations.factors, operations.quantities, strict=True
        )
    }
    assert got == pytest.approx(
        {
            (1.0, "ticket"): 37.5 / 20.0, (1.0, "cny"): 37.5, (1.0, "power"): -25.0,
            (2.0, "ticket"): 75.0 / 20.0, (2.0, "cny"): 75.0, (2.0, "power"): -25.0,
            (3.0, "ticket"): 75.0 / 20.0, (3.0, "cny"): 75.0, (3.0, "power"): -25.0,
        }
    )  # fmt: skip
    assert operations.terms.quantity_cv == 0.3
    assert investment.risk == ConstructionRisk((0.2,), 0.1, 0.15, 0.4, 0.01, 4)
    assert investment.exit == ProjectExit(4.0)
    with pytest.raises(InvalidInput, match="'ticket' is not a factor"):
        investment_for(project, row, {"cny": 1.0, "power": 1.0})


def test_receipts_are_set_as_the_file_says() -> None:
    # A project with debt that is built in two years as planned earns 6.5 to 10 % a year before debt.
    for row in read_sector_assumptions(SECTORS).rows:
        if row.debt_share == 0.0:
            continue
        ramp = [*row.ramp_up, *[1.0] * row.operating_years][: row.operating_years]
        receipts = row.revenue_yield_annual * (1.0 - row.variable_cost_share)
        flows = [-0.5, -0.5, *(share * receipts - row.fixed_cost_yield_annual for share in ramp)]
        assert 0.065 < irr(flows) < 0.10, row.sector
