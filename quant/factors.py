"""The factor model: the common causes that move prices, collateral and defaults together.

A primary factor is `ln F_i(t) = a_i + g_i t + x_i(t)` with `dx_i = -k_i x_i dt + s_i dW_i` and
`dW_i dW_j = rho_ij dt`: k = 0 is geometric Brownian motion, s = 0 a deterministic path. A derived factor is one
primary price (or 1) times a continuous piecewise-linear function of a primary factor; its forward is closed form
(docs/models/factors.md). A scenario may lay a deterministic shift over ln F_i in chosen years. All times are years
from the valuation date.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from quant.draws.random_numbers import Purpose, standard_normals
from quant.market.overlay import LogOverlay
from quant.market.piecewise import PiecewiseLinear

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PrimaryFactor:
    """One log-Ornstein-Uhlenbeck factor.

    Attributes:
        name: how schedules refer to it.
        log_level: a, the log of the median level at the valuation date if the deviation is 0.
        growth_annual: g, growth of the log median a year.
        mean_reversion_annual: k >= 0, speed; 0 is Brownian motion.
        volatility_annual: s >= 0, instantaneous standard deviation of the log a year.
        deviation: x(0), today's log deviation from the median.
        overlay: deterministic shift of ln F over time; None for none.
    """

    name: str
    log_level: float
    growth_annual: float = 0.0
    mean_reversion_annual: float = 0.0
    volatility_annual: float = 0.0
    deviation: float = 0.0
    overlay: LogOverlay | None = None

    def __post_init__(self) -> None:
        figures = (
            self.log_level, self.growth_annual, self.mean_reversion_annual, self.volatility_annual, self.deviation,
        )  # fmt: skip
        if not all(np.isfinite(figures)):
            raise ValueError(f"factor {self.name}: every parameter must be finite, found {figures}")
        if self.mean_reversion_annual < 0.0 or self.volatility_annual < 0.0:
            raise ValueError(
                f"factor {self.name}: found mean reversion {self.mean_reversion_annual} and volatility "
                f"{self.volatility_annual}, expected both >= 0"
            )

    def log_median(self, times: Array) -> Array:
        """The log without its deviation x: level, growth and overlay, at each time."""
        median: Array = self.log_level + self.growth_annual * times
        return median if self.overlay is None else median + self.overlay(times)


@dataclass(frozen=True, slots=True)
class DerivedFactor:
    """A primary price (or 1) times a piecewise-linear function of a primary driver, which may be the price itself."""

    name: str
    driver: str
    payoff: PiecewiseLinear
    price: str | None = None


def _decayed_span(rate: ArrayLike, span: ArrayLike) -> Array:
    """Integral of exp(-rate u) over [0, span], exact at rate 0."""
    length = np.asarray(span, dtype=np.float64)
    product: Array = np.multiply(rate, length)
    safe = np.where(product == 0.0, 1.0, product)
    integral: Array = length * np.where(product == 0.0, 1.0, -np.expm1(-safe) / safe)
    return integral


def _semidefinite_root(matrix: Array, what: str) -> Array:
    """Lower-triangular L with L L' = matrix, also when some directions carry no noise.

    Raises:
        ValueError: if the matrix is not positive semidefinite.
    """
    n = matrix.shape[0]
    root = np.zeros_like(matrix)
    tolerance = 1e-12 * max(float(np.max(np.abs(matrix), initial=0.0)), 1e-300)
    for j in range(n):
        column = matrix[j:, j] - root[j:, :j] @ root[j, :j]
        pivot = column[0]
        if pivot > tolerance:
            root[j:, j] = column / np.sqrt(pivot)
        elif pivot < -tolerance or np.any(np.abs(column) > np.sqrt(tolerance)):
            raise ValueError(f"{what}: not positive semidefinite (pivot {pivot:.3g} in row {j})")
    return root


@dataclass(frozen=True, slots=True, eq=False)
class FactorModel:
    """Primary and derived factors that share one set of correlated shocks.

    Attributes:
        primaries: the factors that carry randomness.
        derived: functions of them.
        correlation: rho [n_primary, n_primary], symmetric with unit diagonal.
        names: primary names, then derived names: the first axis of every result.

    Raises:
        ValueError: for repeated names, an unknown driver or price, or a matrix that is no correlation.
    """

    primaries: tuple[PrimaryFactor, ...]
    derived: tuple[DerivedFactor, ...]
    correlation: Array
    names: tuple[str, ...] = field(init=False)
    _index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = tuple(f.name for f in self.primaries) + tuple(f.name for f in self.derived)
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"factor names: found {repeated} more than once, expected each once")
        correlation = np.array(self.correlation, dtype=np.float64)
        n = len(self.primaries)
        if correlation.shape != (n, n):
            raise ValueError(f"correlation: found shape {correlation.shape}, expected {(n, n)}")
        if not np.allclose(correlation, correlation.T, atol=1e-12) or not np.allclose(
            np.diag(correlation), 1.0
        ):
            raise ValueError("correlation: expected a symmetric matrix with ones on the diagonal")
        _semidefinite_root(correlation, "correlation")
        correlation.setflags(write=False)
        primary_names = {f.name for f in self.primaries}
        for factor in self.derived:
            for used in (factor.driver, factor.price):
                if used is not None and used not in primary_names:
                    raise ValueError(f"derived factor {factor.name}: {used} is not a primary factor")
        object.__setattr__(self, "correlation", correlation)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "_index", {name: i for i, name in enumerate(names)})

    # -- structure

    @property
    def n_primary(self) -> int:
        """How many factors carry randomness of their own."""
        return len(self.primaries)

    def index(self, name: str) -> int:
        """Position of a factor on the first axis.

        Raises:
            KeyError: with the known names, if there is no such factor.
        """
        try:
            return self._index[name]
        except KeyError:
            raise KeyError(f"factor {name!r} is not in the model; known: {', '.join(self.names)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def initial_states(self) -> Array:
        """x(0) [n_primary]."""
        return np.array([f.deviation for f in self.primaries])

    def _speeds(self) -> Array:
        return np.array([f.mean_reversion_annual for f in self.primaries])

    def _volatilities(self) -> Array:
        return np.array([f.volatility_annual for f in self.primaries])

    def step_covariance(self, span_years: float) -> Array:
        """Covariance of the exact step of x over a span, [n_primary, n_primary]."""
        speeds, volatilities = self._speeds(), self._volatilities()
        rates = speeds[:, None] + speeds[None, :]
        scale = self.correlation * volatilities[:, None] * volatilities[None, :]
        return scale * _decayed_span(rates, span_years)

    # -- simulation

    def simulate_states(
        self, times: Sequence[float] | Array, n_paths: int, seed: int, *, first_path: int = 0
    ) -> Array:
        """Deviations x at each time by exact steps.

        Args:
            times: increasing years from the valuation date, [n_times], all > 0.
            n_paths: number of paths.
            seed: seed of the scenario universe.
            first_path: number of the first path; path p is the same whatever block it is drawn in.

        Returns:
            Array [n_primary, n_times, n_paths].
        """
        grid = _checked_times(times)
        states = np.empty((self.n_primary, len(grid), n_paths))
        current = np.repeat(self.initial_states()[:, None], n_paths, axis=1)
        speeds = self._speeds()
        now = 0.0
        for step, time in enumerate(grid):
            root = _semidefinite_root(self.step_covariance(time - now), "step covariance")
            current = np.exp(-speeds * (time - now))[:, None] * current
            for lane in np.flatnonzero(np.any(root != 0.0, axis=0)):
                draws = standard_normals(
                    seed, Purpose.FACTOR, n_paths, first_path=first_path, lane=int(lane), step=step
                )
                for row in np.flatnonzero(root[:, lane]):
                    current[row] += root[row, lane] * draws
            states[:, step, :] = current
            now = time
        return states

    def values(self, times: Sequence[float] | Array, states: Array) -> Array:
        """Factor values for given deviations: [n_primary, n_times, n_paths] -> [n_factors, n_times, n_paths]."""
        grid = np.asarray(times, dtype=np.float64)
        out = np.empty((len(self.names), len(grid), states.shape[2]))
        for i, factor in enumerate(self.primaries):
            np.exp(factor.log_median(grid)[:, None] + states[i], out=out[i])
        for j, derived in enumerate(self.derived, start=self.n_primary):
            payoff = derived.payoff(out[self.index(derived.driver)])
            out[j] = payoff if derived.price is None else payoff * out[self.index(derived.price)]
        return out

    def simulate(
        self, times: Sequence[float] | Array, n_paths: int, seed: int, *, first_path: int = 0
    ) -> Array:
        """Factor values [n_factors, n_times, n_paths]; the arguments are those of `simulate_states`."""
        return self.values(times, self.simulate_states(times, n_paths, seed, first_path=first_path))

    # -- forwards

    def forward(
        self, times: Sequence[float] | Array, *, states: Array | None = None, at_years: float = 0.0
    ) -> Array:
        """Conditional expectation E[F(t) | x(s)] of every factor at every time t >= s.

        Args:
            times: years from the valuation date [n_times].
            states: x(s), [n_primary] or [n_primary, n_paths]; today's deviations when absent.
            at_years: s.

        Returns:
            [n_factors, n_times] or, for many paths, [n_factors, n_times, n_paths].
        """
        n_times = len(times)
        factor_index = np.repeat(np.arange(len(self.names)), n_times)
        cells = self.forward_cells(
            factor_index, np.tile(np.asarray(times, dtype=np.float64), len(self.names)),
            states=states, at_years=at_years,
        )  # fmt: skip
        return cells.reshape((len(self.names), n_times, *cells.shape[1:]))

    def forward_cells(
        self,
        factor_index: NDArray[np.intp],
        times: Array,
        *,
        states: Array | None = None,
        at_years: float = 0.0,
    ) -> Array:
        """Conditional forwards of chosen (factor, time) cells.

        Args:
            factor_index: position of each cell's factor, [n_cells].
            times: each cell's time, [n_cells], all >= at_years.
            states: as in `forward`.
            at_years: s.

        Returns:
            [n_cells] or [n_cells, n_paths].
        """
        given = self.initial_states() if states is None else np.asarray(states, dtype=np.float64)
        many = given if given.ndim == 2 else given[:, None]
        out = np.empty((len(times), many.shape[1]))
        for i in np.unique(factor_index):
            rows = np.flatnonzero(factor_index == i)
            spans = times[rows] - at_years
            if np.any(spans < 0.0):
                raise ValueError(f"times: found {times[rows].min()} before the state's time {at_years}")
            if i < self.n_primary:
                out[rows] = self._primary_forward(int(i), times[rows], spans, many)
            else:
                out[rows] = self._derived_forward(self.derived[i - self.n_primary], times[rows], spans, many)
        return out if given.ndim == 2 else out[:, 0]

    def _primary_forward(self, i: int, times: Array, spans: Array, states: Array) -> Array:
        factor = self.primaries[i]
        speed = np.float64(factor.mean_reversion_annual)
        variance = factor.volatility_annual**2 * _decayed_span(2.0 * speed, spans)
        base = factor.log_median(times) + 0.5 * variance
        forward: Array = np.exp(base[:, None] + np.exp(-speed * spans)[:, None] * states[i][None, :])
        return forward

    def _derived_forward(self, derived: DerivedFactor, times: Array, spans: Array, states: Array) -> Array:
        """E[P g(Q)] by the hinge decomposition: each hinge is an option on Q under the measure that P sets."""
        q = self.index(derived.driver)
        driver = self._primary_forward(q, times, spans, states)
        volatilities, speeds = self._volatilities(), self._speeds()
        variance = volatilities[q] ** 2 * _decayed_span(2.0 * speeds[q], spans)
        if derived.price is None:
            price: Array | float = 1.0
            shifted = driver
        else:
            p = self.index(derived.price)
            price = self._primary_forward(p, times, spans, states)
            rate = speeds[p] + speeds[q]
            scale = self.correlation[p, q] * volatilities[p] * volatilities[q]
            covariance = scale * _decayed_span(rate, spans)
            shifted = driver * np.exp(covariance)[:, None]
        intercept, slope, kinks = derived.payoff.hinges()
        expected = intercept + slope * shifted
        for strike, change in kinks:
            expected = expected + change * black_call(shifted, strike, variance[:, None])
        return price * expected


def black_call(forward: ArrayLike, strike: ArrayLike, variance: ArrayLike) -> Array:
    """Expected value of max(Q - K, 0) for a lognormal Q: Black (1976), undiscounted.

    Args:
        forward: E[Q] > 0.
        strike: K > 0.
        variance: variance of ln Q >= 0; 0 gives the intrinsic value.
    """
    f, k, v = np.broadcast_arrays(
        np.asarray(forward, dtype=np.float64),
        np.asarray(strike, dtype=np.float64),
        np.asarray(variance, np.float64),
    )
    sd = np.sqrt(v)
    certain = sd == 0.0
    safe = np.where(certain, 1.0, sd)
    d1 = np.log(f / k) / safe + 0.5 * safe
    option = f * ndtr(d1) - k * ndtr(d1 - safe)
    value: Array = np.where(certain, np.maximum(f - k, 0.0), option)
    return value


def _checked_times(times: Sequence[float] | Array) -> Array:
    grid = np.asarray(times, dtype=np.float64)
    if grid.ndim != 1 or len(grid) == 0 or not np.all(np.isfinite(grid)):
        raise ValueError(f"times: found {times!r}, expected a non-empty list of finite years")
    if grid[0] <= 0.0 or np.any(np.diff(grid) <= 0.0):
        raise ValueError(f"times: found {grid}, expected strictly increasing years > 0")
    return grid
