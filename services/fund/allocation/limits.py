"""Limits on a choice of projects: what is wrong with them, and what they are as rows of a program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from quant.allocation.choice import FloatArray, Limit
from services.fund.allocation.question import AllocationLimits, AllocationRequest, GroupKind, Unit
from services.fund.pipeline.county import counties_of
from services.fund.pipeline.project import Project
from services.runtime.violations import Violations


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What limits count, in the order of the candidates.

    Attributes:
        projects: stored.
        costs: what the fund pays by plan, [n, n_years].
        investments: total, [n].
        first_year: calendar year of the first column of the costs.
    """

    projects: tuple[Project, ...]
    costs: FloatArray
    investments: FloatArray
    first_year: int

    @property
    def totals(self) -> FloatArray:
        """What the fund pays for each in all, [n]."""
        total: FloatArray = self.costs.sum(axis=1)
        return total

    def part_in(self, kind: GroupKind, name: str) -> FloatArray:
        """Which part of each project belongs to a sector or county, [n]."""
        if kind is GroupKind.SECTOR:
            return np.array([float(project.sector == name) for project in self.projects])
        places = [counties_of(project.county) for project in self.projects]
        return np.array([1.0 / len(place) if name in place else 0.0 for place in places])

    def position(self, key: str) -> int | None:
        """Position of "pipeline/project_id", None where there is none."""
        keys = [name_of(project) for project in self.projects]
        return keys.index(key) if key in keys else None


@dataclass(frozen=True, slots=True, eq=False)
class StatedLimit:
    """A limit as it was stated.

    Attributes:
        path: in the request.
        unit: of bound and use.
        bound: as stated.
        limit: as a row.
        is_floor: whether it is a least rather than a most.
    """

    path: str
    unit: Unit
    bound: float
    limit: Limit
    is_floor: bool

    def used(self, shares: FloatArray) -> float:
        """What a choice uses, in the unit."""
        x = np.ceil(shares - 1e-9) if self.limit.of_taken else shares
        room = self.limit.bound - float(self.limit.weights @ x)
        unit = self.limit.unit_at(x)
        if unit == 0.0:  # a share of nothing
            return 0.0
        return self.bound + room / unit if self.is_floor else self.bound - room / unit


def name_of(project: Project) -> str:
    """How limits write a project."""
    return f"{project.pipeline}/{project.project_id}"


def check_limits(request: AllocationRequest, candidates: Candidates, at: Violations) -> None:
    """Note every limit that names nothing or contradicts itself."""
    limits = request.limits
    n, total = len(candidates.projects), float(candidates.totals.sum())
    years = range(request.first_year, request.first_year + request.life_years + 1)
    seen: set[int] = set()
    for i, budget in enumerate(limits.budgets):
        here = at.at(f"budgets[{i}]")
        here.require_range("year", budget.year, years[0], years[-1])
        here.require(budget.year not in seen, "year", f"found {budget.year} twice, expected each once")
        seen.add(budget.year)
    low, high = limits.min_total_cny, limits.max_total_cny
    if low is not None:
        if high is not None:
            contradiction = f"found {low:,.2f} above max_total ({high:,.2f}), expected at most that"
            at.require(low <= high, "min_total", contradiction)
        at.require(
            float(low) <= total,
            "min_total",
            f"found {low:,.2f}, expected at most the {total:,.2f} that all candidates cost",
        )
    few, many = limits.min_projects, limits.max_projects
    if few is not None:
        at.require(few <= n, "min_projects", f"found {few}, expected at most the {n} candidates")
        at.require(many is None or few <= many, "min_projects", f"found {few} above max_projects ({many})")
    _check_groups(limits, candidates, at)
    for i, key in enumerate(limits.required):
        found = f"found {key!r}, expected a candidate written pipeline/project_id"
        at.require(candidates.position(key) is not None, f"required[{i}]", found)
    for i, group in enumerate(limits.exclusive):
        here = at.at(f"exclusive[{i}]")
        here.require(len(set(group)) >= 2, "projects", "expected at least two different projects")
        for k, key in enumerate(group):
            found = f"found {key!r}, expected a candidate written pipeline/project_id"
            here.require(candidates.position(key) is not None, f"projects[{k}]", found)
        both = [key for key in group if key in limits.required]
        here.require(
            len(both) < 2, "projects", f"{' and '.join(both)} are required, of which one may be chosen"
        )


