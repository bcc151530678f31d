"""Moments and quantiles of many columns: those of numpy, in any blocks, with gaps, and from some paths of many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.pledges.path_summary import GROUP, PathMoments, PathSummary


def columns(n: int, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    gaps = random.normal(3.0, 2.0, n)
    gaps[random.uniform(size=n) < 0.3] = np.nan
    return {"all": random.normal(1e9, 1e3, n), "gaps": gaps, "none": np.full(n, np.nan)}


def summed(values: dict[str, np.ndarray], block: int, most_kept: int = 131_072) -> PathSummary:
    n = len(values["all"])
    summary = PathSummary(n, most_kept)
    for first in range(0, n, block):
        summary.add(first, {key: column[first : first + block] for key, column in values.items()})
    return summary


def test_moments_are_those_of_numpy() -> None:
    values = columns(5_000, 1)
    moments = summed(values, GROUP).moments
    # A mean of 1e9 beside a spread of 1e3: a naive sum of squares would have no digit left.
    assert moments.mean("all") == pytest.approx(values["all"].mean(), rel=1e-14)
    assert moments.sd("all") == pytest.approx(values["all"].std(ddof=1), rel=1e-9)
    assert moments.count("gaps") == int((~np.isnan(values["gaps"])).sum())
    assert moments.mean("gaps") == pytest.approx(np.nanmean(values["gaps"]), rel=1e-12)
    assert moments.sd("gaps") == pytest.approx(np.nanstd(values["gaps"], ddof=1), rel=1e-12)
    assert (moments.count("none"), moments.mean("none"), moments.sd("none")) == (0, 0.0, 0.0)


@given(n=st.integers(1, 3_000), factor=st.integers(1, 8), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_blocks_do_not_change_a_bit(n: int, factor: int, seed: int) -> None:
    values = columns(n, seed)
    one, other = summed(values, GROUP), summed(values, factor * GROUP)
    for key in values:
        assert one.moments.mean(key) == other.moments.mean(key)
        assert one.moments.sd(key) == other.moments.sd(key)
        np.testing.assert_array_equal(one.ordered(key), other.ordered(key))


def test_values_come_back_in_order_without_gaps() -> None:
    values = columns(700, 2)
    summary = summed(values, 2 * GROUP)
    np.testing.assert_array_equal(summary.ordered("all"), np.sort(values["all"]))
    np.testing.assert_array_equal(summary.ordered("gaps"), np.sort(values["gaps"][~np.isnan(values["gaps"])]))
    assert len(summary.ordered("none")) == 0
    assert "gaps" in summary
    assert "other" not in summary


@pytest.mark.parametrize("block", [GROUP, 3 * GROUP, 4_096])
def test_beyond_the_room_every_kth_path_is_kept(block: int) -> None:
    values = {"all": np.arange(5_000.0)}
    summary = summed(values, block, most_kept=700)
    # 5000 / 700 = 7.14: every eighth.
    assert summary.stride == 8
    np.testing.assert_array_equal(summary.ordered("all"), np.arange(0.0, 5_000.0, 8.0))
    assert summary.moments.mean("all") == pytest.approx(2_499.5)


def test_moments_alone_keep_nothing() -> None:
    moments = PathMoments()
    moments.add({"a": np.array([1.0, 2.0])})
    moments.add({"a": np.array([6.0])})
    assert (moments.count("a"), moments.mean("a")) == (3, 3.0)
    assert moments.sd("a") == pytest.approx(np.std([1.0, 2.0, 6.0], ddof=1))
