"""How paths are cut into ranges, and how two platforms are told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.computing_platform import computing_platform, differences
from services.runtime.workers.port import path_ranges


@given(
    n_paths=st.integers(1, 10_000),
    n_ranges=st.integers(1, 60),
    multiple=st.integers(1, 300),
    groups=st.none() | st.integers(1, 40),
)
def test_ranges_cover_every_path_once(n_paths: int, n_ranges: int, multiple: int, groups: int | None) -> None:
    largest = None if groups is None else groups * multiple
    ranges = path_ranges(n_paths, n_ranges, multiple=multiple, largest=largest)
    assert [path for first, n in ranges for path in range(first, first + n)] == list(range(n_paths))
    assert all(n % multiple == 0 for _, n in ranges[:-1])
    assert all(n >= 1 and (largest is None or n <= largest) for _, n in ranges)
    if largest is None:
        assert len(ranges) <= n_ranges


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="n_paths: found 0"):
        path_ranges(0, 1)
    with pytest.raises(ValueError, match="largest: found 100, expected at least the multiple, 256"):
        path_ranges(1_000, 1, multiple=256, largest=100)


def test_a_platform_is_itself_and_tells_what_differs() -> None:
    here = computing_platform()
    assert differences(here, here) == ""
    assert {name for name, _ in here} >= {"numpy", "numba", "quant", "arithmetic"}
    there = tuple((name, "1.0" if name == "numpy" else state) for name, state in here if name != "quant")
    told = differences(here, there)
    assert "numpy: found 1.0, expected" in told
    assert "quant: found nothing, expected" in told
