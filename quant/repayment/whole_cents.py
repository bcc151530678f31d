"""Arithmetic of whole cents: one amount as an int, many as an int64 array, and the same result to the cent.

Amounts are only ever added, compared, multiplied by a ratio and rounded, or split. A ratio is a `fractions.Fraction`:
0.08 is 8 % and not its binary neighbour. The product of an amount and a numerator does not fit into 64 bits; the array
version estimates the quotient in floating point, takes the remainder modulo 2^64, which is exact because the true
remainder is small, and corrects the quotient by it.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor, gcd, lcm
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

CentArray = NDArray[np.int64]
T = TypeVar("T", int, CentArray)

LARGEST_CENTS = 10**14
"""A trillion CNY: up to it every intermediate result fits, with a catch-up that gains at least 2 % on its target."""
_DECIMALS = 12
_SATURATED = 2**53


@lru_cache(maxsize=4096)
def ratio(value: float | Decimal) -> Fraction:
    """The shortest decimal that denotes the value, at most twelve decimals of it, as a ratio."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return Fraction(round(exact, _DECIMALS))


def cents_of(amount_cny: Decimal) -> int:
    """Whole cents of an amount that has no fractions of a cent."""
    return int(amount_cny * 100)


def cny_of(cents: int) -> Decimal:
    """The amount with two decimals."""
    return Decimal(cents).scaleb(-2)


def cent_array(amounts_cny: ArrayLike) -> CentArray:
    """Amounts rounded to whole cents, halves to even."""
    return np.rint(np.asarray(amounts_cny, dtype=np.float64) * 100.0).astype(np.int64)


class CentMath(Protocol[T]):
    """What an interpreter of cash needs beyond + and -."""

    def zero(self) -> T:
        """No money."""

    def smaller(self, first: T, second: T) -> T:
        """Element-wise minimum."""

    def larger(self, first: T, second: T) -> T:
        """Element-wise maximum."""

    def part(self, amount: T, share: Fraction) -> T:
        """`amount * share` without the fraction of a cent (towards minus infinity); huge results saturate."""

    def part_above(self, amount: T, share: Fraction, other: T, other_share: Fraction) -> T:
        """`amount * share - other * other_share` without the fraction of a cent, rounded once."""

    def rounded_part(self, amount: T, share: Fraction) -> T:
        """`amount * share` to the nearest cent, halves up."""

    def split(self, amount: T, weights: Sequence[int]) -> list[T]:
        """Whole cents in proportion to weights that add up to `amount`; see `split_cents`."""

    def split_by(self, amount: T, weights: Sequence[T]) -> list[T]:
        """As `split`, with weights of their own for each path; nothing where they are all 0."""

    def is_nothing(self, amount: T) -> bool:
        """Whether it is 0 on every path."""


