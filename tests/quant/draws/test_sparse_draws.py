"""Single draws against the plain streams they must reproduce bit by bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.draws.normal_quantile import normal_quantile
from quant.draws.random_numbers import Purpose, uniforms
from quant.draws.sparse_draws import lane_of_name, to_uniform, uniforms_at


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    lane=st.integers(0, 2**40),
    first=st.integers(0, 2**40),
    purpose=st.sampled_from(Purpose),
)
def test_single_draws_are_those_of_the_stream(seed: int, lane: int, first: int, purpose: Purpose) -> None:
    stream = uniforms(seed, purpose, 11, first_path=first, lane=lane)
    paths = np.arange(first, first + 11)
    single = uniforms_at(seed, purpose, np.full(11, lane), paths)
    assert single.tobytes() == stream.tobytes()


def test_the_largest_and_the_smallest_word_stay_inside_the_interval() -> None:
    smallest, largest = (to_uniform(np.uint64(word)) for word in (0, 2**64 - 1))
    assert 0.0 < smallest < largest <= 1.0
    assert np.isfinite([normal_quantile(smallest), normal_quantile(largest)]).all()


def test_lanes_of_names_are_distinct_and_fit_an_array_of_integers() -> None:
    lanes = [lane_of_name(f"B{i}") for i in range(10_000)]
    assert len(set(lanes)) == 10_000
    assert 0 <= min(lanes) <= max(lanes) < 2**62
