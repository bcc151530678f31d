"""When rights pay: at whole years from the valuation date, and once at the exact end of the term.

Income of a year is paid at its end. Whole years let many assets share the same (factor, time) cells.
"""

import math
from functools import lru_cache
from itertools import pairwise

Years = tuple[tuple[float, float], ...]
"""(time of payment, share of a year's income that is paid then)."""

_SAME_YEARS = 1e-9


@lru_cache(maxsize=4096)
def payment_years(term_years: float, start_years: float = 0.0) -> Years:
    """Payments of a right that begins in `start_years` and lasts `term_years`.

    >>> payment_years(2.5)
    ((1.0, 1.0), (2.0, 1.0), (2.5, 0.5))
    >>> payment_years(1.0, start_years=0.5)
    ((1.0, 0.5), (1.5, 0.5))
    """
    return tuple((end, end - begin) for begin, end in _intervals(start_years, start_years + term_years))


@lru_cache(maxsize=4096)
def permit_years(
    term_years: float, renewal_probability: float, renewal_term_years: float, renewals: int
) -> Years:
    """Payments of a permit that may be renewed: a year in the k-th renewal counts probability^k.

    Without renewals or with probability 0 there is no payment after the end of the term.

    >>> permit_years(2.0, 0.5, 1.0, 2)
    ((1.0, 1.0), (2.0, 1.0), (3.0, 0.5), (4.0, 0.25))
    """
    if renewals == 0 or renewal_probability == 0.0:
        return payment_years(term_years)
    ends = [term_years + k * renewal_term_years for k in range(renewals + 1)]
    begins = [0.0, *ends[:-1]]
    return tuple(
        (
            end,
            sum(
                renewal_probability**k * max(0.0, min(end, until) - max(begin, since))
                for k, (since, until) in enumerate(zip(begins, ends, strict=True))
            ),
        )
        for begin, end in _intervals(0.0, ends[-1])
    )


Interval = tuple[float, tuple[tuple[float, float, float], ...]]
"""Time of payment, and the parts of the time behind it: begin, end, probability that the permit is in force."""


def permit_intervals(
    term_years: float,
    renewal_probability: float,
    renewal_term_years: float,
    renewals: int,
    *,
    payments_per_year: int,
) -> tuple[Interval, ...]:
    """Payments of a permit that may be renewed, with the stretches of time that each pays for.

    >>> permit_intervals(0.5, 0.0, 1.0, 0, payments_per_year=4)
    ((0.25, ((0.0, 0.25, 1.0),)), (0.5, ((0.25, 0.5, 1.0),)))
    """
    counted = renewals if renewal_probability > 0.0 else 0
    ends = [term_years + k * renewal_term_years for k in range(counted + 1)]
    begins = [0.0, *ends[:-1]]
    steps = math.ceil(ends[-1] * payments_per_year - _SAME_YEARS)
    edges = [*(step / payments_per_year for step in range(steps)), _rounded(ends[-1])]
    return tuple(
        (
            end,
            tuple(
                (max(begin, since), min(end, until), renewal_probability**k)
                for k, (since, until) in enumerate(zip(begins, ends, strict=True))
                if min(end, until) > max(begin, since)
            ),
        )
        for begin, end in pairwise(edges)
    )


def years_before(end_years: float) -> Years:
    """Whole years strictly before a time, such as the years that cost before a harvest.

    >>> years_before(3.0)
    ((1.0, 1.0), (2.0, 1.0))
    """
    return tuple((float(year), 1.0) for year in range(1, math.ceil(end_years - _SAME_YEARS)))


def _intervals(begin: float, end: float) -> list[tuple[float, float]]:
    """[begin, end] cut at whole years."""
    first = math.floor(begin + _SAME_YEARS)
    cuts = [float(year) for year in range(first + 1, math.ceil(end - _SAME_YEARS))]
    edges = [begin, *cuts, _rounded(end)]
    return list(pairwise(edges))


def _rounded(years: float) -> float:
    return float(round(years)) if abs(years - round(years)) < _SAME_YEARS else years