def split_cents(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole cents in proportion to weights, adding up to `amount`: largest remainders, the first of equals.

    Args:
        amount: >= 0.
        weights: >= 0; where all are 0 nothing is given.

    Example:
        >>> split_cents(100, [1, 1, 1])
        [34, 33, 33]
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts, remainders = zip(*(divmod(amount * weight, total) for weight in weights), strict=True)
    given = list(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: amount - sum(parts)]:
        given[i] += 1
    return given


def reduced(weights: Sequence[int]) -> list[int]:
    """The same proportions in the smallest whole numbers."""
    divisor = gcd(*weights) or 1
    return [weight // divisor for weight in weights]


class OneAmount:
    """Arithmetic of single amounts."""

    def zero(self) -> int:
        """See `CentMath`."""
        return 0

    def smaller(self, first: int, second: int) -> int:
        """See `CentMath`."""
        return min(first, second)

    def larger(self, first: int, second: int) -> int:
        """See `CentMath`."""
        return max(first, second)

    def part(self, amount: int, share: Fraction) -> int:
        """See `CentMath`."""
        return min(amount * share.numerator // share.denominator, _SATURATED)

    def part_above(self, amount: int, share: Fraction, other: int, other_share: Fraction) -> int:
        """See `CentMath`."""
        return min(floor(amount * share - other * other_share), _SATURATED)

    def rounded_part(self, amount: int, share: Fraction) -> int:
        """See `CentMath`."""
        doubled = 2 * share.denominator
        return (2 * amount * share.numerator + share.denominator) // doubled

    def split(self, amount: int, weights: Sequence[int]) -> list[int]:
        """See `CentMath`."""
        return split_cents(amount, weights)

    def split_by(self, amount: int, weights: Sequence[int]) -> list[int]:
        """See `CentMath`."""
        return split_cents(amount, weights)

    def is_nothing(self, amount: int) -> bool:
        """See `CentMath`."""
        return amount == 0


class ManyAmounts:
    """Arithmetic of arrays [n_paths] of amounts.

    Args:
        n_paths: length of every array.
    """

    def __init__(self, n_paths: int) -> None:
        self._n_paths = n_paths

    def zero(self) -> CentArray:
        """See `CentMath`."""
        return np.zeros(self._n_paths, dtype=np.int64)

    def smaller(self, first: CentArray, second: CentArray) -> CentArray:
        """See `CentMath`."""
        return np.minimum(first, second)

    def larger(self, first: CentArray, second: CentArray) -> CentArray:
        """See `CentMath`."""
        return np.maximum(first, second)

    def part(self, amount: CentArray, share: Fraction) -> CentArray:
        """See `CentMath`."""
        quotient, _ = _divided(amount, share.numerator, share.denominator)
        return np.minimum(quotient, _SATURATED)

    def part_above(
        self, amount: CentArray, share: Fraction, other: CentArray, other_share: Fraction
    ) -> CentArray:
        """See `CentMath`."""
        common = lcm(share.denominator, other_share.denominator)
        first, rest = _divided(amount, share.numerator * (common // share.denominator), common)
        second, other_rest = _divided(
            other, other_share.numerator * (common // other_share.denominator), common
        )
        difference: CentArray = first - second - (rest < other_rest)
        return np.minimum(difference, _SATURATED)

    def rounded_part(self, amount: CentArray, share: Fraction) -> CentArray:
        """See `CentMath`."""
        quotient, remainder = _divided(amount, share.numerator, share.denominator)
        rounded: CentArray = quotient + (2 * remainder >= share.denominator)
        return rounded

    def split(self, amount: CentArray, weights: Sequence[int]) -> list[CentArray]:
        """See `CentMath`."""
        total = sum(weights)
        if total == 0:
            return [self.zero() for _ in weights]
        return _with_largest_remainders(amount, [_divided(amount, weight, total) for weight in weights])

    def split_by(self, amount: CentArray, weights: Sequence[CentArray]) -> list[CentArray]:
        """See `CentMath`."""
        total = np.sum(weights, axis=0)
        anyone = total > 0
        paid, divisor = np.where(anyone, amount, 0), np.where(anyone, total, 1)
        return _with_largest_remainders(paid, [_divided(paid, weight, divisor) for weight in weights])

    def is_nothing(self, amount: CentArray) -> bool:
        """See `CentMath`."""
        return not amount.any()


def _divided(
    amount: CentArray, numerator: int | CentArray, denominator: int | CentArray
) -> tuple[CentArray, CentArray]:
    """Quotient towards minus infinity and remainder of `amount * numerator / denominator`."""
    estimate = amount * np.true_divide(numerator, denominator)
    quotient = np.clip(np.floor(estimate), -_SATURATED, _SATURATED).astype(np.int64)
    remainder = amount * np.asarray(numerator, np.int64) - quotient * np.asarray(denominator, np.int64)
    # What is beyond is cut off later by the cash there is; its remainder means nothing.
    remainder[np.abs(estimate) >= _SATURATED] = 0
    correction: CentArray = remainder // np.asarray(denominator, dtype=np.int64)
    rest: CentArray = remainder - correction * np.asarray(denominator, dtype=np.int64)
    return quotient + correction, rest


def _with_largest_remainders(
    amount: CentArray, divided: Sequence[tuple[CentArray, CentArray]]
) -> list[CentArray]:
    parts = np.stack([quotient for quotient, _ in divided])
    missing = amount - parts.sum(axis=0)
    if missing.any():
        remainders = np.stack([remainder for _, remainder in divided])
        order = np.argsort(-remainders, axis=0, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(len(parts))[:, None], axis=0)
        parts += ranks < missing
    return list(parts)
