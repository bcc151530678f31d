"""What a loan must earn: closed forms of its funding cost, its expected loss, and what it costs the borrower.

A loan is its balances: outstanding[k] after the payment of year k, outstanding[0] what is paid out, the last one 0.
Payments fall at whole years. Costs that differ by year become one rate on the balance, the same every year: the
average of the years weighted with `D_k S_(k-1) B_(k-1)`, so that the rate brings in what the costs take out, in
present value and for as long as the borrower lives.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtri

from quant.arguments import (
    CORRELATION,
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    FloatArray,
)
from quant.cashflows import xirr


def matched_funding_rate(outstanding: ArrayLike, discount_factors: ArrayLike) -> float:
    """Return the rate at which the balances are funded at par on a curve.

    The rate f that makes the loan's principal with interest f on its balance worth what is paid out:
    `f = (B_0 - sum D_k (B_(k-1) - B_k)) / sum D_k B_(k-1)`; of a bullet it is the par swap rate.

    Args:
        outstanding: [n + 1], see the module; not negative, the first above 0.
        discount_factors: [n], of the payments, above 0.

    Raises:
        ValueError: if an argument is outside its domain.

    Example:
        >>> round(matched_funding_rate([100.0, 0.0], [1 / 1.03]), 12)
        0.03
    """
    balances, discount = _loan(outstanding, discount_factors)
    repaid = discount @ (balances[:-1] - balances[1:])
    return float((balances[0] - repaid) / (discount @ balances[:-1]))


def average_rate(
    outstanding: ArrayLike, discount_factors: ArrayLike, pd_annual: float, rates: ArrayLike
) -> float:
    """Return the level rate that brings in what rates that differ by year do, see the module.

    Args:
        outstanding: [n + 1].
        discount_factors: [n].
        pd_annual: probability of default a year, the same every year, for those who have not defaulted.
        rates: [n], a year on the balance at the beginning of each year.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    balances, discount = _loan(outstanding, discount_factors)
    weights = discount * survival(pd_annual, len(discount)) * balances[:-1]
    return float(weights @ FINITE.require("rates", rates) / weights.sum())


def survival(pd_annual: float, n_years: int) -> FloatArray:
    """Return the probability of no default before the beginning of each year, `(1 - pd)^(k - 1)`, [n_years].

    Raises:
        ValueError: if the probability is outside [0, 1].
    """
    kept = 1.0 - float(PROBABILITY.require("pd_annual", pd_annual))
    return np.asarray(kept ** np.arange(n_years, dtype=np.float64))


def loss_given_default(exposure: float, recoveries: ArrayLike, pd: float, correlation: float) -> float:
    """Return the expected share that is lost at default, when collateral is low as defaults are frequent.

    The borrower defaults when a standard normal A falls below N^-1(pd). The collateral's rank u goes with a standard
    normal xi = N^-1(u), corr(A, xi) = `correlation` (Gaussian copula; Frye 2000, "Collateral damage", Risk 13(4)):
    `LGD = E[w(u) max(1 - C(u) / E, 0)] / E[w(u)]`, `w(u) = N((N^-1(pd) - rho N^-1(u)) / sqrt(1 - rho^2))`, over the
    mid-ranks u of the recoveries. Nothing is assumed of their distribution; for a lognormal one the result is
    `quant.credit.expected_loss_lognormal_collateral` over pd.

    Args:
        exposure: what is owed, above 0.
        recoveries: what the collateral brings at equally likely ranks, not negative, in any order, at least one.
        pd: probability of default, in [0, 1]; 0 gives the limit without correlation.
        correlation: rho, in (-1, 1).

    Raises:
        ValueError: if an argument is outside its domain.
    """
    owed = float(POSITIVE.require("exposure", exposure))
    brought = np.sort(NON_NEGATIVE.require("recoveries", recoveries))
    if brought.ndim != 1 or brought.size == 0:
        raise ValueError(f"recoveries: found shape {brought.shape}, expected [n] with n at least 1")
    rho = float(CORRELATION.require("correlation", correlation))
    threshold = float(ndtri(PROBABILITY.require("pd", pd)))
    lost = np.maximum(1.0 - brought / owed, 0.0)
    if np.isinf(threshold) or rho == 0.0:
        return float(lost.mean())
    ranks = ndtri((np.arange(brought.size) + 0.5) / brought.size)
    # By logarithms: a tiny probability would leave nothing of every weight.
    log_weights = log_ndtr((threshold - rho * ranks) / np.sqrt(1.0 - rho * rho))
    weights = np.exp(log_weights - log_weights.max())
    return float(weights @ lost / weights.sum())


def capital_charge_rate(
    risk_weight: ArrayLike, capital_ratio: ArrayLike, cost_of_capital: ArrayLike
) -> FloatArray:
    """Return what the capital behind a loan costs a year: risk weight x capital ratio x cost of capital.

    Raises:
        ValueError: if an argument is negative or not finite.
    """
    weight = NON_NEGATIVE.require("risk_weight", risk_weight)
    ratio = NON_NEGATIVE.require("capital_ratio", capital_ratio)
    return np.asarray(weight * ratio * NON_NEGATIVE.require("cost_of_capital", cost_of_capital))[()]


def borrower_rate(
    outstanding: ArrayLike, interest: ArrayLike, *, subsidy: ArrayLike = 0.0, fee_in_advance: ArrayLike = 0.0
) -> float:
    """Return the effective annual rate that the borrower pays, by the internal rate of return of what moves.

    Args:
        outstanding: [n + 1].
        interest: [n], paid at the end of each year.
        subsidy: [n] or one number, received at the end of each year.
        fee_in_advance: [n] or one number, paid at the beginning of each year.

    Returns:
        The rate; nan where there is none, as when fees take all that is paid out.

    Raises:
        ValueError: if an argument is not finite, or balances are negative.

    Example:
        >>> round(borrower_rate([100.0, 0.0], [5.0], fee_in_advance=1.0), 6)
        0.060606
    """
    balances = _balances(outstanding)
    n = len(balances) - 1
    paid = balances[:-1] - balances[1:] + FINITE.require("interest", interest)
    paid = paid - FINITE.require("subsidy", subsidy)
    flows = np.zeros(n + 1)
    flows[0] = -balances[0]
    flows[1:] += paid
    flows[:-1] += FINITE.require("fee_in_advance", fee_in_advance)
    return float(xirr(flows, np.arange(n + 1, dtype=np.float64))) if flows[0] < 0.0 else float("nan")


def _loan(outstanding: ArrayLike, discount_factors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    balances = _balances(outstanding)
    discount = POSITIVE.require("discount_factors", discount_factors)
    if discount.shape != (len(balances) - 1,):
        raise ValueError(
            f"discount_factors: found shape {discount.shape}, expected one for each of {len(balances) - 1} payments"
        )
    return balances, discount


def _balances(outstanding: ArrayLike) -> FloatArray:
    balances = NON_NEGATIVE.require("outstanding", outstanding)
    if balances.ndim != 1 or len(balances) < 2 or balances[0] == 0.0 or balances[-1] != 0.0:
        raise ValueError(
            f"outstanding: found {balances.tolist()}, expected at least two balances, the first above 0 and the last 0"
        )
    return balances
