"""Choice of projects under limits by mean value less aversion times the mean of the worst losses.

A mixed-integer program: with values v_is of project i in scenario s and shares x_i (0 or 1, or steps between),

    objective = mean_s v_s x - lambda CVaR_alpha(-v x)
    CVaR_alpha(L) = min_eta  eta + sum_s max(L_s - eta, 0) / ((1 - alpha) S)

This is linear in x, eta and one u_s >= -v_s x - eta a scenario (Rockafellar and Uryasev 2000, Journal of Risk 2(3)).
The tail needs no large constants, so the relaxation is as tight as the limits leave it. Solved by HiGHS through scipy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from quant.credit_risk.tail_risk import tail_estimate

FloatArray = NDArray[np.float64]
_INFEASIBLE = 2
_OUT_OF_TIME = 1


class NoSolutionInTimeError(RuntimeError):
    """The search found no choice within its time and did not prove that there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A limit `a x <= b`; relaxed by d of its unit it is `a x <= b + d (r0 + r x)`.

    Attributes:
        name: how it is told.
        weights: a, [n].
        bound: b.
        unit_constant: r0: 1 for an amount, 0 for a share of what is chosen.
        unit_weights: r, [n]; None for none.
        of_taken: whether it counts projects that are taken at all rather than shares of them.
    """

    name: str
    weights: FloatArray
    bound: float
    unit_constant: float = 1.0
    unit_weights: FloatArray | None = None
    of_taken: bool = False

    def relaxed(self, by: float) -> "Limit":
        """The limit with so many units more room."""
        weights = self.weights if self.unit_weights is None else self.weights - by * self.unit_weights
        bound = self.bound + by * self.unit_constant
        return Limit(self.name, weights, bound, self.unit_constant, self.unit_weights, self.of_taken)

    def unit_at(self, x: FloatArray) -> float:
        """What one unit more is worth on the left of the limit, at a choice."""
        return self.unit_constant + (0.0 if self.unit_weights is None else float(self.unit_weights @ x))


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """What may be chosen.

    Attributes:
        values: of each project in each scenario, [n, n_scenarios].
        limits: to be kept.
        confidence: alpha, in (0, 1).
        share_steps: 1 for all or nothing, k for shares of 1 / k, 2 / k, ... 1.
    """

    values: FloatArray
    limits: tuple[Limit, ...]
    confidence: float = 0.9
    share_steps: int = 1

    @property
    def n_projects(self) -> int:
        """Number of candidates."""
        return int(self.values.shape[0])

    def objective_of(self, x: FloatArray, aversion: float) -> float:
        """Mean less aversion times the mean of the worst losses."""
        return objective(x @ self.values, aversion, self.confidence)

    def keeps_limits(self, x: FloatArray, tolerance: float = 1e-6) -> bool:
        """Whether a choice keeps every limit, within a share of its scale."""
        return not any(self.excess(limit, x) > tolerance * _scale(limit) for limit in self.limits)

    def excess(self, limit: Limit, x: FloatArray) -> float:
        """By how much a choice is beyond a limit, in the unit of its left side; negative for room."""
        return float(limit.weights @ (np.ceil(x - 1e-9) if limit.of_taken else x)) - limit.bound


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A choice.

    Attributes:
        shares: x, [n].
        objective: of it.
        bound: no choice is better than this.
    """

    shares: FloatArray
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """Distance to the bound, over the bound."""
        distance = max(self.bound - self.objective, 0.0)
        return distance / abs(self.bound) if self.bound != 0.0 else float(distance > 0.0)


def objective(values: FloatArray, aversion: float, confidence: float) -> float:
    """Mean of values less aversion times the mean of the worst losses, [n_scenarios] -> a number."""
    tail = tail_estimate(np.sort(-values), confidence).expected_shortfall
    return float(values.mean()) - aversion * tail


