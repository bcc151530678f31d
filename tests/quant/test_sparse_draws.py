"""The compiled search against the plain draws it must reproduce bit by bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from quant.random_numbers import Purpose, uniforms
from quant.sparse_draws import DefaultSearch, lane_of_name, uniforms_at, values_at


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


@pytest.mark.parametrize("first", [0, 1, 2, 3, 4_097])
@pytest.mark.parametrize("room", [0, 10_000])
def test_the_search_finds_what_comparing_every_draw_finds(first: int, room: int) -> None:
    n_loans, n_paths = 40, 5_000
    generator = np.random.default_rng(3)
    lanes = generator.integers(0, 20, n_loans)
    index_of_loan = generator.integers(0, 2, n_loans)
    pd = np.array([0.0, 1.0, *generator.uniform(0.0, 0.3, n_loans - 2)])
    rho = np.array([0.3, 0.3, 0.0, 0.99, *generator.uniform(0.0, 0.9, n_loans - 4)])
    indices = generator.standard_normal((2, n_paths)) * 1.5  # also beyond the outer edges of the bins
    search = DefaultSearch.over(9, lanes, index_of_loan, ndtri(pd), rho)
    loan, path = search.find(indices, first, room)
    expected = []
    for i in range(n_loans):
        draws = uniforms(9, Purpose.DEFAULT, n_paths, first_path=first, lane=int(lanes[i]))
        given_y = ndtr((ndtri(pd[i]) - np.sqrt(rho[i]) * indices[index_of_loan[i]]) / np.sqrt(1 - rho[i]))
        expected += [(i, int(p)) for p in np.flatnonzero(draws < given_y)]
    assert list(zip(loan.tolist(), path.tolist(), strict=True)) == expected
    assert (loan == 0).sum() == 0
    assert (loan == 1).sum() == n_paths


def test_values_of_pairs_are_the_products_of_their_rows() -> None:
    cells = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])  # two paths, three cells
    start, cell = np.array([0, 2, 2, 3]), np.array([0, 2, 1])
    weights = np.array([1.0, 0.5, -1.0])
    found = values_at(
        np.array([0, 0, 1, 2]),
        np.array([0, 1, 1, 1]),
        row_start=start,
        row_cell=cell,
        weights=weights,
        cells=cells,
    )
    assert found.tolist() == [2.5, 25.0, 0.0, -20.0]


def test_lanes_of_names_are_distinct_and_fit_an_array_of_integers() -> None:
    lanes = [lane_of_name(f"B{i}") for i in range(10_000)]
    assert len(set(lanes)) == 10_000
    assert 0 <= min(lanes) <= max(lanes) < 2**62
