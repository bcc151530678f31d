"""Piecewise-linear functions: hinges and clipping agree with direct evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.market.piecewise import PiecewiseLinear, constant, identity

FINITE = st.floats(-50.0, 50.0).map(lambda x: round(x, 3))


@st.composite
def functions(draw: st.DrawFn) -> PiecewiseLinear:
    knots = sorted(draw(st.sets(FINITE, min_size=1, max_size=6)))
    values = [draw(FINITE) for _ in knots]
    slopes = st.floats(-3.0, 3.0).map(lambda x: round(x, 3))
    return PiecewiseLinear(tuple(knots), tuple(values), draw(slopes), draw(slopes))


@given(functions())
def test_hinges_rebuild_the_function_on_positive_arguments(function: PiecewiseLinear) -> None:
    q = np.linspace(1e-6, 120.0, 301)
    intercept, slope, kinks = function.hinges()
    rebuilt = intercept + slope * q
    for knot, change in kinks:
        rebuilt = rebuilt + change * np.maximum(q - knot, 0.0)
    scale = 1.0 + np.abs(function.slopes()).max() * 200.0
    np.testing.assert_allclose(rebuilt, function(q), atol=1e-9 * scale)


@given(functions(), FINITE, st.floats(0.01, 30.0))
def test_clipping_is_clipping(function: PiecewiseLinear, low: float, width: float) -> None:
    q = np.linspace(-150.0, 150.0, 601)
    clipped = function.clipped(low, low + width)
    # The extrapolated pieces of steep functions meet a bound far away, where a crossing costs a few digits.
    np.testing.assert_allclose(clipped(q), np.clip(function(q), low, low + width), atol=1e-6)


def test_affine_and_identity() -> None:
    release = PiecewiseLinear((10.0, 20.0), (4.0, 14.0), 0.5, 2.0)
    kept = release.affine(-1.0).plus_identity()
    assert [float(kept(q)) for q in (8.0, 10.0, 20.0, 22.0)] == [5.0, 6.0, 6.0, 4.0]
    assert float(constant(3.0)(-7.0)) == 3.0
    assert float(identity()(-7.5)) == -7.5


@pytest.mark.parametrize(
    ("knots", "values", "message"),
    [
        ((), (), "at least one"),
        ((1.0,), (1.0, 2.0), "same number"),
        ((2.0, 1.0), (0.0, 0.0), "strictly increasing"),
        ((1.0, float("nan")), (0.0, 0.0), "finite"),
    ],
)
def test_refuses_what_is_no_function(
    knots: tuple[float, ...], values: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        PiecewiseLinear(knots, values)
