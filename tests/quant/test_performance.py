"""Performance against closed forms: a fund that is the index, one that beats it by a constant rate, single flows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.performance import Record, multiples, payback_years, public_market_equivalents


@st.composite
def funds_on_an_index(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times, contributions, distributions, index levels; the last level is that of the end."""
    n = draw(st.integers(2, 8))
    times = np.cumsum([draw(st.floats(0.1, 2.0)) for _ in range(n)])
    paid = np.array([draw(st.floats(1.0, 100.0)) if i < 2 else 0.0 for i in range(n)])
    received = np.array([0.0 if i < 2 else draw(st.floats(0.0, 10.0)) for i in range(n)])
    levels = np.cumprod([draw(st.floats(0.8, 1.4)) for _ in range(n + 1)])
    return times, paid, received, levels


@given(funds_on_an_index(), st.floats(-0.1, 0.3))
def test_a_fund_that_beats_the_index_by_a_constant_rate(
    case: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], alpha: float
) -> None:
    times, paid, received, levels = case
    end = times[-1] + 1.0
    # Every flow grows with the index and alpha: the account that is left is the net asset value.
    growth = levels[-1] / levels[:-1] * (1.0 + alpha) ** (end - times)
    nav = float(((paid - received) * growth).sum())
    if nav <= 1e-6:
        return
    record = Record(times, paid, received, nav, end)
    got = public_market_equivalents(record, levels[:-1], float(levels[-1]))
    assert got.direct_alpha == pytest.approx(alpha, abs=1e-9)
    if alpha != 0.0 and abs(alpha) > 1e-6:
        assert (got.ks_pme > 1.0) == (alpha > 0.0)


def test_no_scale_where_almost_nothing_was_distributed() -> None:
    record = Record(np.array([0.0, 1.0]), np.array([1e6, 0.0]), np.array([0.0, 1e-310]), 10.0, 2.0)
    found = public_market_equivalents(record, np.array([1.0, 1.0]), 1.0)
    assert found.pme_plus_scale is None
    assert found.pme_plus is None


@given(funds_on_an_index())
def test_a_fund_that_is_the_index(case: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> None:
    times, paid, received, levels = case
    nav = float(((paid - received) * levels[-1] / levels[:-1]).sum())
    if nav <= 1e-6:
        return
    record = Record(times, paid, received, nav, times[-1] + 0.5)
    got = public_market_equivalents(record, levels[:-1], float(levels[-1]))
    assert got.ks_pme == pytest.approx(1.0, abs=1e-12)
    assert got.direct_alpha == pytest.approx(0.0, abs=1e-9)
    assert got.long_nickels_value == pytest.approx(nav, rel=1e-9)
    (own,) = record.rates()
    assert got.long_nickels == pytest.approx(own, abs=1e-9)
    if received.any() and (received * levels[-1] / levels[:-1]).sum() > 1e-3:
        assert got.pme_plus_scale == pytest.approx(1.0, abs=1e-6)
        assert got.pme_plus == pytest.approx(own, abs=1e-6)


def test_one_payment_and_one_receipt() -> None:
    # 100 paid, 180 received after 3 years, index 100 -> 150: KS-PME 180 / 150; the index account holds 150 - 180 at the
    # end; alpha 1.2^(1/3) - 1; distributions scaled by 150 / 180 give the index' 1.5^(1/3) - 1.
    record = Record(np.array([0.0, 3.0]), np.array([100.0, 0.0]), np.array([0.0, 180.0]), 0.0, 3.0)
    got = public_market_equivalents(record, np.array([100.0, 150.0]), 150.0)
    assert got.ks_pme == pytest.approx(1.2)
    assert got.direct_alpha == pytest.approx(1.2 ** (1 / 3) - 1.0)
    assert got.pme_plus_scale == pytest.approx(150 / 180)
    assert got.pme_plus == pytest.approx(1.5 ** (1 / 3) - 1.0)
    assert got.long_nickels_value == pytest.approx(-30.0)
    assert got.long_nickels == pytest.approx(1.5 ** (1 / 3) - 1.0)
    assert record.rates() == pytest.approx([1.8 ** (1 / 3) - 1.0])


def test_multiples_and_payback_by_hand() -> None:
    # Paid 100 + 50, received 60, 100, 20 at years 2, 3, 4; 30 is left. Cumulated: -100, -150, -90, 10, 30.
    record = Record(
        np.arange(5.0), np.array([100.0, 50.0, 0, 0, 0]), np.array([0, 0, 60.0, 100.0, 20.0]), 30.0, 4.0
    )
    got = multiples(record)
    assert (got.dpi, got.rvpi, got.tvpi) == pytest.approx((180 / 150, 30 / 150, 210 / 150))
    assert payback_years(record) == 3.0
    # A later call takes it below again: back for good only after it.
    late = Record(np.arange(4.0), np.array([100.0, 0, 50.0, 0]), np.array([0, 110.0, 0, 45.0]), 0.0, 3.0)
    assert payback_years(late) == 3.0
    never = Record(np.arange(2.0), np.array([100.0, 0.0]), np.array([0.0, 99.0]), 50.0, 1.0)
    assert payback_years(never) is None


def test_several_rates_are_all_told_and_chosen_by_nobody() -> None:
    # -100, 230, -132: 10 % and 20 %.
    record = Record(np.arange(3.0), np.array([100.0, 0, 132.0]), np.array([0, 230.0, 0]), 0.0, 2.0)
    assert record.rates() == pytest.approx([0.1, 0.2])
    flat = public_market_equivalents(record, np.ones(3), 1.0)
    assert flat.direct_alpha is None  # beside a flat index alpha has the same two rates


def test_refusals() -> None:
    with pytest.raises(ValueError, match="nothing paid"):
        Record(np.arange(2.0), np.zeros(2), np.ones(2), 0.0, 2.0)
    with pytest.raises(ValueError, match="not before the last flow"):
        Record(np.arange(2.0), np.ones(2), np.ones(2), 0.0, 0.5)
    with pytest.raises(ValueError, match=r"contributions: found -1\.0"):
        Record(np.arange(2.0), -np.ones(2), np.ones(2), 0.0, 2.0)
    record = Record(np.arange(2.0), np.array([1.0, 0]), np.array([0, 1.0]), 0.0, 1.0)
    with pytest.raises(ValueError, match=r"index_levels: found 0\.0"):
        public_market_equivalents(record, np.array([1.0, 0.0]), 1.0)
