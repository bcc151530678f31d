"""Day counts against days counted by hand."""

from datetime import date

import numpy as np
import pytest

from quant.repayment.daycount import DayCount, year_fraction


@pytest.mark.parametrize(
    ("convention", "start", "end", "expected"),
    [
        # 2024 is a leap year: 31 January to 1 March is 30 days; 30E counts 30 January to 1 March = 31.
        (DayCount.ACT_360, date(2024, 1, 31), date(2024, 3, 1), 30 / 360),
        (DayCount.ACT_365, date(2024, 1, 31), date(2024, 3, 1), 30 / 365),
        (DayCount.THIRTY_E_360, date(2024, 1, 31), date(2024, 3, 1), 31 / 360),
        (DayCount.THIRTY_E_360, date(2023, 12, 31), date(2024, 12, 31), 1.0),
        (DayCount.ACT_365, date(2023, 1, 1), date(2024, 1, 1), 1.0),
        (DayCount.ACT_360, date(1969, 12, 30), date(1970, 1, 2), 3 / 360),
        (DayCount.THIRTY_E_360, date(1969, 12, 30), date(1970, 1, 2), 2 / 360),
    ],
)
def test_fraction(convention: DayCount, start: date, end: date, expected: float) -> None:
    assert year_fraction(convention, start, end) == pytest.approx(expected, abs=1e-15)


def test_arrays_broadcast_and_order_is_checked() -> None:
    ends = np.array(["2025-01-01", "2025-07-01"], dtype="datetime64[D]")
    assert year_fraction(DayCount.THIRTY_E_360, date(2025, 1, 1), ends).tolist() == [0.0, 0.5]
    with pytest.raises(ValueError, match="end: found a date before start"):
        year_fraction(DayCount.ACT_360, ends[1], ends[0])
    with pytest.raises(ValueError, match="start: found a missing date"):
        year_fraction(DayCount.ACT_360, np.datetime64("NaT"), ends[0])
