"""Why no choice keeps all limits: a smallest set of limits to relax, and a set that contradicts itself.

The set to relax is found by an elastic program: every limit gets a slack that is allowed at the price of a binary, and
first the number of binaries, then the sum of relative slacks is made as small as it can be. The contradiction is found
by a deletion filter (Chinneck 2008, Feasibility and Infeasibility in Optimization, section 6.2): a limit whose absence
leaves the rest impossible is dropped; what remains can be kept as soon as any one of it is given up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from quant.allocation.choice import Allocation, FloatArray, Limit, NoSolutionInTimeError

_INFEASIBLE = 2
_SLACK_MARGIN = 1e-9


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A limit, by its position, and how much room it must get in its unit; together with the others it suffices."""

    position: int
    by: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why no choice is possible.

    Attributes:
        contradiction: positions of limits that cannot all be kept; without any one of them the others can.
        relax: the smallest number of limits whose relaxation makes a choice possible.
    """

    contradiction: tuple[int, ...]
    relax: tuple[Relaxation, ...]


def _usual_time_limit_s() -> float:
    return 60.0


def explain(
    allocation: Allocation, *, time_limit_s: Callable[[], float] = _usual_time_limit_s
) -> Conflict | None:
    """Why no choice keeps all limits, None if one does.

    Args:
        allocation: the choice.
        time_limit_s: asked before each search; raising in it ends the work.

    Raises:
        NoSolutionInTimeError: a search did not end in time.
    """
    if is_possible(allocation, allocation.limits, time_limit_s()):
        return None
    kept = list(range(len(allocation.limits)))
    for position in range(len(allocation.limits)):
        without = [k for k in kept if k != position]
        if not is_possible(allocation, [allocation.limits[k] for k in without], time_limit_s()):
            kept = without
    return Conflict(tuple(kept), _smallest_relaxation(allocation, time_limit_s))


def is_possible(allocation: Allocation, limits: Sequence[Limit], time_limit_s: float = 60.0) -> bool:
    """Whether any choice keeps some limits."""
    frame = _Frame(allocation)
    rows, bounds = frame.rows(limits)
    return _solved(frame, np.zeros(frame.n_columns), rows, bounds, time_limit_s) is not None


class _Frame:
    """Shares and which projects are taken, as variables in [0, 1]: the first in steps."""

    def __init__(self, allocation: Allocation) -> None:
        self.n = allocation.n_projects
        self.steps = allocation.share_steps
        self.n_columns = 2 * self.n

    def rows(self, limits: Sequence[Limit]) -> tuple[FloatArray, FloatArray]:
        """Limits and the link between shares and taken projects."""
        n = self.n
        eye = np.eye(n)
        link = np.vstack([np.hstack([eye / self.steps, -eye]), np.hstack([-eye, eye])])
        at = np.zeros((len(limits), 2 * n))
        for k, limit in enumerate(limits):
            columns = slice(n, 2 * n) if limit.of_taken else slice(0, n)
            at[k, columns] = limit.weights / (1.0 if limit.of_taken else self.steps) / _size(limit)
        bounds = np.array([limit.bound / _size(limit) for limit in limits])
        return np.vstack([link, at]), np.concatenate([np.zeros(2 * n), bounds])


def _smallest_relaxation(allocation: Allocation, time_limit_s: Callable[[], float]) -> tuple[Relaxation, ...]:
    frame, limits = _Frame(allocation), allocation.limits
    base, n_limits = frame.n_columns, len(limits)
    rows, bounds = frame.rows(limits)
    # Largest excess of each limit over all choices: its slack needs no more.
    most = [
        max(float(np.clip(limit.weights, 0.0, None).sum() - limit.bound) / _size(limit), 0.0)
        for limit in limits
    ]
    slack = np.zeros((len(rows), n_limits))
    slack[len(rows) - n_limits :] = -np.eye(n_limits)
    switch = np.hstack([np.zeros((n_limits, base)), np.eye(n_limits), -np.diag(most)])
    elastic = np.vstack([np.hstack([rows, slack, np.zeros((len(rows), n_limits))]), switch])
    elastic_bounds = np.concatenate([bounds, np.zeros(n_limits)])
    fewest = np.concatenate([np.zeros(base + n_limits), np.ones(n_limits)])
    found = _solved(frame, fewest, elastic, elastic_bounds, time_limit_s())
    if found is None:
        raise ValueError("limits: found no choice even with every limit relaxed")
    n_relaxed = round(float(fewest @ found))
    least = np.concatenate([np.zeros(base), np.ones(n_limits), np.zeros(n_limits)])
    at_most = np.vstack([elastic, fewest])
    found = _solved(frame, least, at_most, np.append(elastic_bounds, n_relaxed + 0.5), time_limit_s())
    if found is None:
        raise ValueError("limits: the smallest set of relaxed limits was lost")
    shares = np.round(found[: frame.n]) / frame.steps
    relaxed = []
    for position in np.flatnonzero(np.round(found[base + n_limits :]) == 1.0):
        limit = limits[position]
        excess = allocation.excess(limit, shares)
        if excess > _SLACK_MARGIN * _size(limit):
            relaxed.append(Relaxation(int(position), excess / limit.unit_at(shares)))
    return tuple(relaxed)


def _solved(
    frame: _Frame, cost: FloatArray, rows: FloatArray, bounds: FloatArray, time_limit_s: float
) -> FloatArray | None:
    columns = len(cost)
    high = np.ones(columns)
    high[: frame.n] = frame.steps
    integrality = np.ones(columns, dtype=np.intp)
    n_limits = (columns - frame.n_columns) // 2
    integrality[frame.n_columns : frame.n_columns + n_limits] = 0
    high[frame.n_columns : frame.n_columns + n_limits] = np.inf
    found = milp(
        cost,
        constraints=LinearConstraint(rows, ub=bounds),
        integrality=integrality,
        bounds=Bounds(0.0, high),
        options={"time_limit": time_limit_s},
    )
    if found.status == _INFEASIBLE:
        return None
    if found.x is None or found.status != 0:
        raise NoSolutionInTimeError(
            f"the limits were not explained within {time_limit_s:g} s: {found.message}"
        )
    solution: FloatArray = found.x
    return solution


def _size(limit: Limit) -> float:
    return max(float(np.abs(limit.weights).max(initial=0.0)), abs(limit.bound), 1e-300)
