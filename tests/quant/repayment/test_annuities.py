"""Annuities against the sum of their discounted payments."""

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.repayment.annuities import ipmt, pmt, ppmt, pv


@given(rate=st.just(0.0) | st.floats(1e-4, 0.5), nper=st.integers(1, 120), amount=st.floats(1, 1e9))
def test_payments_discount_to_the_loan(rate: float, nper: int, amount: float) -> None:
    payment = pmt(rate, nper, amount)
    discounted = (payment * (1 + rate) ** -np.arange(1.0, nper + 1)).sum()
    assert -discounted == pytest.approx(amount, rel=1e-9)
    assert pv(rate, nper, payment) == pytest.approx(amount, rel=1e-9)


@given(rate=st.just(0.0) | st.floats(1e-4, 0.5), nper=st.integers(1, 120), amount=st.floats(1, 1e9))
def test_principal_parts_repay_the_loan_and_interest_is_on_the_open_balance(
    rate: float, nper: int, amount: float
) -> None:
    per = np.arange(1, nper + 1)
    principal, interest = ppmt(rate, per, nper, amount), ipmt(rate, per, nper, amount)
    assert -principal.sum() == pytest.approx(amount, rel=1e-9)
    opening = amount + np.concatenate([[0.0], np.cumsum(principal)[:-1]])
    np.testing.assert_allclose(-interest, rate * opening, atol=1e-9 * amount)


@given(rate=st.floats(0.001, 0.02), nper=st.integers(1, 60), fv=st.floats(-1e4, 1e4))
def test_agrees_with_numpy_financial(rate: float, nper: int, fv: float) -> None:
    per = np.arange(1, nper + 1)
    assert pmt(rate, nper, 1e5, fv) == pytest.approx(npf.pmt(rate, nper, 1e5, fv), abs=1e-6)
    np.testing.assert_allclose(ipmt(rate, per, nper, 1e5, fv), npf.ipmt(rate, per, nper, 1e5, fv), atol=1e-6)
    assert pv(rate, nper, -700.0, fv) == pytest.approx(npf.pv(rate, nper, -700.0, fv), abs=1e-6)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="per: found payment number 13, expected at most nper 12"):
        ipmt(0.01, 13, 12, 1000.0)
    with pytest.raises(ValueError, match="nper: found 0"):
        pmt(0.01, 0, 1000.0)
