"""Takahashi-Alexander: conservation over the life and the limits of the distribution rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.pacing import takahashi_alexander


@given(
    rates=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    life=st.integers(5, 20),
    bow=st.floats(0.5, 5),
    growth=st.floats(-0.2, 0.4),
    yield_rate=st.floats(0, 0.5),
)
def test_value_rolls_forward_and_calls_stay_within_the_commitment(
    rates: list[float], life: int, bow: float, growth: float, yield_rate: float
) -> None:
    contributions, distributions, nav = takahashi_alexander(100.0, rates, life, bow, growth, yield_rate)
    assert (contributions >= 0).all()
    assert (distributions >= 0).all()
    assert contributions.sum() <= 100.0 + 1e-9
    # The flows compounded to the end are the final net asset value: what goes in grows or comes out.
    compound = (1 + growth) ** np.arange(life - 1, -1, -1)
    assert ((contributions - distributions) * compound).sum() == pytest.approx(nav[-1], abs=1e-7)
    assert nav[-1] == pytest.approx(contributions[-1], abs=1e-9)


def test_without_growth_all_that_is_called_early_comes_back() -> None:
    paced = takahashi_alexander(100.0, [1.0], 10, 2.5, 0.0, 0.0)
    assert paced.distributions.sum() == pytest.approx(100.0)
    assert paced.contributions.tolist() == [100.0] + [0.0] * 9


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"contribution_rates: found 25\.0"):
        takahashi_alexander(100.0, [25.0, 33.3], 12, 2.5, 0.13, 0.0)
    with pytest.raises(ValueError, match=r"contribution_rates: found shape \(3,\), expected 1 to 2"):
        takahashi_alexander(100.0, [0.1, 0.1, 0.1], 2, 2.5, 0.13, 0.0)
