"""A fund over many paths: capital calls, the projects' cash on the common factors, distributions and their measures.

All flows of year t are dated t years from the first closing, which is also the valuation date of the factors.
A project builds in years `start_year` to `end_year` and spends its investment in equal parts. Its debt is drawn along,
bears interest from the year of drawing, is capitalised until completion and then repaid in equal instalments over the
operating years (docs/models/fund-simulation.md):

    balance = sum over building years of  debt_share I / n (1 + r)^(end_year - year)
    instalment = balance r / (1 - (1 + r)^-m),  m operating years
    fund's cash of year t = fund_equity_share / (1 - debt_share) max(0, operating cash(t) - instalment(t))

Operating cash of year t is the sum of the exposure rows with t - 1 < end_year + row time <= t, each row valued at its
own time, times a lognormal error of the project with mean 1. An owner of a company is not liable for its shortfall:
hence the floor at 0 in each year.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from quant.cashflows import irr
from quant.factors import FactorModel
from quant.random_numbers import Purpose, standard_normals
from quant.waterfall import FloatArray, Waterfall, check_conservation, received_by, run_paths

_ROUNDING_YEARS = 1e-9
_PROJECTS_PER_BLOCK = 64
PATH_GROUP = 256
"""Rates of return are searched in groups of so many paths: blocks that are multiples of it give the same last bits."""


@dataclass(frozen=True, slots=True)
class ProjectCash:
    """What the fund puts into a project and what the project earns.

    Attributes:
        total_investment_cny: I, > 0.
        start_year, end_year: years of the fund in which it is built, 0 <= start <= end.
        fund_equity_share: of I, 0 to 1.
        debt_share: of I, 0 to 1; with the fund's share at most 1.
        debt_rate_annual: r, >= 0.
        times_years: of the exposure rows, from completion, >= 0, [n].
        factors: name of the factor of each row.
        quantities: units of the factor for the whole project, [n].
        quantity_cv: coefficient of variation of the project's own error.
    """

    total_investment_cny: float
    start_year: int
    end_year: int
    fund_equity_share: float
    debt_share: float
    debt_rate_annual: float
    times_years: FloatArray
    factors: tuple[str, ...]
    quantities: FloatArray
    quantity_cv: float = 0.0

    def building_years(self) -> range:
        """Years in which it is built."""
        return range(self.start_year, self.end_year + 1)

    def row_years(self) -> NDArray[np.intp]:
        """Year of the fund in which each row is paid, [n]."""
        return self.end_year + np.ceil(self.times_years - _ROUNDING_YEARS).astype(np.intp)

    def debt_at_completion(self) -> float:
        """Debt drawn with the construction and the interest on it up to completion."""
        drawn = self.debt_share * self.total_investment_cny / len(self.building_years())
        return sum(
            drawn * (1.0 + self.debt_rate_annual) ** (self.end_year - year) for year in self.building_years()
        )

    def instalments(self) -> dict[int, float]:
        """Debt service by year of the fund: equal instalments over the operating years.

        Raises:
            ValueError: if there is debt and no row after completion.
        """
        balance = self.debt_at_completion()
        if balance == 0.0:
            return {}
        last = int(self.row_years().max(initial=self.end_year))
        n_operating = last - self.end_year
        if n_operating < 1:
            raise ValueError(
                "debt: found no operating year after completion, expected at least one to repay it"
            )
        rate = self.debt_rate_annual
        annuity = 1.0 / n_operating if rate == 0.0 else rate / -math.expm1(-n_operating * math.log1p(rate))
        return dict.fromkeys(range(self.end_year + 1, last + 1), balance * annuity)

    def outstanding_debt(self, years_operated: int) -> float:
        """Debt left after that many instalments."""
        balance = self.debt_at_completion()
        for instalment in list(self.instalments().values())[:years_operated]:
            balance = balance * (1.0 + self.debt_rate_annual) - instalment
        return balance

    @property
    def fund_share_of_equity(self) -> float:
        """Part of the project's equity that the fund owns."""
        equity = 1.0 - self.debt_share
        return self.fund_equity_share / equity if equity > 0.0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FundPlan:
    """All that does not depend on the path.

    Attributes:
        called: capital calls of years 0 .. life, CNY, fee included, [n_years].
        cell_factor, cell_time: the distinct (factor, time) pairs that rows touch, [n_cells].
        weights: units of each cell, [n_projects * n_years, n_cells].
        instalments: debt service, [n_projects, n_years].
        equity_shares: the fund's part of each project's equity, [n_projects].
        log_sds: of each project's own error, [n_projects].
        rows_beyond: number of rows that fall after the fund's life and do not count.
    """

    called: FloatArray
    cell_factor: NDArray[np.intp]
    cell_time: FloatArray
    weights: csr_array
    instalments: FloatArray
    equity_shares: FloatArray
    log_sds: FloatArray
    rows_beyond: int

    @property
    def n_years(self) -> int:
        """Years 0 .. life."""
        return len(self.called)


