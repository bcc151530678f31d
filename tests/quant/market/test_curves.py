"""Discount curves: definition of the annual effective rate, interpolation, shifts, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.market.curves import DiscountCurve

CURVE = DiscountCurve((1.0, 3.0, 10.0), (0.02, 0.03, 0.04))


def test_rates_are_linear_between_tenors_and_flat_outside() -> None:
    assert CURVE.zero_rates([0.0, 1.0, 2.0, 3.0, 10.0, 50.0]) == pytest.approx(
        [0.02, 0.02, 0.025, 0.03, 0.04, 0.04]
    )
    assert CURVE.discount_factors([0.0, 2.0], 0.01) == pytest.approx([1.0, 1.035**-2])


@given(bp=st.floats(-150, 500), time=st.floats(0, 40))
def test_a_parallel_shift_is_a_spread(bp: float, time: float) -> None:
    assert CURVE.shifted(bp).discount_factors(time) == pytest.approx(
        CURVE.discount_factors(time, bp / 1e4), rel=1e-12
    )


def test_equal_curves_are_equal_and_hashable() -> None:
    assert DiscountCurve((1,), (0.04,)) == DiscountCurve.flat(0.04)
    assert len({DiscountCurve.flat(0.04), DiscountCurve.flat(0.04)}) == 1


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"tenors_years: found 1.0 at index \[1\], expected ascending"):
        DiscountCurve((2.0, 1.0), (0.02, 0.03))
    with pytest.raises(ValueError, match="expected one rate for each"):
        DiscountCurve((1.0, 2.0), (0.02,))
    with pytest.raises(ValueError, match="zero_rates_annual: found nan"):
        DiscountCurve.flat(np.nan)
    with pytest.raises(ValueError, match=r"times_years: found -1\.0"):
        CURVE.discount_factors(-1.0)
    with pytest.raises(ValueError, match="spread_annual"):
        CURVE.discount_factors(1.0, -1.05)
