"""When to stop, decided on simulated paths: least-squares Monte Carlo (Longstaff and Schwartz 2001).

At each decision date the holder stops and takes a known amount, or goes on. What going on is worth is not known on a
path; it is estimated by a regression over all paths on what is known at that date. The rule that comes out is fixed
on one set of paths and valued on another: a rule that can be followed is never worth more than the best one, so that
estimate is low-biased, while valuing a rule on the paths it was fitted to would flatter it.

Amounts are present values today, so that sums over dates need no further discounting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class StoppingPaths:
    """What is known and what is paid at each decision date on each path.

    Attributes:
        states: what is known at a date, [n_states, n_dates, n_paths]; the rule may look at nothing else.
        stop: present value of stopping at a date, [n_dates, n_paths].
        held: present value of what is paid between the date before (or today) and this one to a holder who has not
            stopped before this one, [n_dates, n_paths].

    Raises:
        ValueError: if the shapes do not fit.
    """

    states: Array
    stop: Array
    held: Array

    def __post_init__(self) -> None:
        if (
            self.states.ndim != 3
            or self.states.shape[1:] != self.stop.shape
            or self.stop.shape != self.held.shape
        ):
            raise ValueError(
                f"states, stop, held: found shapes {self.states.shape}, {self.stop.shape}, {self.held.shape}, "
                "expected [n_states, n_dates, n_paths] and twice [n_dates, n_paths]"
            )
        if self.stop.size == 0:
            raise ValueError(f"stop: found shape {self.stop.shape}, expected at least one date and one path")

    @property
    def n_dates(self) -> int:
        """How many times there is a choice."""
        return len(self.stop)

    def totals(self) -> Array:
        """Present value of everything paid if one stops at each date, [n_dates + 1, n_paths]; the last: never."""
        received = np.cumsum(self.held, axis=0)
        return np.concatenate([received + self.stop, received[-1:]])


@dataclass(frozen=True, slots=True, eq=False)
class _Continuation:
    """Fitted value of going on at one date: coefficients over powers of the standardised states and the amount."""

    centre: Array
    scale: Array
    amount_scale: float
    powers: tuple[tuple[int, ...], ...]
    coefficients: Array

    @classmethod
    def fit(cls, states: Array, stop: Array, future: Array, degree: int) -> "_Continuation":
        centre, spread = states.mean(axis=1), states.std(axis=1)
        # A state without spread says nothing; it is left out rather than divided by zero.
        varies = spread > 1e-12 * np.maximum(1.0, np.abs(centre))
        powers = tuple(_powers(np.flatnonzero(varies).tolist(), degree))
        amount_scale = float(np.abs(stop).max())
        unfitted = cls(centre, np.where(varies, spread, 1.0), amount_scale, powers, np.zeros(len(powers) + 1))
        basis = np.stack(list(unfitted._basis(states, stop)), axis=1)
        coefficients = np.asarray(np.linalg.lstsq(basis, future, rcond=1e-10)[0], dtype=np.float64)
        return replace(unfitted, coefficients=coefficients)

    def value(self, states: Array, stop: Array) -> Array:
        """Fitted value, term by term: a path's figure does not depend on the paths beside it."""
        fitted = np.zeros_like(stop)
        for coefficient, column in zip(self.coefficients, self._basis(states, stop), strict=True):
            fitted += coefficient * column
        return fitted

    def _basis(self, states: Array, stop: Array) -> Iterator[Array]:
        standard = (states - self.centre[:, None]) / self.scale[:, None]
        for power in self.powers:
            column = np.ones_like(stop)
            for state in power:
                column = column * standard[state]
            yield column
        yield stop / self.amount_scale


@dataclass(frozen=True, slots=True, eq=False)
class StoppingRule:
    """When to stop, as a function of what is known.

    Attributes:
        n_dates: dates at which it decides.
        fixed: the date at which it stops whatever happens, None where it looks at the states.
    """

    n_dates: int
    fixed: int | None
    _continuations: tuple[_Continuation | None, ...]

    def dates(self, paths: StoppingPaths) -> Indices:
        """The date at which each path stops, [n_paths]; `n_dates` where it never does.

        Raises:
            ValueError: if the paths have other dates than those the rule was made for.
        """
        if paths.n_dates != self.n_dates:
            raise ValueError(f"paths: found {paths.n_dates} dates, expected the {self.n_dates} of the rule")
        n_paths = paths.stop.shape[1]
        if self.fixed is not None:
            return np.full(n_paths, self.fixed, dtype=np.intp)
        chosen = np.full(n_paths, self.n_dates, dtype=np.intp)
        for i in range(self.n_dates - 1, -1, -1):
            chosen[self._stops(paths, i)] = i
        return chosen

    def _stops(self, paths: StoppingPaths, i: int) -> NDArray[np.bool_]:
        stop, continuation = paths.stop[i], self._continuations[i]
        worth: NDArray[np.bool_] = stop > 0.0
        if continuation is not None:
            worth &= stop >= continuation.value(paths.states[:, i], stop)
        return worth


def fit_stopping_rule(paths: StoppingPaths, *, degree: int = 3) -> StoppingRule:
    """Fit the rule backwards from the last date, where one stops if that pays.

    The regression uses the paths on which stopping pays at all (Longstaff and Schwartz 2001); stopping at a loss is
    never chosen. If some fixed date does at least as well on these paths as the fitted rule, that date is the rule:
    the holder could always have chosen it.

    Args:
        paths: training paths; value the rule on others.
        degree: highest total power of the states, at least 1.

    Raises:
        ValueError: if the degree is below 1.
    """
    if degree < 1:
        raise ValueError(f"degree: found {degree}, expected at least 1")
    last = paths.n_dates - 1
    continuations: list[_Continuation | None] = [None] * paths.n_dates
    future = np.maximum(paths.stop[last], 0.0)
    for i in range(last - 1, -1, -1):
        future = future + paths.held[i + 1]
        pays = np.flatnonzero(paths.stop[i] > 0.0)
        if len(pays):
            states, stop = paths.states[:, i, pays], paths.stop[i, pays]
            continuation = _Continuation.fit(states, stop, future[pays], degree)
            continuations[i] = continuation
            stops = pays[stop >= continuation.value(states, stop)]
            future[stops] = paths.stop[i, stops]
    fitted = float(np.mean(paths.held[0] + future))
    fixed_means = paths.totals().mean(axis=1)
    best = int(np.argmax(fixed_means))
    return StoppingRule(paths.n_dates, best if fixed_means[best] >= fitted else None, tuple(continuations))


def realised(paths: StoppingPaths, dates: Indices) -> Array:
    """Present value of everything paid on each path that stops at its date, [n_paths]."""
    return paths.totals()[dates, np.arange(paths.stop.shape[1])]


def perfect_foresight(paths: StoppingPaths) -> Array:
    """Present value on each path for a holder who knew it from the beginning, [n_paths]: no rule is worth more."""
    best: Array = paths.totals().max(axis=0)
    return best


def _powers(states: Sequence[int], degree: int) -> Iterator[tuple[int, ...]]:
    """States to be multiplied in each term, up to a total power; the empty one is the constant."""
    for total in range(degree + 1):
        yield from combinations_with_replacement(states, total)
