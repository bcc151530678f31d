"""Months of a year: totals unchanged by any profile, and shares by hand."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.market.seasons import MonthlyShares, phase_of_year

# Monthly shares at Yingluoxia as collected, in percent; they add up to 99.8.
COLLECTED = (2.0, 2.0, 2.9, 4.3, 6.3, 12.0, 19.2, 19.6, 15.6, 8.8, 4.5, 2.6)
RIVER = MonthlyShares(tuple(share / 99.8 for share in COLLECTED))
profiles = st.lists(st.floats(0.0, 1.0), min_size=12, max_size=12).filter(lambda found: sum(found) > 0.1)
dates = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))


def scaled(found: list[float]) -> MonthlyShares:
    return MonthlyShares(tuple(share / math.fsum(found) for share in found))


@given(profiles, dates, st.integers(1, 30), st.floats(0.0, 20.0))
def test_whole_years_hold_whole_years_of_water(
    shares: list[float], begins: dt.date, years: int, since: float
) -> None:
    assert scaled(shares).between(since, since + years, begins=begins) == pytest.approx(years, abs=1e-9)


@given(profiles, dates, st.floats(0.0, 9.0), st.floats(0.0, 3.0), st.floats(0.0, 3.0))
def test_stretches_add_up(
    shares: list[float], begins: dt.date, first: float, more: float, rest: float
) -> None:
    profile = scaled(shares)
    middle, last = first + more, first + more + rest
    parts = profile.between([first, middle], [middle, last], begins=begins)
    assert (parts >= -1e-12).all()
    assert parts.sum() == pytest.approx(float(profile.between(first, last, begins=begins)), abs=1e-9)


@given(dates, st.floats(0.0, 9.0), st.floats(0.0, 3.0))
def test_a_flat_profile_is_time(begins: dt.date, first: float, span: float) -> None:
    assert MonthlyShares.flat().between(first, first + span, begins=begins) == pytest.approx(span, abs=1e-9)


def test_the_first_half_year_of_the_river_by_hand() -> None:
    """2.0 + 2.0 + 2.9 + 4.3 + 6.3 + 12.0 = 29.5 of 99.8 from January to June; the rest from July."""
    assert RIVER.between(0.0, 0.5, begins=dt.date(2026, 1, 1)) == pytest.approx(29.5 / 99.8, rel=1e-12)
    assert RIVER.between(0.0, 0.5, begins=dt.date(2026, 7, 1)) == pytest.approx(70.3 / 99.8, rel=1e-12)
    # From 16 April half of April is left: 2.15 + 6.3 in the first twelfth and a half.
    got = RIVER.between(0.0, 1.5 / 12.0, begins=dt.date(2026, 4, 16))
    assert got == pytest.approx((2.15 + 6.3) / 99.8, rel=1e-9)


def test_months_of_use() -> None:
    """May to September: 6.3 + 12.0 + 19.2 + 19.6 + 15.6 = 72.7 of 99.8; within them August is 19.6 of 72.7."""
    season = (5, 6, 7, 8, 9)
    assert RIVER.of_months(season) == pytest.approx(72.7 / 99.8, rel=1e-12)
    assert RIVER.of_months(()) == 0.0
    within = RIVER.within(season)
    assert within.shares[7] == pytest.approx(19.6 / 72.7, rel=1e-12)
    assert within.shares[0] == 0.0


def test_the_phase_of_a_date() -> None:
    assert phase_of_year(dt.date(2026, 1, 1)) == 0.0
    assert phase_of_year(dt.date(2024, 2, 15)) == pytest.approx((1 + 14 / 29) / 12)


@pytest.mark.parametrize(
    "shares",
    [(), (1.0,), (1.0 / 12,) * 11, (0.1,) * 12, (math.nan, *(1.0 / 11,) * 11), (1.5, -0.5, *(0.0,) * 10)],
)
def test_what_is_no_profile_is_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="shares"):
        MonthlyShares(shares)


@pytest.mark.parametrize("months", [(0,), (13,), (5, 5)])
def test_what_is_no_month_is_refused(months: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="months"):
        RIVER.of_months(months)


def test_months_in_which_nothing_flows_are_refused() -> None:
    january = MonthlyShares((1.0, *(0.0,) * 11))
    with pytest.raises(ValueError, match="nothing falls"):
        january.within((6, 7))
