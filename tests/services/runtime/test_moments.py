import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import InvalidInput
from services.runtime.moments import moment_of, stored_moment, text_of_moment

# A day away from both ends: a zone may carry the moment out of the calendar.
FIRST, LAST = dt.datetime.fromisoformat("0001-01-02"), dt.datetime.fromisoformat("9999-12-30")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.timezones())


@given(MOMENTS, MOMENTS)
def test_texts_keep_moments_and_their_order(one: dt.datetime, other: dt.datetime) -> None:
    assert moment_of(text_of_moment(one)) == one.astimezone(dt.UTC)
    before = one.astimezone(dt.UTC) < other.astimezone(dt.UTC)
    assert (text_of_moment(one) < text_of_moment(other)) is before


def test_a_zone_is_turned_into_utc() -> None:
    # China is eight hours ahead.
    assert moment_of("2026-10-15T18:00+08:00").isoformat() == "2026-10-15T10:00:00+00:00"
    assert text_of_moment(moment_of("2026-10-15T18:00+08:00")) == "2026-10-15T10:00:00.000000Z"


@pytest.mark.parametrize("text", ["yesterday", "2026-10-15", "2026-10-15T18:00", "0001-01-01T00:00+08:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(f"known_at: found '{text}'")):
        moment_of(text, "known_at")


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="without time zone"):
        text_of_moment(dt.datetime(2026, 1, 1))  # noqa: DTZ001  # what is being tested


def test_a_database_that_drops_the_zone_means_utc() -> None:
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    assert stored_moment(noon.replace(tzinfo=None)) == noon
    assert stored_moment(noon.astimezone(dt.timezone(dt.timedelta(hours=8)))).utcoffset() == dt.timedelta(0)
