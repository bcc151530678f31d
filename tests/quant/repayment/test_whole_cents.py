"""Whole cents: the arithmetic of many amounts equals that of one, which is exact."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quant.repayment.whole_cents import LARGEST_CENTS, ManyAmounts, OneAmount, ratio, split_cents

AMOUNTS = st.lists(st.integers(0, LARGEST_CENTS), min_size=1, max_size=8)
SHARES = st.floats(0.0, 1.0).map(ratio)
ONE = OneAmount()


@given(AMOUNTS, SHARES)
def test_parts_of_many_are_those_of_one(cents: list[int], share: Fraction) -> None:
    many, array = ManyAmounts(len(cents)), np.array(cents)
    assert many.part(array, share).tolist() == [ONE.part(cent, share) for cent in cents]
    assert many.rounded_part(array, share).tolist() == [ONE.rounded_part(cent, share) for cent in cents]
    # Exact: within the cent below, and within half a cent.
    assert all(0 <= cent * share - ONE.part(cent, share) < 1 for cent in cents)
    assert all(abs(cent * share - ONE.rounded_part(cent, share)) <= Fraction(1, 2) for cent in cents)


@given(AMOUNTS, st.integers(0, 80), st.integers(2, 100))
def test_a_difference_is_rounded_once(cents: list[int], carry_pct: int, gap_pct: int) -> None:
    share, gap = Fraction(carry_pct, 100), Fraction(gap_pct, 100)
    others = [cent // 7 for cent in cents]
    many = ManyAmounts(len(cents))
    got = many.part_above(np.array(cents), share / gap, np.array(others), 1 / gap)
    exact = [(cent * share - other) / gap for cent, other in zip(cents, others, strict=True)]
    assert got.tolist() == [min(int(value // 1), 2**53) for value in exact]


@given(AMOUNTS, st.lists(st.integers(0, 10**14), min_size=1, max_size=5))
def test_splits_add_up_and_stay_within_a_cent(cents: list[int], weights: list[int]) -> None:
    many = ManyAmounts(len(cents))
    parts = np.array(many.split(np.array(cents), weights)).T.tolist()
    assert parts == [split_cents(cent, weights) for cent in cents]
    total = sum(weights)
    for cent, given_to in zip(cents, parts, strict=True):
        assert sum(given_to) == (cent if total else 0)
        if total:
            pairs = zip(given_to, weights, strict=True)
            assert all(abs(part - Fraction(cent * weight, total)) < 1 for part, weight in pairs)
    by_path = [np.full(len(cents), weight) for weight in weights]
    assert np.array(many.split_by(np.array(cents), by_path)).T.tolist() == parts