def _check_groups(limits: AllocationLimits, candidates: Candidates, at: Violations) -> None:
    floors = dict.fromkeys(GroupKind, 0.0)
    seen: set[tuple[GroupKind, str]] = set()
    for i, group in enumerate(limits.groups):
        here = at.at(f"groups[{i}]")
        low, high = group.min_share, group.max_share
        part = candidates.part_in(group.kind, group.name)
        known = sorted(
            {p.sector for p in candidates.projects}
            if group.kind is GroupKind.SECTOR
            else {county for p in candidates.projects for county in counties_of(p.county)}
        )
        here.require(bool(part.any()), "name", f"found {group.name!r}, expected one of {', '.join(known)}")
        here.require((group.kind, group.name) not in seen, "name", f"found {group.name!r} twice")
        seen.add((group.kind, group.name))
        here.require(
            low is not None or high is not None, "min_share", "is absent as is max_share, expected one"
        )
        if low is not None:
            here.require(high is None or low <= high, "min_share", f"found {low} above max_share ({high})")
            floors[group.kind] += low
            here.require(
                floors[group.kind] <= 1.0 + 1e-9,
                "min_share",
                f"found smallest shares of {floors[group.kind]:g} up to here, expected at most 1 in all",
            )


def state_limits(limits: AllocationLimits, candidates: Candidates) -> tuple[StatedLimit, ...]:
    """Every limit as a row, in the order in which a request states them."""
    return (
        *_budget_rows(limits, candidates),
        *_amount_rows(limits, candidates),
        *_group_rows(limits, candidates),
        *_project_rows(limits, candidates),
    )


def _budget_rows(limits: AllocationLimits, candidates: Candidates) -> Iterator[StatedLimit]:
    budgets = {budget.year: float(budget.budget_cny) for budget in limits.budgets}
    for i, budget in enumerate(limits.budgets):
        at = budget.year - candidates.first_year
        weights, bound = candidates.costs[:, at], float(budget.budget_cny)
        if limits.carry_forward:
            # What earlier years with a budget left counts; years without one are outside.
            earlier = [year for year in budgets if year <= budget.year]
            weights = candidates.costs[:, [year - candidates.first_year for year in earlier]].sum(axis=1)
            bound = sum(budgets[year] for year in earlier)
        path = f"limits.budgets[{i}]"
        yield StatedLimit(path, Unit.CNY, bound, Limit(path, weights, bound), False)


def _amount_rows(limits: AllocationLimits, candidates: Candidates) -> Iterator[StatedLimit]:
    totals = candidates.totals
    if limits.max_total_cny is not None:
        bound = float(limits.max_total_cny)
        limit = Limit("limits.max_total", totals, bound)
        yield StatedLimit("limits.max_total", Unit.CNY, bound, limit, False)
    if limits.min_total_cny is not None:
        bound = float(limits.min_total_cny)
        limit = Limit("limits.min_total", -totals, -bound)
        yield StatedLimit("limits.min_total", Unit.CNY, bound, limit, True)
    if limits.min_leverage is not None:
        weights = limits.min_leverage * totals - candidates.investments
        limit = Limit("limits.min_leverage", weights, 0.0, 0.0, totals)
        yield StatedLimit("limits.min_leverage", Unit.MULTIPLE, limits.min_leverage, limit, True)


def _group_rows(limits: AllocationLimits, candidates: Candidates) -> Iterator[StatedLimit]:
    totals = candidates.totals
    for i, group in enumerate(limits.groups):
        part = totals * candidates.part_in(group.kind, group.name)
        if group.min_share is not None:
            path = f"limits.groups[{i}].min_share"
            limit = Limit(path, group.min_share * totals - part, 0.0, 0.0, totals)
            yield StatedLimit(path, Unit.SHARE, group.min_share, limit, True)
        if group.max_share is not None:
            path = f"limits.groups[{i}].max_share"
            limit = Limit(path, part - group.max_share * totals, 0.0, 0.0, totals)
            yield StatedLimit(path, Unit.SHARE, group.max_share, limit, False)


def _project_rows(limits: AllocationLimits, candidates: Candidates) -> Iterator[StatedLimit]:
    n = len(candidates.projects)
    for i, key in enumerate(limits.required):
        path = f"limits.required[{i}]"
        limit = Limit(path, -_marked(candidates, [key]), -1.0, of_taken=True)
        yield StatedLimit(path, Unit.PROJECTS, 1.0, limit, True)
    for i, group in enumerate(limits.exclusive):
        path = f"limits.exclusive[{i}]"
        limit = Limit(path, _marked(candidates, group), 1.0, of_taken=True)
        yield StatedLimit(path, Unit.PROJECTS, 1.0, limit, False)
    for path, number, sign in (
        ("limits.min_projects", limits.min_projects, -1.0),
        ("limits.max_projects", limits.max_projects, 1.0),
    ):
        if number is not None:
            limit = Limit(path, np.full(n, sign), sign * number, of_taken=True)
            yield StatedLimit(path, Unit.PROJECTS, float(number), limit, sign < 0.0)


def _marked(candidates: Candidates, keys: Sequence[str]) -> FloatArray:
    return np.array([float(name_of(project) in keys) for project in candidates.projects])
