"""Overlays on factors: forwards, conditional forwards and simulation honour them alike."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.market.overlay import LogOverlay
from quant.market.piecewise import PiecewiseLinear

TIMES = np.array([0.5, 1.0, 2.0, 3.0, 4.0])
# Years 2 and 3 at 60 %: what is paid at 2.0 and 3.0.
DRY = LogOverlay.over(math.log(0.6), 1.0, 3.0)
SHARE = PiecewiseLinear((5.0, 15.0), (0.0, 1.0))


def model(inflow: LogOverlay | None = None, price: LogOverlay | None = None) -> FactorModel:
    return FactorModel(
        (
            PrimaryFactor("inflow", math.log(15.8), 0.01, 0.8, 0.3, 0.05, inflow),
            PrimaryFactor("price", math.log(0.15), 0.02, 0.0, 0.25, 0.1, price),
        ),
        (DerivedFactor("share", "inflow", SHARE), DerivedFactor("revenue", "inflow", SHARE, "price")),
        np.array([[1.0, -0.5], [-0.5, 1.0]]),
    )


def test_forwards_agree_with_simulation_within_four_standard_errors() -> None:
    shocked = model(DRY, LogOverlay.over(0.4, 2.0, None))
    n_paths = 200_000
    paths = shocked.simulate(TIMES, n_paths, seed=11)
    error = paths.std(axis=2, ddof=1) / np.sqrt(n_paths)
    z = (paths.mean(axis=2) - shocked.forward(TIMES)) / error
    assert np.abs(z).max() < 4.0, dict(zip(shocked.names, z, strict=True))


def test_conditional_forwards_average_to_todays() -> None:
    shocked = model(DRY)
    states = shocked.simulate_states([1.5], 100_000, seed=3)[:, 0, :]
    later = shocked.forward(TIMES[2:], states=states, at_years=1.5)
    error = later.std(axis=2, ddof=1) / np.sqrt(states.shape[1])
    assert np.abs((later.mean(axis=2) - shocked.forward(TIMES[2:])) / error).max() < 4.0


def test_the_shock_meets_the_chosen_years_alone() -> None:
    # Closed form: a primary forward is multiplied by the overlay and by nothing else.
    ratio = model(DRY).forward(TIMES)[0] / model().forward(TIMES)[0]
    assert ratio == pytest.approx([1.0, 1.0, 0.6, 0.6, 1.0], rel=1e-14)


@pytest.mark.parametrize("overlay", [LogOverlay((0.0,), (0.0,)), LogOverlay((0.5, 2.0), (0.0, 0.0))])
def test_an_overlay_of_nothing_is_the_old_model_to_the_bit(overlay: LogOverlay) -> None:
    shocked, plain = model(overlay, overlay), model()
    assert np.array_equal(shocked.forward(TIMES), plain.forward(TIMES))
    assert np.array_equal(shocked.simulate(TIMES, 64, 5), plain.simulate(TIMES, 64, 5))
    states = plain.simulate_states([0.5], 64, 5)[:, 0, :]
    seen = shocked.forward(TIMES, states=states, at_years=0.5)
    assert np.array_equal(seen, plain.forward(TIMES, states=states, at_years=0.5))


@given(st.floats(-2.0, 2.0))
def test_a_shift_of_all_years_is_a_shift_of_the_level(shift: float) -> None:
    base = model().primaries[0]
    lifted = replace(base, log_level=base.log_level + shift)
    overlaid = replace(base, overlay=LogOverlay.over(shift, 0.0, None))
    np.testing.assert_allclose(overlaid.log_median(TIMES), lifted.log_median(TIMES), rtol=1e-12, atol=1e-12)


SPANS = st.builds(
    lambda shift, begin, length: LogOverlay.over(shift, begin, begin + length),
    st.floats(-2.0, 2.0), st.integers(0, 8).map(float), st.integers(1, 8).map(float),
)  # fmt: skip


@given(SPANS, SPANS)
def test_overlays_add(first: LogOverlay, second: LogOverlay) -> None:
    grid = np.arange(0.0, 20.0, 0.25)
    np.testing.assert_allclose(first.plus(second)(grid), first(grid) + second(grid), atol=1e-15)


@pytest.mark.parametrize(
    ("after", "shifts"),
    [((), ()), ((1.0,), (0.1, 0.2)), ((2.0, 1.0), (0.1, 0.2)), ((-1.0,), (0.1,)), ((1.0,), (math.nan,))],
)
def test_wrong_overlays_are_refused(after: tuple[float, ...], shifts: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"after_years|overlay"):
        LogOverlay(after, shifts)
