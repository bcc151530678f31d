"""Counter-based draws: addresses, distribution, independence of streams."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quant.draws.random_numbers import Purpose, standard_normals, uniforms

N = 100_000


@given(st.integers(0, 1000), st.integers(1, 100), st.integers(0, 2**63 - 1), st.integers(0, 50))
def test_a_draw_depends_on_its_address_alone(first: int, n: int, seed: int, lane: int) -> None:
    whole = uniforms(seed, Purpose.DEFAULT, first + n, lane=lane, step=2)
    assert np.array_equal(
        whole[first:], uniforms(seed, Purpose.DEFAULT, n, first_path=first, lane=lane, step=2)
    )


def test_draws_are_uniform_and_normal() -> None:
    assert stats.kstest(uniforms(1, Purpose.DEFAULT, N), "uniform").pvalue > 1e-3
    assert stats.kstest(standard_normals(1, Purpose.FACTOR, N), "norm").pvalue > 1e-3


def test_streams_are_uncorrelated() -> None:
    streams = [
        standard_normals(1, Purpose.FACTOR, N),
        standard_normals(2, Purpose.FACTOR, N),
        standard_normals(1, Purpose.QUANTITY_ERROR, N),
        standard_normals(1, Purpose.FACTOR, N, lane=1),
        standard_normals(1, Purpose.FACTOR, N, step=1),
    ]
    off_diagonal = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(off_diagonal).max() < 4.5 / np.sqrt(N)


def test_uniforms_stay_inside_the_open_interval() -> None:
    draws = uniforms(5, Purpose.LOSS_OF_RIGHT, N)
    assert draws.min() > 0.0
    assert draws.max() < 1.0
