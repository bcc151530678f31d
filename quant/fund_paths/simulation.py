"""A fund over many paths: projects, calls and proceeds on the common factors, distributions and their measures.

All flows of year t are dated t years from the first closing, which is also the valuation date of the factors. A block
of paths runs through `quant.fund_paths.walk` (projects), `quant.fund_paths.money` (calls, reinvestment, liquidity
line) and `quant.waterfall.over_paths` (who receives what); its measures are columns [n_paths] that
`quant.pledges.path_summary` takes up (docs/models/fund-simulation.md).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from quant.cashflows import irr
from quant.factors import FactorModel
from quant.fund_paths.grassroots import grassroots_columns
from quant.fund_paths.money import FundMoney, MoneyTerms, run_money
from quant.fund_paths.plan import FundPlan
from quant.fund_paths.projects import FloatArray
from quant.fund_paths.walk import ABANDONED, CLOSED, RUNNING, UNFINISHED, ProjectPaths, walk
from quant.pledges.path_summary import GROUP
from quant.waterfall.over_paths import (
    DealPaths,
    Waterfall,
    Year,
    check_conservation,
    received_by,
    run_deal_paths,
    run_paths,
)

Columns: TypeAlias = dict[Hashable, FloatArray]
PATH_GROUP = GROUP
"""Rates of return are searched in groups of so many paths: blocks that are multiples of it give the same last bits."""
_CENT = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class FundBlock:
    """Measures of a block of paths.

    Attributes:
        columns: [n_paths] by key: ("irr", g), ("received", g), ("paid", g), ("tvpi", g), ("loss", g) and ("payback", g)
            for a group g of recipients, ("dpi", g, year) and ("rvpi", g, year) for the report years, ("cumulated",
            year), ("called", year), ("line", year), ("gap", year) and ("shortfall", year), "peak_line", "line_needed",
            "line_unpaid", "called", "cost", "recycled", "fee", "gap", "shortfall", "investment", the sums that are
            asked for, and ("grassroots", place) and ("grassroots_cost", partner) where places are named; nan where a
            path has no such figure.
        projects: [n_paths] by (what, position): "abandoned", "closed", "unfinished", "delay", "cost", "value".
        conservation_error_cny: largest difference between cash in and cash out.
    """

    columns: Columns
    projects: Columns
    conservation_error_cny: float


@dataclass(frozen=True, slots=True, eq=False)
class FundRules:
    """What a path's cash runs through.

    Attributes:
        plan: projects on the years of the fund.
        money: calls, fee, reinvestment, liquidity line.
        waterfall: the terms.
        groups: positions of recipients that are measured together, by key; -1 is the grass roots.
        weights: of each project in the sums that are reported for projects that come into operation, by name, such as
            jobs, [n_projects].
        places: of the grass roots: share of each project that counts for a place, by name, [n_projects]; none where
            no step pays the grass roots.
    """

    plan: FundPlan
    money: MoneyTerms
    waterfall: Waterfall
    groups: Mapping[str, tuple[int, ...]]
    weights: Mapping[str, FloatArray]
    places: Mapping[str, FloatArray] = field(default_factory=dict)


def run_block(
    rules: FundRules, model: FactorModel, n_paths: int, seed: int, *, first_path: int = 0
) -> FundBlock:
    """Simulate a block of paths; the first path is a multiple of PATH_GROUP."""
    plan = rules.plan
    paths = walk(
        plan,
        model,
        n_paths,
        seed,
        first_path=first_path,
        each_project=rules.waterfall.is_deal_by_deal or bool(rules.places),
    )
    money = run_money(rules.money, paths.costs, paths.cash)
    years = shared(rules.waterfall, paths, money)
    columns: Columns = {}
    _measure_recipients(rules, paths, money, years, columns)
    _measure_money(plan, paths, money, columns)
    completed = paths.status == RUNNING
    for name, weight in rules.weights.items():
        columns[name] = _added(completed * weight[:, None])
    if rules.places:
        columns |= grassroots_columns(
            deals_of(paths, money),
            rules.places,
            years,
            shared(rules.waterfall.without_grassroots(), paths, money),
            len(rules.waterfall.commitments),
            is_deal_by_deal=rules.waterfall.is_deal_by_deal,
        )
    error = max(money.conservation_error_cny(paths.costs, paths.cash), *map(check_conservation, years))
    return FundBlock(columns, _project_columns(paths), error)


def shared(waterfall: Waterfall, paths: ProjectPaths, money: FundMoney) -> list[Year[FloatArray]]:
    """What every recipient pays and receives, year by year."""
    if not waterfall.is_deal_by_deal:
        return list(run_paths(waterfall, money.called, money.distributable))
    return list(run_deal_paths(waterfall, deals_of(paths, money)))


def deals_of(paths: ProjectPaths, money: FundMoney) -> DealPaths:
    """Flows of each project as the partners see them; the paths hold each project's own.

    Calls beyond the cost of projects are the fee; what the line bore of a year's cost and took of its proceeds is borne
    by the deals in proportion.
    """
    deal_costs, deal_cash = paths.deals()
    for_deals = np.minimum(money.called, paths.costs)
    return DealPaths(
        deal_costs * _ratio(for_deals, paths.costs),
        deal_cash * _ratio(money.distributable, paths.cash),
        paths.last_year.astype(np.intp),
        money.called - for_deals,
    )


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Quotient of two amounts, 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0.0)


def _measure_recipients(
    rules: FundRules,
    paths: ProjectPaths,
    money: FundMoney,
    years: Sequence[Year[FloatArray]],
    columns: Columns,
) -> None:
    n_partners = len(rules.waterfall.commitments)
    positions = [*range(n_partners), -1]
    received = {p: np.stack([received_by(year, p) for year in years]) for p in positions}
    nothing = np.zeros_like(money.called)
    paid = {p: np.stack([year.paid_in[p] for year in years]) + nothing for p in range(n_partners)}
    paid[-1] = nothing
    for key, members in rules.groups.items():
        _measure_group(
            key, _added([paid[p] for p in members]), _added([received[p] for p in members]), columns
        )
    net = _added([received[p] - paid[p] for p in range(n_partners)])
    for year, cumulated in enumerate(np.cumsum(net, axis=0)):
        columns["cumulated", year] = cumulated
    for r, year in enumerate(rules.plan.report_years):
        left = _residual_of(rules, money, int(year), paths.residual[r], positions)
        for key, members in rules.groups.items():
            paid_in = _added([paid[p][: year + 1].sum(axis=0) for p in members])
            got = _added([received[p][: year + 1].sum(axis=0) for p in members])
            with np.errstate(divide="ignore", invalid="ignore"):
                columns["dpi", key, int(year)] = np.where(paid_in > 0.0, got / paid_in, np.nan)
                residual = _added([left[p] for p in members]) - got
                columns["rvpi", key, int(year)] = np.where(paid_in > 0.0, residual / paid_in, np.nan)


def _residual_of(
    rules: FundRules, money: FundMoney, year: int, residual: FloatArray, positions: Sequence[int]
) -> dict[int, FloatArray]:
    """All that each recipient would have received if what is left at the end of a year were paid out then.

    Whole fund also where the terms distribute deal by deal: a residual value is no realised deal.
    """
    cash = money.distributable[: year + 1].copy()
    # The line is paid back before anybody else.
    cash[year] += np.maximum(residual - money.line[year], 0.0)
    years = list(run_paths(rules.waterfall.for_the_whole_fund(), money.called[: year + 1], cash))
    return {p: _added([received_by(each, p) for each in years]) for p in positions}


def _measure_group(key: str, paid: FloatArray, received: FloatArray, columns: Columns) -> None:
    net = received - paid
    total_paid, total = paid.sum(axis=0), received.sum(axis=0)
    pays = total_paid > 0.0
    # Carry that is paid back later has a rate of its own, which is nobody's return on capital.
    columns["irr", key] = np.where(pays, _rates(net), np.nan) if pays.any() else np.full(len(pays), np.nan)
    columns["received", key] = total
    columns["paid", key] = total_paid
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["tvpi", key] = np.where(pays, total / total_paid, np.nan)
    # A cent of rounding is no loss.
    columns["loss", key] = (total < total_paid - _CENT).astype(np.float64)
    columns["payback", key] = np.where(pays, _payback_years(net), np.nan)


def _payback_years(net: FloatArray) -> FloatArray:
    """First year from whose end on all that was paid in is back for good; nan where it never is, [n_paths]."""
    below = np.cumsum(net, axis=0) < -_CENT
    last_below = len(net) - 1 - np.argmax(below[::-1], axis=0)
    years = np.where(below.any(axis=0), last_below + 1.0, 0.0)
    return np.where(years < len(net), years, np.nan)


def _measure_money(plan: FundPlan, paths: ProjectPaths, money: FundMoney, columns: Columns) -> None:
    for year in range(plan.n_years):
        columns["called", year] = money.called[year]
        columns["line", year] = money.line[year]
        columns["gap", year] = money.drawn[year]
        columns["shortfall", year] = paths.shortfall[year]
    # Within a year the line stands before it is repaid.
    columns["peak_line"] = (money.line + money.repaid).max(axis=0)
    columns["line_needed"] = (money.drawn.max(axis=0) > _CENT).astype(np.float64)
    columns["line_unpaid"] = (money.line[-1] > _CENT).astype(np.float64)
    columns["called"] = _added(money.called)
    columns["recycled"] = _added(money.recycled)
    columns["fee"] = _added(money.fee)
    columns["cost"] = _added(paths.costs)
    columns["gap"] = _added(money.drawn)
    columns["shortfall"] = _added(paths.shortfall)
    planned = np.array([project.total_investment_cny for project in plan.projects])
    columns["investment"] = _added(planned[:, None] * paths.draws.cost * (paths.status != ABANDONED))


def _project_columns(paths: ProjectPaths) -> Columns:
    columns: Columns = {}
    for i in range(len(paths.status)):
        status = paths.status[i]
        columns["abandoned", i] = (status == ABANDONED).astype(np.float64)
        columns["closed", i] = (status == CLOSED).astype(np.float64)
        columns["unfinished", i] = (status == UNFINISHED).astype(np.float64)
        columns["delay", i] = paths.draws.delay[i].astype(np.float64)
        columns["cost", i] = paths.draws.cost[i]
        columns["value", i] = paths.present_value[i]
    return columns


def _rates(flows: FloatArray) -> FloatArray:
    """Internal rate of return of flows [n_years, n_paths], [n_paths]."""
    # A search stops when its rows have converged, so that a row's last bits depend on the rows beside it.
    groups = range(0, flows.shape[1], PATH_GROUP)
    return np.concatenate([irr(flows[:, start : start + PATH_GROUP].T) for start in groups])


def _added(parts: Sequence[FloatArray] | FloatArray) -> FloatArray:
    """Sum over the first axis, one part after the other: a vectorised sum may add in another order."""
    total = np.zeros_like(parts[0], dtype=np.float64)
    for part in parts:
        total = total + part
    return total


def blocks(n_paths: int, paths_per_block: int) -> Iterator[tuple[int, int]]:
    """First path and number of paths of each block.

    Raises:
        ValueError: if the size of a block is no multiple of PATH_GROUP.
    """
    if paths_per_block <= 0 or paths_per_block % PATH_GROUP != 0:
        raise ValueError(f"paths_per_block: found {paths_per_block}, expected a multiple of {PATH_GROUP}")
    for first in range(0, n_paths, paths_per_block):
        yield first, min(paths_per_block, n_paths - first)


def joined(parts: Sequence[FundBlock]) -> FundBlock:
    """Blocks of successive paths as one; at least one."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return FundBlock(
        {key: np.concatenate([part.columns[key] for part in parts]) for key in first.columns},
        {key: np.concatenate([part.projects[key] for part in parts]) for key in first.projects},
        max(part.conservation_error_cny for part in parts),
    )
