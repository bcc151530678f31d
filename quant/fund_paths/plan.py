"""A fund's projects laid out on its years: the tables that the compiled walk through a project's life reads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant.factors import FactorModel
from quant.fund_paths.projects import FloatArray, ProjectCash
from quant.market.curves import DiscountCurve

IntArray = NDArray[np.int64]
NEVER = -1


@dataclass(frozen=True, slots=True, eq=False)
class FundPlan:
    """All that does not depend on the path; d is a delay in years, 0 .. n_delays - 1.

    Attributes:
        projects: as they were given.
        n_years: years 0 .. life and extension.
        last_years: year in which each project is sold at the latest, by its delay, [n_projects, n_delays].
        cell_factor, cell_observed, cell_time: the distinct (factor, time seen from, time) that rows touch, [n_cells]:
            simulated values where both times are equal, conditional forwards otherwise.
        row_start: rows of project i are row_start[i] .. row_start[i + 1] - 1, [n_projects + 1].
        row_offset: years after completion, [n_rows].
        row_quantity: units, [n_rows].
        row_cell: cell by delay, -1 for a row that is not paid, [n_rows, n_delays].
        instalments: [n_projects, n_delays].
        outstanding: debt after k instalments, [n_projects, n_delays, n_years + 1].
        report_years: at whose end the residual value is taken, [n_reports].
        value_start: first of the forward rows of each (project, delay, 0 for the sale or 1 + report), and the end,
            [n_projects * n_delays * (1 + n_reports) + 1].
        value_cell, value_weight: their cells and discounted units.
        discount: factors of years 0 .. n_years - 1.
        rows_beyond: rows after the fund's life, if all goes as planned, of projects without a sale: they do not count.
    """

    projects: tuple[ProjectCash, ...]
    n_years: int
    last_years: IntArray
    cell_factor: IntArray
    cell_observed: FloatArray
    cell_time: FloatArray
    row_start: IntArray
    row_offset: IntArray
    row_quantity: FloatArray
    row_cell: IntArray
    instalments: FloatArray
    outstanding: FloatArray
    report_years: IntArray
    value_start: IntArray
    value_cell: IntArray
    value_weight: FloatArray
    discount: FloatArray
    rows_beyond: int

    @property
    def n_delays(self) -> int:
        """Longest delay and 1."""
        return int(self.row_cell.shape[1])

    def planned_costs(self) -> FloatArray:
        """What the fund pays for all projects by year if all goes as planned, [n_years]."""
        total = np.zeros(self.n_years)
        for project in self.projects:
            total += project.planned_costs(self.n_years)
        return total


class _Cells:
    """Numbers the distinct cells in the order in which they are asked for."""

    def __init__(self, model: FactorModel) -> None:
        self._model = model
        self.numbers: dict[tuple[int, float, float], int] = {}

    def number(self, factor: str, observed: float, time: float) -> int:
        key = (self._model.index(factor), observed, time)
        return self.numbers.setdefault(key, len(self.numbers))


def plan_fund(
    projects: Sequence[ProjectCash],
    model: FactorModel,
    curve: DiscountCurve,
    life_years: int,
    *,
    extension_years: int = 0,
    report_years: Sequence[int] = (),
) -> FundPlan:
    """Lay out rows, debt and sales on the years of the fund.

    Args:
        projects: planned to be built within the life.
        model: factors.
        curve: discounts present values, and sales at the value of what is to come.
        life_years: at whose end the projects are sold.
        extension_years: by which the sale of a project that is late may be put off, at most by its own delay.
        report_years: at whose end the residual value is taken.

    Raises:
        KeyError: if a row names a factor that the model does not have.
        ValueError: if a project is to be built after the fund's life or has debt and no operating year.
    """
    n_years = life_years + extension_years + 1
    n_delays = max((len(p.risk.delay_probabilities) for p in projects), default=0) + 1
    delays = np.arange(n_delays)
    last_years = np.tile(life_years + np.minimum(delays, extension_years), (len(projects), 1))
    cells = _Cells(model)
    row_start, offsets, quantities, row_cells = [0], [], [], []
    instalments = np.zeros((len(projects), n_delays))
    outstanding = np.zeros((len(projects), n_delays, n_years + 1))
    beyond = 0
    for i, project in enumerate(projects):
        if project.end_year > life_years:
            raise ValueError(f"end_year: found year {project.end_year}, expected at most {life_years}")
        for d in range(n_delays):
            instalments[i, d] = project.instalment(d)
            outstanding[i, d] = project.outstanding(d, n_years)
        rows = zip(
            project.row_offsets(), project.times_years, project.factors, project.quantities, strict=True
        )
        for offset, time, factor, quantity in rows:
            model.index(factor)
            beyond += project.exit is None and project.end_year + int(offset) > life_years
            offsets.append(int(offset))
            quantities.append(float(quantity))
            at = [project.end_year + d + float(time) for d in range(n_delays)]
            row_cells.append(
                [
                    cells.number(factor, at[d], at[d])
                    if project.end_year + d + offset <= last_years[i, d]
                    else NEVER
                    for d in range(n_delays)
                ]
            )
        row_start.append(len(offsets))
    values = _value_rows(projects, cells, curve, last_years, report_years)
    numbers = list(cells.numbers)
    return FundPlan(
        tuple(projects),
        n_years,
        last_years.astype(np.int64),
        np.array([factor for factor, _, _ in numbers], dtype=np.int64),
        np.array([observed for _, observed, _ in numbers], dtype=np.float64),
        np.array([time for _, _, time in numbers], dtype=np.float64),
        np.array(row_start, dtype=np.int64),
        np.array(offsets, dtype=np.int64),
        np.array(quantities, dtype=np.float64),
        np.array(row_cells, dtype=np.int64).reshape(len(offsets), n_delays),
        instalments,
        outstanding,
        np.array(report_years, dtype=np.int64),
        *values,
        np.asarray(curve.discount_factors(np.arange(n_years)), dtype=np.float64),
        beyond,
    )


def _value_rows(
    projects: Sequence[ProjectCash],
    cells: _Cells,
    curve: DiscountCurve,
    last_years: IntArray,
    report_years: Sequence[int],
) -> tuple[IntArray, IntArray, FloatArray]:
    """Start, cell and weight of the rows that are still to come at a sale or a report."""
    start, at_cell, weights = [0], [], []
    for i, project in enumerate(projects):
        sale = project.exit
        at_value = sale is not None and sale.years_of_cash is None
        for d in range(last_years.shape[1]):
            completion = project.end_year + d
            sold = sale_year(project, completion, int(last_years[i, d]))
            for year in (sold, *report_years):
                if at_value and completion <= year <= sold:
                    for k in np.flatnonzero(completion + project.row_offsets() > year):
                        time = completion + float(project.times_years[k])
                        factors = curve.discount_factors([float(year), time])
                        spread = math.exp(-project.risk_premium_annual * (time - year))
                        at_cell.append(cells.number(project.factors[k], float(year), time))
                        weights.append(float(project.quantities[k] * factors[1] / factors[0] * spread))
                start.append(len(at_cell))
    return (
        np.array(start, dtype=np.int64),
        np.array(at_cell, dtype=np.int64),
        np.array(weights, dtype=np.float64),
    )


def sale_year(project: ProjectCash, completion: int, last_year: int) -> int:
    """Year in which a project is sold, or in which it leaves the fund unsold."""
    hold = None if project.exit is None else project.exit.hold_years
    return last_year if hold is None else min(completion + hold, last_year)
