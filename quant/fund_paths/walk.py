"""The walk through the life of every project on every path: build, be late, be given up, operate, close, be sold.

Compiled, without the interpreter lock, one path after the other and every sum in one fixed order, so that a path's
figures do not depend on the paths beside it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quant.compiled import compiled
from quant.factors import FactorModel
from quant.fund_paths.draws import Draws, draw
from quant.fund_paths.plan import FundPlan, IntArray
from quant.fund_paths.projects import FloatArray

RUNNING, ABANDONED, CLOSED, UNFINISHED = 0, 1, 2, 3
"""What became of a project: it ran to its sale; was given up while built; closed for want of cash; came too late."""


@dataclass(frozen=True, slots=True, eq=False)
class ProjectPaths:
    """Cash between the fund and its projects on a block of paths, CNY.

    Attributes:
        costs: what the fund pays for projects, [n_years, n_paths].
        cash: what projects pay the fund, sales included, [n_years, n_paths].
        shortfall: the fund's part of operating cash and debt service that projects lack, [n_years, n_paths].
        residual: value of the fund's part of projects at the report years, [n_reports, n_paths].
        present_value: of each project's cash less cost, discounted to year 0, [n_projects, n_paths].
        status: RUNNING, ABANDONED, CLOSED or UNFINISHED, [n_projects, n_paths].
        last_year: in which a project pays or is paid for, [n_projects, n_paths].
        by_project: costs and cash of each project, [2, n_projects, n_years, n_paths], where they were asked for.
        draws: what chance did.
    """

    costs: FloatArray
    cash: FloatArray
    shortfall: FloatArray
    residual: FloatArray
    present_value: FloatArray
    status: NDArray[np.int8]
    last_year: IntArray
    by_project: FloatArray
    draws: Draws

    def deals(self) -> tuple[FloatArray, FloatArray]:
        """Costs and cash of each project, [n_projects, n_years, n_paths] each."""
        return self.by_project[0], self.by_project[1]


def walk(
    plan: FundPlan,
    model: FactorModel,
    n_paths: int,
    seed: int,
    *,
    first_path: int = 0,
    each_project: bool = False,
) -> ProjectPaths:
    """Build, run and sell every project on a block of paths; path p is the same whatever block it is in.

    Args:
        plan: projects on the years of the fund.
        model: factors.
        n_paths: of the block.
        seed: of the scenario universe.
        first_path: number of the first path.
        each_project: whether the flows of each project are kept too.
    """
    draws = draw(plan, n_paths, seed, first_path=first_path)
    values = np.ascontiguousarray(_cell_values(plan, model, n_paths, seed, first_path).T)
    shape = (plan.n_years, n_paths)
    costs, cash, shortfall = (np.zeros(shape) for _ in range(3))
    residual = np.zeros((len(plan.report_years), n_paths))
    present_value = np.zeros((len(plan.projects), n_paths))
    status = np.zeros((len(plan.projects), n_paths), dtype=np.int8)
    last_year = np.zeros((len(plan.projects), n_paths), dtype=np.int64)
    by_project = np.zeros((2, len(plan.projects) if each_project else 0, *shape))
    projects = plan.projects
    _walk_compiled(
        np.array([p.start_year for p in projects], dtype=np.int64),
        np.array([p.building_years for p in projects], dtype=np.int64),
        np.array([p.total_investment_cny for p in projects]),
        np.array([p.debt_share for p in projects]),
        np.array([p.debt_rate_annual for p in projects]),
        np.array([p.owned for p in projects]),
        np.array([p.operating_years for p in projects], dtype=np.int64),
        np.array([p.risk.stop_after_negative_years for p in projects], dtype=np.int64),
        np.array([p.exit is not None for p in projects]),
        np.array([-1.0 if p.exit is None or p.exit.years_of_cash is None else p.exit.years_of_cash for p in projects]),
        np.array([-1 if p.exit is None or p.exit.hold_years is None else p.exit.hold_years for p in projects]),
        np.array([0.0 if p.exit is None else p.exit.price_multiplier for p in projects]),
        plan.last_years, plan.row_start, plan.row_offset, plan.row_quantity, plan.row_cell,
        plan.instalments, plan.outstanding, plan.report_years, plan.value_start, plan.value_cell,
        plan.value_weight, plan.discount, values,
        draws.error, draws.cost, draws.delay, draws.built,
        costs, cash, shortfall, residual, present_value, status, last_year, by_project,
    )  # fmt: skip
    return ProjectPaths(costs, cash, shortfall, residual, present_value, status, last_year, by_project, draws)


def _cell_values(plan: FundPlan, model: FactorModel, n_paths: int, seed: int, first_path: int) -> FloatArray:
    """Value of each cell, [n_cells, n_paths]: simulated, or the forward given the state at the time seen from."""
    values = np.empty((len(plan.cell_time), n_paths))
    seen = np.unique(plan.cell_observed)
    later = seen[seen > 0.0]
    states = (
        model.simulate_states(later, n_paths, seed, first_path=first_path)
        if len(later)
        else np.zeros((model.n_primary, 0, n_paths))
    )
    today = np.repeat(model.initial_states()[:, None], n_paths, axis=1)
    for time in seen:
        state = states[:, np.searchsorted(later, time)] if time > 0.0 else today
        here = plan.cell_observed == time
        now = np.flatnonzero(here & (plan.cell_time == time))
        if len(now):
            values[now] = model.values([time], state[:, None, :])[plan.cell_factor[now], 0]
        ahead = np.flatnonzero(here & (plan.cell_time > time))
        if len(ahead):
            values[ahead] = model.forward_cells(
                plan.cell_factor[ahead].astype(np.intp), plan.cell_time[ahead], states=state, at_years=time
            )
    return values


def _price(  # noqa: PLR0917  # compiled functions take their arrays by position
    years_of_cash: Any, cash: Any, planned: Any, operated: Any, years_left: Any,
    begin: Any, end: Any, cells: Any, weights: Any, values: Any, error: Any,
) -> Any:  # fmt: skip
    """Price of a whole project before its debt: years of this year's cash, or the value of what is to come.

    In the year of completion there is no year's cash yet: it is what the project was planned to cost.
    """
    if years_of_cash >= 0.0 and operated == 0:
        return planned
    if years_of_cash >= 0.0:
        return max(cash, 0.0) * max(min(years_of_cash, float(years_left)), 0.0)
    total = 0.0
    for k in range(begin, end):
        total += weights[k] * values[cells[k]]
    return max(total * error, 0.0)


_price_compiled = compiled(_price)


def _walk(  # noqa: C901, PLR0912, PLR0915, PLR0917  # one loop that is compiled whole
    start: Any, building: Any, investment: Any, debt_share: Any, debt_rate: Any, owned: Any, operating: Any,
    negative_limit: Any, has_exit: Any, years_of_cash: Any, hold: Any, price_multiplier: Any,
    last_years: Any, row_start: Any, row_offset: Any, row_quantity: Any, row_cell: Any,
    instalments: Any, outstanding: Any, report_years: Any, value_start: Any, value_cell: Any,
    value_weight: Any, discount: Any, values: Any,
    error: Any, cost: Any, delay: Any, built: Any,
    costs: Any, cash: Any, shortfall: Any, residual: Any, present_value: Any, status: Any,
    last_year: Any, by_project: Any,
) -> None:  # fmt: skip
    n_years, n_paths = costs.shape
    n_delays, n_reports = instalments.shape[1], len(report_years)
    each_project = by_project.shape[1] > 0
    earned = np.zeros(n_years)
    for p in range(n_paths):
        seen = values[p]
        for i in range(len(start)):
            d = delay[i, p]
            n_build = building[i] + d
            completion = start[i] + n_build - 1
            last = last_years[i, d]
            needed = owned[i] * max(cost[i, p] - debt_share[i], 0.0) * investment[i] / n_build
            value = 0.0
            paid = 0.0
            given_up = built[i, p] <= n_build
            stop = min(start[i] + min(built[i, p], n_build), last + 1)
            for y in range(start[i], stop):
                costs[y, p] += needed
                last_year[i, p] = y
                if each_project:
                    by_project[0, i, y, p] = needed
                value -= discount[y] * needed
                paid += needed
                if y < completion and not (given_up and y == stop - 1):
                    for r in range(n_reports):
                        if report_years[r] == y:
                            residual[r, p] += paid
            if given_up or completion > last:
                status[i, p] = 1 if given_up else 3
                present_value[i, p] = value
                continue
            sold = last if hold[i] < 0 else min(completion + hold[i], last)
            earned[completion : sold + 1] = 0.0
            for row in range(row_start[i], row_start[i + 1]):
                y = completion + row_offset[row]
                if y <= sold:
                    earned[y] += row_quantity[row] * seen[row_cell[row, d]]
            arrears = 0.0
            negative = 0
            at = (i * n_delays + d) * (1 + n_reports)
            for y in range(completion, sold + 1):
                k = y - completion
                net = error[i, p] * earned[y]
                if 1 <= k <= operating[i]:
                    net -= instalments[i, d]
                arrears *= 1.0 + debt_rate[i]
                if net < 0.0:
                    arrears -= net
                    shortfall[y, p] -= owned[i] * net
                    negative += 1
                    if negative_limit[i] > 0 and negative >= negative_limit[i]:
                        status[i, p] = 2
                        break
                else:
                    negative = 0
                    settled = min(net, arrears)
                    arrears -= settled
                    received = owned[i] * (net - settled)
                    cash[y, p] += received
                    value += discount[y] * received
                    if each_project:
                        by_project[1, i, y, p] += received
                last_year[i, p] = y
                owed = outstanding[i, d, k] + arrears
                if y == sold:
                    if has_exit[i]:
                        price = price_multiplier[i] * _price_compiled(
                            years_of_cash[i], error[i, p] * earned[y], investment[i], k, operating[i] - k,
                            value_start[at], value_start[at + 1], value_cell, value_weight, seen, error[i, p],
                        )  # fmt: skip
                        received = owned[i] * max(price - owed, 0.0)
                        cash[y, p] += received
                        value += discount[y] * received
                        if each_project:
                            by_project[1, i, y, p] += received
                else:
                    for r in range(n_reports):
                        if report_years[r] == y and has_exit[i]:
                            price = price_multiplier[i] * _price_compiled(
                                years_of_cash[i], error[i, p] * earned[y], investment[i], k, operating[i] - k,
                                value_start[at + 1 + r], value_start[at + 2 + r], value_cell, value_weight, seen,
                                error[i, p],
                            )  # fmt: skip
                            residual[r, p] += owned[i] * max(price - owed, 0.0)
            present_value[i, p] = value


_walk_compiled = compiled(_walk)
