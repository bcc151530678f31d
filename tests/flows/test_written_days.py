import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.written_days import written_day


@given(st.dates(min_value=dt.date(1000, 1, 1)))
def test_a_day_is_read_in_every_form(day: dt.date) -> None:
    year, month, number = day.year, day.month, day.day
    forms = (
        f"{day}", f"{day} 00:00:00", f"{day}T00:00:00", f"{year}/{month}/{number}", f"{year}.{month}.{number}",
        f"{year}年{month}月{number}日", f"{year}{month:02}{number:02}",
    )  # fmt: skip
    assert {written_day(form) for form in forms} == {day}


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "2026-13-01", "2026111", "30.9.2026", "2026-09-30 12:00:00", "2026-09"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert written_day(text) is None
