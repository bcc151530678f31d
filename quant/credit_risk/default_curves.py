"""Term structures of default: from ratings that migrate, or from any curve, to multiples of a hazard by period.

A loan's hazard in period k is `-ln(1 - p) m_k`: its probability of default by the end of it is
`F_k = 1 - (1 - p)^(sum_j m_j (t_j - t_{j-1}))`, with p the probability over a year and m = 1 for a hazard that stays.
"""

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import PROBABILITY, FloatArray

_TOTAL_TOLERANCE = 1e-9


def cumulative_default_by_rating(yearly_transition: ArrayLike, ends_years: ArrayLike) -> FloatArray:
    """Probability of having defaulted by each date, [n_ratings, n_dates].

    Ratings migrate as a Markov chain (Jarrow, Lando and Turnbull 1997, Review of Financial Studies 10(2)): after y
    whole years it is the last column of the y-th power of the matrix. Within a year the hazard is taken as constant.

    Args:
        yearly_transition: from each rating (row) to each (column), default last and absorbing, rows adding up to 1,
            [n_ratings + 1, n_ratings + 1].
        ends_years: ascending, >= 0, [n_dates].

    Raises:
        ValueError: if the matrix is not one of transition into an absorbing default, or a date is below 0.
    """
    matrix = PROBABILITY.require("yearly_transition", yearly_transition)
    ends = np.asarray(ends_years, dtype=np.float64)
    n = len(matrix)
    if matrix.shape != (n, n) or np.any(np.abs(matrix.sum(axis=1) - 1.0) > _TOTAL_TOLERANCE):
        raise ValueError(
            f"yearly_transition: found shape {matrix.shape}, expected a square whose rows add up to 1"
        )
    if matrix[-1, -1] != 1.0:
        raise ValueError(
            f"yearly_transition: found {matrix[-1, -1]!r} in the corner, expected a default for good: 1"
        )
    if ends.ndim != 1 or len(ends) == 0 or not np.all(ends >= 0.0):
        raise ValueError(f"ends_years: found {ends_years!r}, expected a list of years of 0 or more")
    years = np.arange(int(np.ceil(ends.max())) + 1)
    powers = [np.eye(n)]
    for _ in years[1:]:
        powers.append(powers[-1] @ matrix)
    gone = np.stack([power[:-1, -1] for power in powers], axis=1)
    with np.errstate(divide="ignore"):
        log_alive = np.maximum(np.log1p(-np.minimum(gone, 1.0)), -np.finfo(np.float64).max)
    by_date = np.stack([np.interp(ends, years, row) for row in log_alive])
    cumulative: FloatArray = -np.expm1(by_date)
    return cumulative


def hazard_multiples(
    cumulative_default: ArrayLike, probability_annual: ArrayLike, ends_years: ArrayLike
) -> FloatArray:
    """Multiples m_k under which a yearly probability gives a curve, [n_curves, n_periods].

    Args:
        cumulative_default: F_k, ascending, below 1, [n_curves, n_periods].
        probability_annual: p of each curve, in (0, 1), [n_curves].
        ends_years: of the periods, ascending, above 0, [n_periods].

    Raises:
        ValueError: if a curve falls or reaches 1, or shapes differ.
    """
    curves = PROBABILITY.require("cumulative_default", cumulative_default)
    yearly = PROBABILITY.require("probability_annual", probability_annual)
    ends = np.asarray(ends_years, dtype=np.float64)
    if curves.shape != (len(yearly), len(ends)):
        raise ValueError(
            f"cumulative_default: found shape {curves.shape}, expected {(len(yearly), len(ends))}"
        )
    if np.any(np.diff(curves, axis=1, prepend=0.0) < 0.0) or np.any(curves >= 1.0):
        raise ValueError("cumulative_default: expected curves that never fall and stay below 1")
    if np.any(yearly <= 0.0) or np.any(yearly >= 1.0):
        raise ValueError("probability_annual: expected probabilities between 0 and 1, both left out")
    spent = np.diff(np.log1p(-curves) / np.log1p(-yearly)[:, None], axis=1, prepend=0.0)
    multiples: FloatArray = np.maximum(spent, 0.0) / np.diff(ends, prepend=0.0)
    return multiples


def cumulative_default_at(cumulative_by_year: ArrayLike, ends_years: ArrayLike) -> FloatArray:
    """A curve that is known by the year at other dates: probability of having defaulted by each, [n_dates].

    The hazard is constant within a year, and after the last year stays what it was in it.

    Args:
        cumulative_by_year: by the end of year 1, 2, ..., ascending, below 1, [n_years].
        ends_years: ascending, >= 0, [n_dates].

    Raises:
        ValueError: if the curve is empty, falls or reaches 1.
    """
    curve = PROBABILITY.require("cumulative_by_year", cumulative_by_year)
    ends = np.asarray(ends_years, dtype=np.float64)
    if curve.ndim != 1 or len(curve) == 0 or np.any(np.diff(curve, prepend=0.0) < 0.0) or curve[-1] >= 1.0:
        raise ValueError("cumulative_by_year: expected a curve that never falls and stays below 1")
    spent = np.append(0.0, -np.log1p(-curve))
    last = len(curve)
    by_date = np.interp(ends, np.arange(last + 1), spent)
    by_date += np.maximum(ends - last, 0.0) * (spent[-1] - spent[-2])
    cumulative: FloatArray = np.minimum(-np.expm1(-by_date), np.nextafter(1.0, 0.0))
    return cumulative
