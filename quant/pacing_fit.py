"""The parameters of the pacing model from the observed flows of a commitment, by least squares.

Contribution rates follow in closed form: given what was paid in before, year t's rate is C_t over the open commitment,
and the last one, which holds for all later years, is the regression through the origin of those years. Growth and bow
minimise the squared differences between observed and modelled distributions, and net asset values where they are
given, all as shares of the commitment; the observed contributions drive the model. The rank of the Jacobian says
whether the flows tell both parameters apart: one year of distributions does not, nor do years in which the yield alone
decides how much is paid (then the bow does nothing).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from quant.arguments import NON_NEGATIVE, POSITIVE, PROBABILITY, FloatArray, require_count

_STARTS = ((1.0, 0.0), (2.5, 0.1), (5.0, 0.2))
_BOUNDS = ((0.05, -0.9), (20.0, 2.0))
_ILL_CONDITIONED = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class PacingFit:
    """Parameters of `quant.pacing.takahashi_alexander` that are closest to what was observed.

    Attributes:
        contribution_rates: the last one holds for later years.
        last_rate_error: standard error of the last rate, nan with one year of it.
        bow, growth: of the distributions.
        bow_error, growth_error: standard errors, nan where they cannot be told.
        rms_error: of distributions and net asset values, share of the commitment.
        is_identified: whether the flows tell bow and growth apart.
        condition: of the Jacobian, scaled; inf where a parameter does nothing.
        is_at_bound: whether bow or growth is at the end of its range: the flows do not have the model's shape.
    """

    contribution_rates: FloatArray
    last_rate_error: float
    bow: float
    growth: float
    bow_error: float
    growth_error: float
    rms_error: float
    is_identified: bool
    condition: float
    is_at_bound: bool


def fit_pacing(
    commitment: float,
    contributions: ArrayLike,
    distributions: ArrayLike,
    life_years: int,
    *,
    nav: ArrayLike | None = None,
    n_rates: int = 3,
    yield_rate: float = 0.0,
) -> PacingFit:
    """Fit the pacing model to the first years of a commitment.

    Args:
        commitment: CC, above 0.
        contributions: of years 1, 2, ..., [n], together not above the commitment.
        distributions: likewise.
        life_years: L, at least n.
        nav: at the ends of the years, [n]; None where it was not told.
        n_rates: number of contribution rates, 1 to n.
        yield_rate: Y, known.

    Raises:
        ValueError: if an argument is outside its domain or the lengths differ.
    """
    committed = float(POSITIVE.require("commitment", commitment))
    paid = NON_NEGATIVE.require("contributions", contributions) / committed
    received = NON_NEGATIVE.require("distributions", distributions) / committed
    values = None if nav is None else NON_NEGATIVE.require("nav", nav) / committed
    life = require_count("life_years", life_years, at_least=1)
    if paid.ndim != 1 or not 2 <= paid.size <= life:
        raise ValueError(f"contributions: found shape {paid.shape}, expected [n] with 2 to {life} years")
    for name, other in (("distributions", received), ("nav", values)):
        if other is not None and other.shape != paid.shape:
            raise ValueError(f"{name}: found shape {other.shape}, expected {paid.shape}")
    if paid.sum() > 1.0 + 1e-9:
        raise ValueError(f"contributions: found {paid.sum():.6g} of the commitment, expected at most 1")
    if not 1 <= require_count("n_rates", n_rates, at_least=1) <= paid.size:
        raise ValueError(f"n_rates: found {n_rates}, expected 1 to {paid.size}")
    least = float(PROBABILITY.require("yield_rate", yield_rate))
    rates, rate_error = _contribution_rates(paid, n_rates)
    observed = received if values is None else np.concatenate([received, values])

    def residuals(parameters: FloatArray) -> FloatArray:
        modelled = _modelled(paid, life, least, float(parameters[0]), float(parameters[1]))
        return (modelled[0] if values is None else np.concatenate(modelled)) - observed

    fits = [least_squares(residuals, start, bounds=_BOUNDS, xtol=1e-14, ftol=1e-14, gtol=1e-14, x_scale=(1.0, 0.1))
            for start in _STARTS]  # fmt: skip
    best = min(fits, key=lambda fit: float(fit.cost))
    condition, errors = _precision(np.asarray(best.jac), best.fun)
    return PacingFit(
        contribution_rates=rates,
        last_rate_error=rate_error,
        bow=float(best.x[0]),
        growth=float(best.x[1]),
        bow_error=errors[0],
        growth_error=errors[1],
        rms_error=float(np.sqrt(np.mean(best.fun**2))),
        is_identified=condition < _ILL_CONDITIONED,
        condition=condition,
        is_at_bound=bool(np.any(np.isclose(best.x, _BOUNDS[0]) | np.isclose(best.x, _BOUNDS[1]))),
    )


def _contribution_rates(paid: FloatArray, n_rates: int) -> tuple[FloatArray, float]:
    """The rates and the standard error of the last one."""
    left = 1.0 - np.concatenate([[0.0], np.cumsum(paid)[:-1]])
    # Rounding may leave a hair of the commitment: it says nothing about a rate.
    left = np.where(left > 1e-9, left, 0.0)
    early = n_rates - 1
    rates = np.divide(paid[:early], left[:early], out=np.zeros(early), where=left[:early] > 0.0)
    size = float(left[early:] @ left[early:])
    last = float(paid[early:] @ left[early:]) / size if size > 0.0 else 0.0
    rest = paid[early:] - last * left[early:]
    n_rest = int(np.count_nonzero(left[early:]))
    error = np.sqrt(float(rest @ rest) / (n_rest - 1) / size) if n_rest > 1 else np.nan
    return np.clip(np.append(rates, last), 0.0, 1.0), float(error)


def _modelled(
    paid: FloatArray, life: int, yield_rate: float, bow: float, growth: float
) -> tuple[FloatArray, FloatArray]:
    """Distributions and net asset values that the model gives to observed contributions."""
    shares = np.maximum(yield_rate, (np.arange(1, paid.size + 1) / life) ** bow)
    distributions, values = np.empty(paid.size), np.empty(paid.size)
    value = 0.0
    for year, share in enumerate(shares):
        grown = value * (1.0 + growth)
        distributions[year] = share * grown
        value = grown - distributions[year] + paid[year]
        values[year] = value
    return distributions, values


def _precision(jacobian: FloatArray, residuals: FloatArray) -> tuple[float, tuple[float, float]]:
    """Condition of the Jacobian with columns of a tenth of a parameter's usual size, and the standard errors."""
    scaled = jacobian * np.array([1.0, 0.1])
    singular = np.linalg.svd(scaled, compute_uv=False)
    if singular[-1] <= 1e-12 * max(singular[0], 1e-300) or singular[0] < 1e-12:
        return float("inf"), (np.nan, np.nan)
    freedom = residuals.size - 2
    if freedom < 1:
        return float(singular[0] / singular[-1]), (np.nan, np.nan)
    covariance = np.linalg.inv(jacobian.T @ jacobian) * float(residuals @ residuals) / freedom
    errors = np.sqrt(np.diag(covariance))
    return float(singular[0] / singular[-1]), (float(errors[0]), float(errors[1]))
