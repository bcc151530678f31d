"""Bundled term sheets and sector assumptions, and broken ones."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from quant.waterfall_steps import CarrySplit, CatchUp
from services.fund.project import Project
from services.fund.sector_assumptions import (
    FactorShare,
    SectorAssumption,
    assumption_for,
    investment_for,
    read_sector_assumptions,
)
from services.fund.term_sheets import read_term_sheets
from services.fund.terms import PreferredReturn, ReturnOfCapital
from services.runtime.errors import InvalidInput
from services.runtime.market import read_snapshot

DATA = Path(__file__).parents[3] / "data"
SHEETS = DATA / "fund" / "term_sheets.toml"
SECTORS = DATA / "fund" / "sector_assumptions.toml"


def test_the_bundled_sheets_can_be_run_and_say_what_is_assumed() -> None:
    sheets = read_term_sheets(SHEETS)
    assert list(sheets) == ["qilian", "european", "benefit_sharing"]
    for sheet in sheets.values():
        sheet.terms.waterfall()
        assert sheet.published
        assert all("assumption" in text for text in sheet.terms.assumptions)
    # Planned size 10e8 (zuiniuwang.cn 5915).
    assert sum(p.commitment_cny for p in sheets["qilian"].terms.partners) == Decimal(10**9)
    assert sheets["european"].terms.steps == (
        ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), CarrySplit(0.2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("carry_split = { carry_share = 0.2 }", "return_of_capital = {}", "steps[3]"),
        ("manager_share = 1.0", "manager_share = 0.2", "steps[2].catch_up.manager_share"),
        ('sheet_id = "european"', 'sheet_id = "qilian"', "term_sheets[1].sheet_id"),
        ("{ return_of_capital = {} }", "{}", "steps[0]"),
        ('partner_class = "manager"', 'partner_class = "boss"', "$.term_sheets[0].partners[3].partner_class"),
        ("life_years = 15", 'life_years = "15"', "$.term_sheets[0].life_years"),
        ("life_years = 15", "life_years = 51", "term_sheets[0].life_years"),
        ("fee_rate_annual", "fee", "fee"),
        ("[[term_sheets]]", "[[term_sheets", "term_sheets.toml"),
        ("from_multiple = 2.5", "from_multiple = 1.5", "steps[3].cede_excess.tiers[1].from_multiple"),
    ],
)
def test_a_broken_sheet_is_refused_with_the_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    text = SHEETS.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "term_sheets.toml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_term_sheets(broken)
    assert any(place in str(violation) for violation in caught.value.violations)
    assert all("term_sheets.toml" in str(violation) for violation in caught.value.violations)


def test_every_project_of_both_lists_has_an_assumption_on_factors_of_the_market() -> None:
    rows = read_sector_assumptions(SECTORS)
    market = read_snapshot(DATA / "market" / "standard.toml")
    known = market.factor_model().names
    projects = [
        *read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026),
        *read_projects(DATA / "zhangye_eco_industry_projects_2020.csv", ECO_INDUSTRY_2020),
    ]
    used = set()
    for project in projects:
        row = assumption_for(project, rows)
        used.add(row)
        assert row.reasoning.startswith("假设 / assumption: ")
        assert {moved.factor for moved in row.factors} <= set(known)
    assert used == set(rows)  # no row is there for nothing
    assert market.level("cny") == 1.0


def test_a_wrong_row_is_refused_with_the_place(tmp_path: Path) -> None:
    broken = tmp_path / "sectors.toml"
    broken.write_text(
        SECTORS.read_text(encoding="utf-8").replace("debt_share = 0.5", "debt_share = 1.5", 1),
        encoding="utf-8",
    )
    with pytest.raises(InvalidInput) as caught:
        read_sector_assumptions(broken)
    assert "sectors.toml: assumptions[1].debt_share" in str(caught.value.violations[0])


def test_an_unknown_sector_is_refused() -> None:
    stranger = Project("X", "p", "x", "造船", "甘州区", 2026, 2026, Decimal(1))
    with pytest.raises(InvalidInput, match="project X: found '造船'"):
        assumption_for(stranger, read_sector_assumptions(SECTORS))


def test_an_investment_worked_by_hand() -> None:
    # 1000 CNY, built 2026-2027, 10 % a year for 5 years, ramp-up 50 %, half of it on a ticket at 20 CNY.
    row = SectorAssumption(
        sector="s", operating_yield_annual=0.1, operating_years=5, ramp_up=(0.5,), fund_equity_share=0.2,
        debt_share=0.5, debt_rate_annual=0.0, exit_years_of_cash=4.0, quantity_cv=0.3,
        factors=(FactorShare("ticket", 0.5), FactorShare("cny", 0.5)), reasoning="assumption",
    )  # fmt: skip
    project = Project("X", "p", "x", "s", "甘州区", 2026, 2027, Decimal(1000))
    levels = {"ticket": 20.0, "cny": 1.0}
    # Life 4 from 2026: sold in 2030, three years after completion, for 4 x 100 less debt 500 x (1 - 3/5) = 200.
    investment = investment_for(project, row, levels, first_year=2026, life_years=4)
    got: dict[tuple[float, str], float] = {}
    operations = investment.operations
    for time, factor, units in zip(
        operations.times_years, operations.factors, operations.quantities, strict=True
    ):
        got[float(time), factor] = got.get((float(time), factor), 0.0) + float(units)
    assert got == pytest.approx(
        {
            (1.0, "ticket"): 25.0 / 20.0,
            (1.0, "cny"): 25.0,
            (2.0, "ticket"): 50.0 / 20.0,
            (2.0, "cny"): 50.0,
            (3.0, "ticket"): (50.0 + 200.0) / 20.0,
            (3.0, "cny"): 50.0 + 200.0 - 200.0,
            (4.0, "ticket"): 50.0 / 20.0,
            (4.0, "cny"): 50.0,
            (5.0, "ticket"): 50.0 / 20.0,
            (5.0, "cny"): 50.0,
        }
    )
    assert np.all(np.diff(operations.times_years) >= 0.0)
    assert operations.terms.quantity_cv == 0.3
    # Life 10: it ends by itself and is not sold.
    held = investment_for(project, row, levels, first_year=2026, life_years=10).operations
    assert float(held.quantities @ np.where(np.array(held.factors) == "ticket", 20.0, 1.0)) == pytest.approx(
        450.0
    )
    with pytest.raises(InvalidInput, match="'ticket' is not a factor"):
        investment_for(project, row, {"cny": 1.0}, first_year=2026, life_years=4)