class Program:
    """The mixed-integer program of an allocation; variables are x, then which are taken, then eta, then u.

    Args:
        allocation: what may be chosen.
        aversion: lambda.
    """

    def __init__(self, allocation: Allocation, aversion: float) -> None:
        n, n_scenarios = allocation.values.shape
        self._allocation = allocation
        self._n, self._steps = n, allocation.share_steps
        self._n_taken = n if self._steps > 1 else 0
        self._columns = n + self._n_taken + 1 + n_scenarios
        # Values of 1e9 beside counts of 1 would cost digits.
        self._scale = max(float(np.abs(allocation.values).max(initial=0.0)), 1e-300)
        values = allocation.values / self._scale
        weight = aversion / ((1.0 - allocation.confidence) * n_scenarios)
        self._cost = np.concatenate(
            [
                -values.mean(axis=1) / self._steps,
                np.zeros(self._n_taken),
                [aversion],
                np.full(n_scenarios, weight),
            ]
        )
        tail = hstack(
            [
                csr_array(-values.T / self._steps),
                csr_array((n_scenarios, self._n_taken)),
                csr_array(-np.ones((n_scenarios, 1))),
                csr_array(-np.eye(n_scenarios)),
            ],
            format="csr",
        )
        parts, bounds = [tail], [np.zeros(n_scenarios)]
        if self._n_taken:
            parts.append(self._taken_rows())
            bounds.append(np.zeros(2 * n))
        self._structure = vstack(parts, format="csr")
        self._structure_bounds = np.concatenate(bounds)
        self._integrality = np.zeros(self._columns, dtype=np.intp)
        self._integrality[: n + self._n_taken] = 1
        low, high = np.zeros(self._columns), np.full(self._columns, np.inf)
        high[:n] = self._steps
        high[n : n + self._n_taken] = 1.0
        low[n + self._n_taken] = -np.inf
        self._low, self._high = low, high

    def _taken_rows(self) -> csr_array:
        """x_i <= steps y_i and y_i <= x_i: a project counts as taken if any of it is."""
        n, rest = self._n, self._columns - 2 * self._n
        eye = np.eye(n)
        upper = np.hstack([eye, -self._steps * eye, np.zeros((n, rest))])
        lower = np.hstack([-eye, eye, np.zeros((n, rest))])
        return csr_array(np.vstack([upper, lower]))

    def _limit_rows(self, limits: Sequence[Limit]) -> tuple[csr_array, FloatArray]:
        rows = np.zeros((len(limits), self._columns))
        bounds = np.zeros(len(limits))
        for k, limit in enumerate(limits):
            scale = _scale(limit)
            if limit.of_taken and self._n_taken:
                rows[k, self._n : 2 * self._n] = limit.weights / scale
            else:
                rows[k, : self._n] = limit.weights / (scale * self._steps)
            bounds[k] = limit.bound / scale
        return csr_array(rows), bounds

    def solve(self, limits: Sequence[Limit], gap: float, time_limit_s: float) -> Choice | None:
        """The best choice within a gap; None if there is none that keeps the limits.

        Raises:
            NoSolutionInTimeError: nothing was found in time.
        """
        rows, bounds = self._limit_rows(limits)
        found = milp(
            self._cost,
            constraints=LinearConstraint(
                vstack([self._structure, rows], format="csr"),
                ub=np.concatenate([self._structure_bounds, bounds]),
            ),
            integrality=self._integrality,
            bounds=Bounds(self._low, self._high),
            options={"mip_rel_gap": gap, "time_limit": time_limit_s},
        )
        if found.status == _INFEASIBLE:
            return None
        if found.x is None:
            raise NoSolutionInTimeError(f"no choice was found within {time_limit_s:g} s: {found.message}")
        shares = np.round(found.x[: self._n]) / self._steps
        bound = -self._scale * float(found.mip_dual_bound)
        return Choice(shares, self._objective(shares), max(bound, self._objective(shares)))

    def _objective(self, shares: FloatArray) -> float:
        weight = float(self._cost[self._n + self._n_taken])
        return self._allocation.objective_of(shares, weight)

    def relaxed_prices(self, limits: Sequence[Limit]) -> tuple[FloatArray, float]:
        """Price of each limit where shares may be anything from 0 to 1, per unit, and the value of that choice.

        Raises:
            ValueError: if no such choice keeps the limits.
        """
        rows, bounds = self._limit_rows(limits)
        found: OptimizeResult = linprog(
            self._cost,
            A_ub=vstack([self._structure, rows]).toarray(),
            b_ub=np.concatenate([self._structure_bounds, bounds]),
            bounds=list(zip(self._low.tolist(), self._high.tolist(), strict=True)),
            method="highs",
        )
        if found.status != 0:
            raise ValueError(f"relaxed choice: {found.message}")
        shares = found.x[: self._n] / self._steps
        duals = -np.asarray(found.ineqlin.marginals)[len(self._structure_bounds) :]
        prices = [
            self._scale * dual / _scale(limit) * limit.unit_at(shares)
            for dual, limit in zip(duals, limits, strict=True)
        ]
        return np.array(prices), -self._scale * float(found.fun)


def _scale(limit: Limit) -> float:
    return max(float(np.abs(limit.weights).max(initial=0.0)), abs(limit.bound), 1e-300)


def choose(
    allocation: Allocation, aversion: float, *, gap: float = 0.01, time_limit_s: float = 60.0
) -> Choice | None:
    """The best choice, None if no choice keeps all limits.

    Raises:
        NoSolutionInTimeError: nothing was found in time.
    """
    return Program(allocation, aversion).solve(allocation.limits, gap, time_limit_s)


@dataclass(frozen=True, slots=True)
class Gain:
    """What a limit's relaxation brings, found by solving again; the two differ by the gaps of the two searches."""

    relaxed_by: float
    low: float
    high: float


def gain_of_relaxing(
    allocation: Allocation,
    aversion: float,
    choice: Choice,
    position: int,
    by: float,
    *,
    gap: float = 0.01,
    time_limit_s: float = 60.0,
) -> Gain:
    """Solve again with one limit relaxed and compare.

    The choice at hand stays possible, so the gain is never below 0; it is at most the new bound less the old objective.
    """
    limits = list(allocation.limits)
    limits[position] = limits[position].relaxed(by)
    again = Program(allocation, aversion).solve(limits, gap, time_limit_s)
    if again is None:  # rounding of a limit that just holds
        return Gain(by, 0.0, 0.0)
    best = max(again.objective, choice.objective)
    # Both optima lie between objective and bound.
    return Gain(by, max(best - choice.bound, 0.0), max(again.bound, best) - choice.objective)
