"""Numbers of years in warnings: two decimals, and more only where two that differ would read alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.valuation.cautions import of_horizon, of_loan_beyond_right, years_told_apart


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (4.747945, 10.0, ("4.75", "10")),
        (30.0, 20.0, ("30", "20")),
        (5.0, 4.997268, ("5", "4.9973")),
        (1.0, 1.0, ("1", "1")),
        (1 / 3, 1 / 3, ("0.33", "0.33")),
        (100.0, 0.0, ("100", "0")),
    ],
)
def test_years_have_two_decimals_or_what_tells_them_apart(
    first: float, second: float, shown: tuple[str, str]
) -> None:
    assert years_told_apart(first, second) == shown


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_years_shown_are_the_years_but_for_rounding(first: float, second: float) -> None:
    for value, text in zip((first, second), years_told_apart(first, second), strict=True):
        assert float(text) == pytest.approx(value, abs=0.005 + 1e-12)


def test_warnings_write_years_as_people_do() -> None:
    # A payment on the 273rd day, and a right that ends a day before the loan does.
    [caution] = of_horizon(0.747945, 1.0)
    assert caution.message_zh.startswith("最后一笔现金在 0.75 年，处置在 1 年后")
    [caution] = of_loan_beyond_right(5.0, 4.997268)
    assert "5 年，长于质押权利的 4.9973 年" in caution.message_zh
