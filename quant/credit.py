"""Closed forms of credit risk: regulatory risk weights, large-pool quantiles, downturn LGD, secured loss.

Every function takes scalars or arrays that broadcast and returns the broadcast shape (a numpy float for
scalars).
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr, ndtri

from quant.arguments import (
    CORRELATION,
    FACTOR_SHARE,
    NON_NEGATIVE,
    OPEN_PROBABILITY,
    PROBABILITY,
    FloatArray,
    Interval,
    describe_first,
)
from quant.credit_risk.bivariate_normal import bivariate_normal_cdf

AssetClass = Literal["corporate", "residential_mortgage", "qualifying_revolving", "other_retail"]

_CONFIDENCE = 0.999
_EFFECTIVE_MATURITY = Interval(0.0, 5.0, low_included=False)
_SALES = Interval(0.0, np.inf)
# Beyond, the closed form takes a large number times a probability that is no longer exact.
_LOG_SD = Interval(0.0, 4.0)
# The maturity adjustment has its pole at PD = 2.9e-6; from 1e-5 upwards it is well away from it.
_SMALLEST_CORPORATE_PD = 1e-5


def irb_risk_weight(
    pd: ArrayLike,
    lgd: ArrayLike,
    maturity_years: ArrayLike = 2.5,
    *,
    asset_class: AssetClass = "corporate",
    annual_sales_eur_m: ArrayLike | None = None,
) -> FloatArray:
    """Return the Basel III internal-ratings risk weight as a fraction of exposure at default.

    12.5 times the capital requirement K of chapter CRE31 of the Basel framework; the 1.06 scaling factor of
    Basel II is not applied. The floor that the rule sets for PD (0.05 %) is not applied either: it belongs to
    the caller's rule set.

    Args:
        pd: One-year probability of default, in [0, 1]; for `corporate` 0 or at least 1e-5, because the
            maturity adjustment has a pole below. 1 gives 0: a defaulted exposure has its own rule.
        lgd: Loss given default, in [0, 1].
        maturity_years: Effective maturity, in (0, 5]; only `corporate` uses it. The rule floors it at 1 and
            caps it at 5.
        asset_class: One of corporate, residential_mortgage, qualifying_revolving, other_retail.
        annual_sales_eur_m: Consolidated annual sales in EUR million, for the firm-size adjustment of a
            corporate SME: 5 to 50, held at 5 below and without effect above, so `inf` means "not
            an SME" inside an array.

    Raises:
        ValueError: if an argument is outside its domain, or sales are given for a retail class.

    Example:
        >>> round(float(irb_risk_weight(0.01, 0.40)), 4)
        0.8206
    """
    if asset_class not in get_args(AssetClass):
        raise ValueError(
            f"asset_class: found {asset_class!r}, expected one of {', '.join(get_args(AssetClass))}"
        )
    if annual_sales_eur_m is not None and asset_class != "corporate":
        raise ValueError(
            f"annual_sales_eur_m: found {annual_sales_eur_m!r} with asset_class {asset_class!r}, "
            "expected None: the firm-size adjustment is for corporate exposures"
        )
    pd_ = PROBABILITY.require("pd", pd)
    lgd_ = PROBABILITY.require("lgd", lgd)
    maturity = _EFFECTIVE_MATURITY.require("maturity_years", maturity_years)
    correlation = _asset_correlation(pd_, asset_class)
    adjustment: FloatArray = np.ones_like(pd_)
    if asset_class == "corporate":
        adjustment = _maturity_adjustment(pd_, maturity)
        if annual_sales_eur_m is not None:
            correlation = correlation - _firm_size_reduction(annual_sales_eur_m)
    stressed_pd = ndtr((ndtri(pd_) + np.sqrt(correlation) * ndtri(_CONFIDENCE)) / np.sqrt(1.0 - correlation))
    # Plain arithmetic on 0-d arrays gives numpy scalars; maturity takes part in the shape for every class.
    return np.asarray(12.5 * lgd_ * (stressed_pd - pd_) * adjustment + 0.0 * maturity)[()]


def _asset_correlation(pd: FloatArray, asset_class: AssetClass) -> FloatArray:
    """Return R of chapter CRE31 for the class, before the firm-size adjustment."""
    if asset_class == "residential_mortgage":
        return np.full_like(pd, 0.15)
    if asset_class == "qualifying_revolving":
        return np.full_like(pd, 0.04)
    low, high, decay = (0.12, 0.24, 50.0) if asset_class == "corporate" else (0.03, 0.16, 35.0)
    weight = np.expm1(-decay * pd) / np.expm1(-decay)
    correlation: FloatArray = low * weight + high * (1.0 - weight)
    return correlation


def _firm_size_reduction(annual_sales_eur_m: ArrayLike) -> FloatArray:
    """Return the reduction of R for a smaller corporate: 0.04 at 5 m of sales, 0 from 50 m."""
    sales = np.clip(_SALES.require("annual_sales_eur_m", annual_sales_eur_m), 5.0, 50.0)
    return 0.04 * (1.0 - (sales - 5.0) / 45.0)


def _maturity_adjustment(pd: FloatArray, maturity_years: FloatArray) -> FloatArray:
    """Return (1 + (M - 2.5) b) / (1 - 1.5 b), b = (0.11852 - 0.05478 ln PD)^2; 1 at PD = 0, where K is 0."""
    too_small = (pd > 0.0) & (pd < _SMALLEST_CORPORATE_PD)
    if too_small.any():
        raise ValueError(
            f"pd: {describe_first(pd, too_small)}, expected 0 or at least {_SMALLEST_CORPORATE_PD:g} "
            "for a corporate exposure: the maturity adjustment has a pole below"
        )
    slope = (0.11852 - 0.05478 * np.log(np.where(pd == 0.0, 1.0, pd))) ** 2
    return np.where(pd == 0.0, 1.0, (1.0 + (maturity_years - 2.5) * slope) / (1.0 - 1.5 * slope))


def vasicek_loss_quantile(alpha: ArrayLike, pd: ArrayLike, rho: ArrayLike) -> FloatArray:
    """Return the `alpha` quantile of the default fraction of an infinitely fine pool.

    Vasicek 2002, "Loan portfolio value", Risk 15(12).

    Args:
        alpha: Confidence, in (0, 1).
        pd: Probability of default, in [0, 1].
        rho: Asset correlation (square of the loading on the common factor), in [0, 1).

    Raises:
        ValueError: if an argument is outside its domain.
    """
    alpha_ = OPEN_PROBABILITY.require("alpha", alpha)
    pd_ = PROBABILITY.require("pd", pd)
    rho_ = FACTOR_SHARE.require("rho", rho)
    return np.asarray(ndtr((ndtri(pd_) + np.sqrt(rho_) * ndtri(alpha_)) / np.sqrt(1.0 - rho_)))[()]


def vasicek_loss_sd(pd: ArrayLike, rho: ArrayLike) -> FloatArray:
    """Return the standard deviation of the default fraction of an infinitely fine pool.

    The variance is P(two loans default) - pd^2, with a bivariate normal probability (Vasicek 2002). The
    standardised quantile of his table is `(vasicek_loss_quantile - pd) / vasicek_loss_sd`.

    Args:
        pd: Probability of default, in [0, 1].
        rho: Asset correlation, in [0, 1).

    Raises:
        ValueError: if an argument is outside its domain.
    """
    pd_ = PROBABILITY.require("pd", pd)
    threshold = ndtri(pd_)
    rho_ = FACTOR_SHARE.require("rho", rho)
    both_default = bivariate_normal_cdf(threshold, threshold, rho_)
    variance = np.where(rho_ == 0.0, 0.0, both_default - pd_ * pd_)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))[()]


def frye_jacobs_lgd(conditional_pd: ArrayLike, pd: ArrayLike, lgd: ArrayLike, rho: ArrayLike) -> FloatArray:
    """Return the loss given default that goes with a conditional default rate.

    Frye and Jacobs 2012, Journal of Credit Risk 8(1):
    `N(N^-1(conditional_pd) - k) / conditional_pd` with `k = (N^-1(pd) - N^-1(pd lgd)) / sqrt(1 - rho)`,
    computed from logarithms so that it keeps its relative accuracy for a tiny conditional rate. At a
    conditional rate of 0 the limit is returned: 0, or 1 where `lgd` is 1.

    Args:
        conditional_pd: Default rate given the state, in [0, 1].
        pd: Long-run probability of default, in (0, 1).
        lgd: Long-run loss given default (expected loss / pd), in [0, 1].
        rho: Asset correlation, in [0, 1).

    Raises:
        ValueError: if an argument is outside its domain.
    """
    conditional = PROBABILITY.require("conditional_pd", conditional_pd)
    pd_ = OPEN_PROBABILITY.require("pd", pd)
    lgd_ = PROBABILITY.require("lgd", lgd)
    rho_ = FACTOR_SHARE.require("rho", rho)
    inside = np.where((lgd_ == 0.0) | (lgd_ == 1.0), 0.5, lgd_)
    k = (ndtri(pd_) - ndtri(pd_ * inside)) / np.sqrt(1.0 - rho_)
    threshold = ndtri(np.where(conditional == 0.0, 0.5, conditional))
    ratio = np.where(conditional == 0.0, 0.0, np.exp(log_ndtr(threshold - k) - log_ndtr(threshold)))
    return np.where((lgd_ == 0.0) | (lgd_ == 1.0), lgd_, ratio)[()]


def expected_loss_lognormal_collateral(
    pd: ArrayLike, median_ratio: ArrayLike, log_sd: ArrayLike, correlation: ArrayLike
) -> FloatArray:
    """Return the expected loss of an exposure of 1 secured by lognormal collateral.

    The collateral is worth `median_ratio * exp(log_sd * xi)` with a standard normal xi.

    The borrower defaults when a standard normal A falls below N^-1(pd); corr(A, xi) = `correlation`, so a
    positive value means that collateral is low when defaults are frequent. With z = N^-1(pd), k = -ln(m)/s
    and N2 the bivariate normal distribution, `E[1{A<z} max(1 - m e^{s xi}, 0)] = N2(z, k; rho) - m
    e^{s^2/2} N2(z - rho s, k - s; rho)`.

    Args:
        pd: Probability of default, in [0, 1].
        median_ratio: Median collateral value over exposure m, not negative.
        log_sd: Standard deviation s of the log collateral value at the time of sale, in [0, 4].
        correlation: Correlation rho of A and xi, in (-1, 1).

    Raises:
        ValueError: if an argument is outside its domain.
    """
    pd_ = PROBABILITY.require("pd", pd)
    ratio = NON_NEGATIVE.require("median_ratio", median_ratio)
    sd = _LOG_SD.require("log_sd", log_sd)
    rho = CORRELATION.require("correlation", correlation)
    certain = pd_ * np.maximum(1.0 - ratio, 0.0)
    positive_sd = np.where(sd == 0.0, 1.0, sd)
    threshold = ndtri(pd_)
    with np.errstate(divide="ignore"):  # a ratio of zero: the collateral is always short, k is infinite
        shortfall = -np.log(ratio) / positive_sd
    exposure_lost = bivariate_normal_cdf(threshold, shortfall, rho)
    recovered = (
        ratio
        * np.exp(0.5 * positive_sd**2)
        * bivariate_normal_cdf(threshold - rho * positive_sd, shortfall - positive_sd, rho)
    )
    return np.where(sd == 0.0, certain, np.clip(exposure_lost - recovered, 0.0, pd_))[()]
