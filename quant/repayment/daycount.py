"""Fractions of a year between dates under the conventions that loan contracts use."""

from datetime import date
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from quant.arguments import FloatArray

Days: TypeAlias = NDArray[np.datetime64]
Dates: TypeAlias = date | np.datetime64 | Days


class DayCount(Enum):
    """Day-count convention; the value is the name in contracts.

    ACT_360 is the usual one of Chinese commercial loans (daily rate = annual rate / 360).
    """

    ACT_360 = "ACT/360"
    ACT_365 = "ACT/365"
    THIRTY_E_360 = "30E/360"


def year_fraction(convention: DayCount, start: Dates, end: Dates) -> FloatArray:
    """Return the fraction of a year from `start` to `end`; arrays broadcast.

    ACT/360 and ACT/365 (Fixed) are actual days over 360 and 365; 30E/360 takes day 31 as 30 in both dates
    (ISDA 2006 definitions, sections 4.16 d, e and g).

    Args:
        convention: The convention.
        start: First day, a date or datetime64 array.
        end: Last day, not before `start`.

    Raises:
        ValueError: if a date is missing (NaT) or `end` is before `start`.
    """
    first, last = np.asarray(start, dtype="datetime64[D]"), np.asarray(end, dtype="datetime64[D]")
    for name, day in (("start", first), ("end", last)):
        if np.isnat(day).any():
            raise ValueError(f"{name}: found a missing date (NaT), expected a date")
    if (last < first).any():
        raise ValueError("end: found a date before start, expected the same day or later")
    if convention is DayCount.THIRTY_E_360:
        days = (_thirty_day_months(last) - _thirty_day_months(first)).astype(np.float64)
        return np.asarray(days / 360.0)[()]
    days = (last - first).astype(np.float64)
    return np.asarray(days / (360.0 if convention is DayCount.ACT_360 else 365.0))[()]


def _thirty_day_months(day: Days) -> NDArray[np.int64]:
    """Return a running day number in which every month has 30 days."""
    months = day.astype("datetime64[M]")
    day_of_month = (day - months.astype("datetime64[D]")).astype(np.int64) + 1
    return np.asarray(30 * months.astype(np.int64) + np.minimum(day_of_month, 30))
