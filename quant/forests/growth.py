"""Growth curves of trees and stands: a size by age, for height (add 1.3 m) or volume.

Arguments broadcast. Curves by name are in `GROWTH_CURVES`, all called as `curve(age, a, b, c)`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import NON_NEGATIVE, POSITIVE, FloatArray

GrowthCurve = Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], FloatArray]


def richards(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a (1 - e^(-b age))^c`: asymptote a, rate b, shape c; add 1.3 m for a height curve.

    Args:
        age: Age in years, not negative.
        a: Asymptote, not negative, in the unit of the result.
        b: Rate a year, above 0.
        c: Shape, above 0.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    age_, a_, b_, c_ = _curve(age, a, b, c)
    return np.asarray(a_ * (-np.expm1(-b_ * age_)) ** c_)[()]


def logistic(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a / (1 + b e^(-c age))`; domains and errors as `richards`."""
    age_, a_, b_, c_ = _curve(age, a, b, c)
    return np.asarray(a_ / (1.0 + b_ * np.exp(-c_ * age_)))[()]


def gompertz(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a exp(-b e^(-c age))`; domains and errors as `richards`."""
    age_, a_, b_, c_ = _curve(age, a, b, c)
    return np.asarray(a_ * np.exp(-b_ * np.exp(-c_ * age_)))[()]


def korf(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a exp(-b age^(-c))`, 0 at age 0; domains and errors as `richards`."""
    age_, a_, b_, c_ = _curve(age, a, b, c)
    with np.errstate(divide="ignore", over="ignore"):  # at age 0 the exponent is minus infinity, the curve 0
        return np.asarray(a_ * np.exp(-b_ * age_**-c_))[()]


def schumacher(age: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return `a exp(-b / age)`, 0 at age 0; domains and errors as `richards`."""
    return korf(age, a, b, 1.0)


def _schumacher_of_three(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `schumacher`, refusing any third parameter but 1: the curve is korf's with shape 1."""
    if np.any(np.asarray(c) != 1.0):
        raise ValueError(f"c: found {c!r}, expected 1: schumacher has no shape parameter")
    return schumacher(age, a, b)


GROWTH_CURVES: Mapping[str, GrowthCurve] = MappingProxyType(
    {
        "richards": richards,
        "logistic": logistic,
        "gompertz": gompertz,
        "korf": korf,
        "schumacher": _schumacher_of_three,
    }
)


def _curve(
    age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return (
        NON_NEGATIVE.require("age", age),
        NON_NEGATIVE.require("a", a),
        POSITIVE.require("b", b),
        POSITIVE.require("c", c),
    )