def capital_calls(projects: Sequence[ProjectCash], life_years: int, fee_rate_annual: float) -> FloatArray:
    """Calls of years 0 .. life_years, CNY: construction, and the fee on top.

    The fee of a year is the rate times all capital paid in before that year, earlier fees included.

    Raises:
        ValueError: if a project builds after the life of the fund.
    """
    called = np.zeros(life_years + 1)
    for project in projects:
        if project.end_year > life_years:
            raise ValueError(f"end_year: found year {project.end_year}, expected at most {life_years}")
        years = project.building_years()
        called[years.start : years.stop] += (
            project.fund_equity_share * project.total_investment_cny / len(years)
        )
    paid_in = 0.0
    for year in range(life_years + 1):
        called[year] += fee_rate_annual * paid_in
        paid_in += called[year]
    return called


def plan_fund(
    projects: Sequence[ProjectCash], model: FactorModel, life_years: int, fee_rate_annual: float
) -> FundPlan:
    """Lay out calls, rows and debt service on the years of the fund.

    Raises:
        KeyError: if a row names a factor that the model does not have.
        ValueError: if a project builds after the fund's life or has debt and no operating year.
    """
    called = capital_calls(projects, life_years, fee_rate_annual)
    n_years = life_years + 1
    instalments = np.zeros((len(projects), n_years))
    cells: dict[tuple[int, float], int] = {}
    at_row, at_cell, units = [], [], []
    beyond = 0
    for i, project in enumerate(projects):
        for year, amount in project.instalments().items():
            if year <= life_years:
                instalments[i, year] = amount
        rows = zip(project.row_years(), project.times_years, project.factors, project.quantities, strict=True)
        for year, time, factor, quantity in rows:
            key = (model.index(factor), float(project.end_year + time))
            if year > life_years:
                beyond += 1
                continue
            at_row.append(i * n_years + int(year))
            at_cell.append(cells.setdefault(key, len(cells)))
            units.append(float(quantity))
    shape = (len(projects) * n_years, len(cells))
    cvs = np.array([project.quantity_cv for project in projects])
    return FundPlan(
        called,
        np.array([factor for factor, _ in cells], dtype=np.intp),
        np.array([time for _, time in cells], dtype=np.float64),
        csr_array((units, (at_row, at_cell)), shape=shape),
        instalments,
        np.array([project.fund_share_of_equity for project in projects]),
        np.sqrt(np.log1p(cvs**2)),
        beyond,
    )


def distributable_paths(
    plan: FundPlan, model: FactorModel, n_paths: int, seed: int, *, first_path: int = 0
) -> FloatArray:
    """Cash that the projects pay the fund, CNY, [n_years, n_paths]; path p is the same whatever block it is in."""
    values = _cell_values(plan, model, n_paths, seed, first_path)
    total = np.zeros((plan.n_years, n_paths))
    n_projects = len(plan.equity_shares)
    for begin in range(0, n_projects, _PROJECTS_PER_BLOCK):
        block = range(begin, min(begin + _PROJECTS_PER_BLOCK, n_projects))
        rows = plan.weights[block.start * plan.n_years : block.stop * plan.n_years]
        operating: FloatArray = rows @ values
        # Added one project after the other: a vectorised sum may add in another order for another block size.
        for project, cash in zip(block, operating.reshape(-1, plan.n_years, n_paths), strict=True):
            total += _to_the_fund(plan, project, cash, seed, first_path)
    return total


def _to_the_fund(
    plan: FundPlan, project: int, operating: FloatArray, seed: int, first_path: int
) -> FloatArray:
    """What a project's operating cash [n_years, n_paths] leaves the fund; works in place."""
    log_sd = plan.log_sds[project]
    if log_sd > 0.0:
        n_paths = operating.shape[1]
        normals = standard_normals(seed, Purpose.PROJECT, n_paths, first_path=first_path, lane=project)
        operating *= np.exp(log_sd * normals - 0.5 * log_sd**2)
    operating -= plan.instalments[project][:, None]
    np.maximum(operating, 0.0, out=operating)
    operating *= plan.equity_shares[project]
    return operating


