"""Quarters: their days, and texts that are none."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.statistics.quarter import FIRST_YEAR, LAST_YEAR, Quarter

QUARTERS = st.builds(Quarter, st.integers(FIRST_YEAR + 1, LAST_YEAR), st.integers(1, 4))


def test_days_of_a_quarter() -> None:
    quarter = Quarter.read("2026Q3")
    assert str(quarter) == "2026Q3"
    assert quarter.name_zh == "2026年三季度"
    assert (quarter.opening_day, quarter.closing_day) == (dt.date(2026, 6, 30), dt.date(2026, 9, 30))
    assert (quarter.year_begin_day, quarter.year_before_day) == (dt.date(2025, 12, 31), dt.date(2025, 9, 30))
    assert Quarter.read("2026Q1").opening_day == dt.date(2025, 12, 31)
    assert Quarter.read("2026Q1").previous == Quarter(2025, 4)


@given(QUARTERS)
def test_a_quarter_opens_where_the_one_before_closes(quarter: Quarter) -> None:
    assert quarter.opening_day == quarter.previous.closing_day
    assert Quarter.read(str(quarter)) == quarter
    assert quarter.previous < quarter


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026Q5",
        "2026Q0",
        "26Q3",
        "2026-Q3",
        "2026Q3 ",
        "2026q3",
        "２０２６Q3",
        "1200Q1",
        "9999Q4",
    ],
)
def test_a_text_that_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Quarter.read(text)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (dt.date(2026, 10, 1), Quarter(2026, 3)),
        (dt.date(2026, 12, 31), Quarter(2026, 3)),
        (dt.date(2027, 1, 1), Quarter(2026, 4)),
        (dt.date(2026, 3, 31), Quarter(2025, 4)),
    ],
)
def test_the_last_quarter_that_has_ended(today: dt.date, expected: Quarter) -> None:
    assert Quarter.last_ended(today) == expected
    assert expected.closing_day < today
