"""Level payments on a loan, vectorised.

Signs are those of spreadsheets and of numpy-financial: what the borrower receives is positive, what is paid
negative, so a loan `pv > 0` has a negative payment. Rates are per period, payments fall at the end of each
period. The interest part comes from the present value of the payments that are left, which keeps its digits
in late periods, where compounding the loan forward loses them.
"""

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import FINITE, POSITIVE, RATE_ABOVE_TOTAL_LOSS, FloatArray, Interval

_PERIOD = Interval(1.0, np.inf, high_included=False)


def pmt(rate: ArrayLike, nper: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0) -> FloatArray:
    """Return the level payment at the end of each of `nper` periods; arguments broadcast.

    Args:
        rate: Rate per period, above -1; 0 is allowed.
        nper: Number of periods, above 0.
        pv: Amount received today.
        fv: Amount left after the last payment.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    rate_, nper_ = _terms(rate, nper)
    present, final = FINITE.require("pv", pv), FINITE.require("fv", fv)
    return np.asarray(-(present + final * _discount(rate_, nper_)) / _annuity_factor(rate_, nper_))[()]


def ipmt(rate: ArrayLike, per: ArrayLike, nper: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0) -> FloatArray:
    """Return the interest part of payment number `per`, counted from 1; otherwise as `pmt`.

    Raises:
        ValueError: if an argument is outside its domain, or `per` is not in 1 ... `nper`.
    """
    rate_, nper_ = _terms(rate, nper)
    per_ = _payment_number(per, nper_)
    left = nper_ - (per_ - 1.0)
    final = FINITE.require("fv", fv)
    balance = -pmt(rate, nper, pv, fv) * _annuity_factor(rate_, left) - final * _discount(rate_, left)
    return np.asarray(-rate_ * balance)[()]


def ppmt(rate: ArrayLike, per: ArrayLike, nper: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0) -> FloatArray:
    """Return the principal part of payment number `per`: `pmt - ipmt`; otherwise as `ipmt`.

    Raises:
        ValueError: if an argument is outside its domain, or `per` is not in 1 ... `nper`.
    """
    return np.asarray(pmt(rate, nper, pv, fv) - ipmt(rate, per, nper, pv, fv))[()]


def pv(rate: ArrayLike, nper: ArrayLike, pmt: ArrayLike, fv: ArrayLike = 0.0) -> FloatArray:
    """Return what `nper` level payments `pmt` and a final `fv` are worth today, with the opposite sign.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    rate_, nper_ = _terms(rate, nper)
    level, final = FINITE.require("pmt", pmt), FINITE.require("fv", fv)
    return np.asarray(-level * _annuity_factor(rate_, nper_) - final * _discount(rate_, nper_))[()]


def _terms(rate: ArrayLike, nper: ArrayLike) -> tuple[FloatArray, FloatArray]:
    return RATE_ABOVE_TOTAL_LOSS.require("rate", rate), POSITIVE.require("nper", nper)


def _discount(rate: FloatArray, nper: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-nper * np.log1p(rate)))


def _annuity_factor(rate: FloatArray, nper: FloatArray) -> FloatArray:
    """Return `(1 - (1 + rate)^-nper) / rate`, exact for a small rate, nper at a rate of 0."""
    positive = np.where(rate == 0.0, 1.0, rate)
    return np.where(rate == 0.0, nper, -np.expm1(-nper * np.log1p(positive)) / positive)


def _payment_number(per: ArrayLike, nper: FloatArray) -> FloatArray:
    number = _PERIOD.require("per", per)
    if (number > nper).any():
        raise ValueError(
            f"per: found payment number {float(number.max()):g}, expected at most nper {float(nper.min()):g}"
        )
    return number