def _cell_values(plan: FundPlan, model: FactorModel, n_paths: int, seed: int, first_path: int) -> FloatArray:
    """Value of each cell's factor at its time, [n_cells, n_paths]."""
    values = np.empty((len(plan.cell_time), n_paths))
    now = plan.cell_time == 0.0
    values[now] = model.forward(np.zeros(1))[plan.cell_factor[now]]
    later = np.flatnonzero(~now)
    if len(later):
        times = np.unique(plan.cell_time[later])
        paths = model.simulate(times, n_paths, seed, first_path=first_path)
        values[later] = paths[plan.cell_factor[later], np.searchsorted(times, plan.cell_time[later])]
    return values


@dataclass(frozen=True, slots=True, eq=False)
class FundPaths:
    """Measures of a block of paths; recipients are the partners in order, then the grass roots.

    Attributes:
        irr_annual: [n_recipients, n_paths], nan where there is none.
        received_cny: [n_recipients, n_paths].
        paid_in_cny: [n_recipients], the same on every path.
        cumulated_cny: net cash of all partners up to each year, [n_years, n_paths].
        conservation_error_cny: largest difference between cash in and cash out.
    """

    irr_annual: FloatArray
    received_cny: FloatArray
    paid_in_cny: FloatArray
    cumulated_cny: FloatArray
    conservation_error_cny: float

    @classmethod
    def empty(cls, n_partners: int, n_years: int, n_paths: int) -> "FundPaths":
        """Room for the measures of many blocks."""
        shape = (n_partners + 1, n_paths)
        paid_in = np.zeros(n_partners + 1)
        return cls(np.full(shape, np.nan), np.zeros(shape), paid_in, np.zeros((n_years, n_paths)), 0.0)

    def filled(self, first_path: int, block: "FundPaths") -> "FundPaths":
        """The same room with a block written into its place; the arrays are shared, not copied."""
        paths = slice(first_path, first_path + block.received_cny.shape[1])
        self.irr_annual[:, paths] = block.irr_annual
        self.received_cny[:, paths] = block.received_cny
        self.cumulated_cny[:, paths] = block.cumulated_cny
        error = max(self.conservation_error_cny, block.conservation_error_cny)
        return replace(self, paid_in_cny=block.paid_in_cny, conservation_error_cny=error)


def run_fund(waterfall: Waterfall, called: FloatArray, distributable: FloatArray) -> FundPaths:
    """Distribute the cash of a block of paths and measure it.

    Args:
        waterfall: the terms.
        called: [n_years].
        distributable: [n_years, n_paths]; the first path of a block is a multiple of PATH_GROUP.
    """
    n_partners = len(waterfall.commitments)
    n_years, n_paths = distributable.shape
    received = np.zeros((n_partners + 1, n_years, n_paths))
    paid_in = np.zeros((n_partners + 1, n_years))
    error = 0.0
    for year in run_paths(waterfall, called, distributable):
        paid_in[:n_partners, year.year] = [float(amount) for amount in year.paid_in]
        for position in range(n_partners + 1):
            # The last position is -1, the grass roots, in both numberings.
            recipient = position if position < n_partners else -1
            received[position, year.year] = received_by(year, recipient)
        error = max(error, check_conservation(year))
    net = received - paid_in[:, :, None]
    rates = np.stack([_rates(flows) for flows in net])
    return FundPaths(
        irr_annual=rates,
        received_cny=_added(np.moveaxis(received, 1, 0)),
        paid_in_cny=paid_in.sum(axis=1),
        cumulated_cny=np.cumsum(_added(net[:n_partners]), axis=0),
        conservation_error_cny=error,
    )


def _rates(flows: FloatArray) -> FloatArray:
    """Internal rate of return of flows [n_years, n_paths], [n_paths]."""
    # A search stops when its rows have converged, so that a row's last bits depend on the rows beside it.
    groups = range(0, flows.shape[1], PATH_GROUP)
    return np.concatenate([irr(flows[:, start : start + PATH_GROUP].T) for start in groups])


def _added(parts: FloatArray) -> FloatArray:
    total = np.zeros(parts.shape[1:])
    for part in parts:
        total += part
    return total
