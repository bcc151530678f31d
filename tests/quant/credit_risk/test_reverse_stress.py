"""Reverse stress: closed forms of a headroom that is linear in the log shifts, and what is never broken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from quant.credit_risk.reverse_stress import smallest_move, steepest_descent

GRADIENT = np.array([2.0, -1.0, 0.5])
ROOT = np.array([[0.3, 0.0, 0.0], [0.1, 0.2, 0.0], [-0.05, 0.1, 0.25]])
COVARIANCE = ROOT @ ROOT.T


def linear(shifts: NDArray[np.float64]) -> float:
    return 1.0 + float(GRADIENT @ shifts)


def test_the_joint_distance_of_a_linear_headroom() -> None:
    # min d' C^-1 d subject to 1 + g' d = 0 is 1 / (g' C g) (Lagrange), at d = -C g / (g' C g).
    direction = steepest_descent(linear, COVARIANCE)
    assert direction is not None
    distance = smallest_move(linear, direction, both_ways=False)
    assert distance is not None
    variance = GRADIENT @ COVARIANCE @ GRADIENT
    assert distance == pytest.approx(1.0 / np.sqrt(variance), rel=1e-8)
    shift = distance * direction
    assert shift == pytest.approx(-COVARIANCE @ GRADIENT / variance, rel=1e-8)
    assert np.sqrt(shift @ np.linalg.solve(COVARIANCE, shift)) == pytest.approx(distance, rel=1e-8)


@given(st.floats(-3.0, 3.0).filter(lambda slope: abs(slope) > 0.2))
def test_a_single_factor_moves_against_its_slope(slope: float) -> None:
    z = smallest_move(lambda shifts: 1.0 + slope * float(shifts[0]), np.array([1.0]))
    assert z == pytest.approx(-1.0 / slope, rel=1e-8)


def test_the_nearer_side_counts() -> None:
    # 1 - z^2 / 4 breaks at both +2 and -2; tilted, the side that falls faster is nearer.
    z = smallest_move(lambda shifts: 1.0 - 0.25 * float(shifts[0]) ** 2 - 0.1 * float(shifts[0]), np.ones(1))
    assert z == pytest.approx(2.0 * (-0.1 + np.sqrt(0.01 + 1.0)) / 1.0, rel=1e-8)


def test_what_does_not_break_is_none() -> None:
    assert smallest_move(lambda _: 1.0, np.ones(1)) is None
    assert steepest_descent(lambda _: 1.0, np.eye(2)) is None
    assert smallest_move(lambda shifts: 1.0 + float(shifts[0]), np.ones(1), both_ways=False) is None


def test_the_side_that_falls_slowly_at_first_counts_where_it_breaks_nearer() -> None:
    # 1 - 0.3 z above; below 1 - 0.1 z^2 at |z| <= 1 and 1.9 - |z| beyond: -1.9 lies nearer than 1 / 0.3.
    def bent(shifts: NDArray[np.float64]) -> float:
        z = float(shifts[0])
        if z > 0.0:
            return 1.0 - 0.3 * z
        return 1.0 - 0.1 * z * z if z > -1.0 else 1.9 + z

    assert smallest_move(bent, np.ones(1)) == pytest.approx(-1.9, rel=1e-8)


def test_a_factor_without_effect_is_looked_at_four_times() -> None:
    looks: list[float] = []

    def headroom(shifts: NDArray[np.float64]) -> float:
        looks.append(float(shifts[0]))
        return 1.0

    assert smallest_move(headroom, np.ones(1)) is None
    assert len(looks) == 4


def test_a_headroom_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"headroom: found nan at .* expected a number"):
        smallest_move(lambda shifts: 1.0 if abs(shifts[0]) < 2.0 else float("nan"), np.array([1.0]))
