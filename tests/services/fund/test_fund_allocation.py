"""Allocation of stored projects: the real pipeline, limits by hand, prices, contradictions, and what is refused."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.pipeline.project_files import RESERVE_2026, read_projects
from services.fund.allocation.choosing import allocate
from services.fund.allocation.question import (
    AllocationLimits,
    AllocationRequest,
    GroupKind,
    GroupLimit,
    Unit,
    YearBudget,
)
from services.fund.pipeline.project import Project
from services.fund.pipeline.sector_assumptions import read_sector_assumptions
from services.fund.simulation.market import factor_levels, with_fund_factors
from services.fund.simulation.outcome import Investment
from services.runtime.errors import Cancelled, InvalidInput
from services.runtime.market import read_snapshot
from tests.services.fund.fund_cases import investment, market, project

DATA = Path(__file__).parents[3] / "data"
RESERVE = read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026)


def by_hand(*earnings: float) -> tuple[list[Project], tuple[Investment, ...]]:
    """Projects A, B, C, ... that cost the fund 100 a year in 2026 and 2027 and earn so much in each of three years."""
    names = "ABCDEFG"[: len(earnings)]
    projects = [project(name, cny=200) for name in names]
    investments = [
        investment(name, share=1.0, debt=0.0, units=[units / 10.0] * 3)
        for name, units in zip(names, earnings, strict=True)
    ]
    return projects, tuple(investments)


def ask(investments: Sequence[Investment], **options: Any) -> AllocationRequest:
    limits = AllocationLimits(**options.pop("limits", {}))
    small = {"n_scenarios": 20, "n_check_paths": 256, "gap": 0.0}
    return AllocationRequest(market(), tuple(investments), 2026, 6, limits, **{**small, **options})


def chosen(request: AllocationRequest, projects: Sequence[Project]) -> list[str]:
    (choice,) = allocate(request, projects).frontier
    return [each.project_id for each in choice.projects]


def test_without_chance_the_best_pairs_are_chosen_under_a_budget() -> None:
    # Values at a curve of 2 %: three times the earnings, discounted, less the cost. C, D and A in this order; 200 a
    # year is enough for two.
    projects, investments = by_hand(100.0, 60.0, 140.0, 120.0)
    budget = (YearBudget(2026, Decimal(200)), YearBudget(2027, Decimal(200)))
    request = ask(investments, limits={"budgets": budget}, aversions=(0.0,))
    assert chosen(request, projects) == ["C", "D"]
    (choice,) = allocate(request, projects).frontier
    worth = sum(
        earned * sum(1.02**-t for t in (2, 3, 4)) - 100.0 * (1 + 1 / 1.02) for earned in (140.0, 120.0)
    )
    assert choice.objective_cny == pytest.approx(worth)
    assert choice.out_of_sample.mean_cny == pytest.approx(worth)
    assert choice.cost_cny == pytest.approx(400.0)
    assert choice.leverage == pytest.approx(1.0)
    # All budgets are used. One CNY more takes a hundredth of A, which is worth 100 a-2..4 - 198.04.
    a = 100.0 * sum(1.02**-t for t in (2, 3, 4)) - 100.0 * (1 + 1 / 1.02)
    together = sum(limit.relaxed_price_cny for limit in choice.limits)
    assert together == pytest.approx(a / 100.0, rel=1e-6)


def test_a_project_that_loses_is_not_chosen_unless_it_must_be() -> None:
    projects, investments = by_hand(100.0, 50.0)
    assert chosen(ask(investments), projects) == ["A"]
    assert chosen(ask(investments, limits={"required": ("p/B",)}), projects) == ["A", "B"]
    assert chosen(ask(investments, limits={"exclusive": (("p/A", "p/B"),), "min_projects": 1}), projects) == [
        "A"
    ]


def test_counties_in_a_text_share_a_project() -> None:
    projects, investments = by_hand(100.0, 100.0)
    projects[0] = replace(projects[0], county="甘州区、临泽县")
    projects[1] = replace(projects[1], county="高台县")
    both = (GroupLimit(GroupKind.COUNTY, "临泽县", min_share=0.2),)
    (choice,) = allocate(ask(investments, limits={"groups": both}), projects).frontier
    (status,) = choice.limits
    # A is half in Linze, a quarter of both projects.
    assert status.used == pytest.approx(0.25)
    assert (status.unit, status.bound, status.binds) == (Unit.SHARE, 0.2, False)


def test_what_a_year_leaves_may_be_carried_forward() -> None:
    # A costs 100 in 2026 and in 2027, B and C 200 each in 2027: all three need 100 and 500.
    projects, investments = by_hand(100.0, 100.0, 100.0)
    later = [projects[0], *(replace(p, start_year=2027, end_year=2027) for p in projects[1:])]
    budgets = (YearBudget(2026, Decimal(400)), YearBudget(2027, Decimal(200)))
    assert len(chosen(ask(investments, limits={"budgets": budgets}), later)) < 3
    kept = {"budgets": budgets, "carry_forward": True}
    (choice,) = allocate(ask(investments, limits=kept), later).frontier
    assert [limit.used for limit in choice.limits] == pytest.approx([100.0, 600.0])
    assert [limit.bound for limit in choice.limits] == pytest.approx([400.0, 600.0])


def test_a_limit_that_binds_has_its_price_verified_by_solving_again() -> None:
    projects, investments = by_hand(100.0, 60.0, 140.0, 120.0)
    limits = {"max_total_cny": Decimal(400)}
    (choice,) = allocate(
        ask(investments, limits=limits, aversions=(0.0,), price_limits=True, share_steps=10), projects
    ).frontier
    (status,) = choice.limits
    assert status.binds
    assert status.gain_low_cny is not None
    assert status.gain_high_cny is not None
    # 5 % more is 20 CNY: a tenth of project A, which is worth its mean value a tenth.
    a = 100.0 * sum(1.02**-t for t in (2, 3, 4)) - 100.0 * (1 + 1 / 1.02)
    assert status.relaxed_by == pytest.approx(20.0)
    assert status.gain_low_cny <= a / 10.0 + 1e-6
    assert status.gain_high_cny >= a / 10.0 - 1e-6
    assert status.gain_high_cny - status.gain_low_cny < 1e-3
    assert status.relaxed_price_cny == pytest.approx(a / 200.0, rel=1e-6)


@pytest.mark.parametrize("times", [1, 10**4, 10**8])
def test_the_price_of_a_budget_does_not_hang_on_the_size_of_the_fund(times: int) -> None:
    # As above, everything so many times as large: one CNY more brings the same.
    projects, investments = by_hand(*(100.0 * times, 60.0 * times, 140.0 * times, 120.0 * times))
    larger = [replace(each, total_investment_cny=each.total_investment_cny * times) for each in projects]
    limits = {"max_total_cny": Decimal(400 * times)}
    (choice,) = allocate(ask(investments, limits=limits, aversions=(0.0,)), larger).frontier
    (status,) = choice.limits
    a = 100.0 * sum(1.02**-t for t in (2, 3, 4)) - 100.0 * (1 + 1 / 1.02)
    assert status.binds
    assert status.relaxed_price_cny == pytest.approx(a / 200.0, rel=1e-6)


def test_limits_that_cannot_all_be_kept_say_which_to_relax() -> None:
    projects, investments = by_hand(100.0, 60.0, 140.0)
    limits = {"max_total_cny": Decimal(300), "required": ("p/A", "p/B"), "min_projects": 1}
    answer = allocate(ask(investments, limits=limits), projects)
    assert answer.frontier == ()
    assert answer.infeasibility is not None
    assert set(answer.infeasibility.conflict) == {
        "limits.max_total",
        "limits.required[0]",
        "limits.required[1]",
    }
    (relax,) = answer.infeasibility.relax
    # 100 more on 300 is a smaller part than a whole required project.
    assert (relax.limit, relax.unit) == ("limits.max_total", Unit.CNY)
    assert relax.by == pytest.approx(100.0)


@pytest.mark.parametrize("searches", [0, 1, 3])
def test_no_further_search_begins_where_nobody_waits(searches: int) -> None:
    projects, investments = by_hand(140.0, 130.0, 120.0)
    request = ask(investments, aversions=(0.0, 0.5, 1.0, 2.0))
    asked = 0

    def time_left_s() -> float:
        nonlocal asked
        if asked == searches:
            raise Cancelled("the caller went away")
        asked += 1
        return 30.0

    with pytest.raises(Cancelled):
        allocate(request, projects, time_left_s=time_left_s)
    assert asked == searches


def test_the_time_that_is_left_changes_no_choice() -> None:
    projects, investments = by_hand(140.0, 130.0, 120.0)
    request = ask(investments)
    assert allocate(request, projects, time_left_s=lambda: 20.0) == allocate(request, projects)


def test_the_reserve_list_with_real_limits() -> None:
    snapshot = with_fund_factors(read_snapshot(DATA / "market" / "standard.toml"))
    assumptions = read_sector_assumptions(DATA / "fund" / "sector_assumptions.toml")
    investments = assumptions.investments(RESERVE, factor_levels(snapshot))
    limits = AllocationLimits(
        max_total_cny=Decimal(170_000_000),
        groups=(
            GroupLimit(GroupKind.COUNTY, "高台县", max_share=0.5),
            GroupLimit(GroupKind.SECTOR, "农文旅融合项目", 0.1),
        ),
        min_leverage=15.0,
        exclusive=(("reserve_2026/R12", "reserve_2026/R13"),),
    )
    request = AllocationRequest(
        snapshot, investments, 2026, 15, limits, (0.0, 1.0), n_scenarios=100, n_check_paths=1024
    )
    answer = allocate(request, RESERVE)
    first, averse = answer.frontier
    assert (first.aversion, averse.aversion) == (0.0, 1.0)
    # More aversion takes no more mean and no more tail than the search's gap allows.
    assert averse.in_sample.mean_cny <= first.bound_cny
    for choice in answer.frontier:
        names = {each.project_id for each in choice.projects}
        assert choice.cost_cny <= 170_000_000 + 1
        assert choice.leverage >= 15.0 - 1e-9
        assert not {"R12", "R13"} <= names
        assert "R20" not in names  # the fund puts nothing into it
        assert choice.gap <= 0.01
        share = sum(each.cost_cny for each in choice.projects if each.project_id in {"R08", "R09", "R10"})
        assert share >= 0.1 * choice.cost_cny - 1
        # The mean on other paths is that on the scenarios within their errors.
        error = np.hypot(choice.in_sample.mean_error_cny, choice.out_of_sample.mean_error_cny)
        assert abs(choice.in_sample.mean_cny - choice.out_of_sample.mean_cny) < 5.0 * error
    assert "CANDIDATE_COSTS_NOTHING" in [caution.code for caution in answer.cautions]
    assert answer.assumptions[0].startswith("R01: 假设")
    again = allocate(request, RESERVE)
    assert again == answer


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"groups": (GroupLimit(GroupKind.COUNTY, "甘州区", 0.6, 0.4),)}, "limits.groups[0].min_share"),
        ({"groups": (GroupLimit(GroupKind.COUNTY, "甘州区"),)}, "limits.groups[0].min_share"),
        ({"groups": (GroupLimit(GroupKind.COUNTY, "火星", 0.1),)}, "limits.groups[0].name"),
        ({"groups": (GroupLimit(GroupKind.SECTOR, "造船", 0.1),)}, "limits.groups[0].name"),
        (
            {
                "groups": (
                    GroupLimit(GroupKind.SECTOR, "旅游", 0.7),
                    GroupLimit(GroupKind.SECTOR, "农业", 0.4),
                )
            },
            "limits.groups[1].min_share",
        ),
        ({"min_total_cny": Decimal(100), "max_total_cny": Decimal(50)}, "limits.min_total"),
        ({"min_total_cny": Decimal(10**6)}, "limits.min_total"),
        ({"min_projects": 3}, "limits.min_projects"),
        ({"min_projects": 2, "max_projects": 1}, "limits.min_projects"),
        ({"required": ("p/Z",)}, "limits.required[0]"),
        ({"exclusive": (("p/A",),)}, "limits.exclusive[0].projects"),
        ({"required": ("p/A", "p/B"), "exclusive": (("p/A", "p/B"),)}, "limits.exclusive[0].projects"),
        ({"budgets": (YearBudget(1999, Decimal(1)),)}, "limits.budgets[0].year"),
        ({"budgets": (YearBudget(2026, Decimal(1)), YearBudget(2026, Decimal(1)))}, "limits.budgets[1].year"),
    ],
)
def test_limits_that_contradict_themselves_are_refused_with_the_place(
    limits: dict[str, Any], field: str
) -> None:
    projects, investments = by_hand(100.0, 60.0)
    projects[1] = replace(projects[1], sector="农业")
    with pytest.raises(InvalidInput) as caught:
        allocate(ask(investments, limits=limits), projects)
    assert field in [violation.field for violation in caught.value.violations]


def test_a_candidate_that_ends_before_it_starts_or_stands_twice_is_refused() -> None:
    projects, investments = by_hand(100.0, 60.0)
    wrong = [projects[0], replace(projects[1], start_year=2028)]
    with pytest.raises(InvalidInput) as caught:
        allocate(ask(investments), wrong)
    assert [violation.field for violation in caught.value.violations] == ["candidates[1].project_id"]
    with pytest.raises(InvalidInput, match="found 'p/A' twice"):
        allocate(ask([investments[0], investments[0]]), [projects[0], projects[0]])
