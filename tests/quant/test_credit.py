"""Closed forms against quadrature, finite pools, other closed forms and their limits."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from quant.credit import (
    expected_loss_lognormal_collateral,
    frye_jacobs_lgd,
    irb_risk_weight,
    vasicek_loss_quantile,
    vasicek_loss_sd,
)
from quant.credit_risk.bivariate_normal import bivariate_normal_cdf
from quant.credit_risk.finite_pool import default_count_pmf

PD = st.floats(1e-4, 0.5)
RHO = st.floats(0.01, 0.9)


@given(h=st.floats(-6, 6), k=st.floats(-6, 6), rho=st.floats(-0.98, 0.98))
def test_bivariate_normal_agrees_with_the_scipy_integrator(h: float, k: float, rho: float) -> None:
    second_method = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, k])
    assert bivariate_normal_cdf(h, k, rho) == pytest.approx(second_method, abs=1e-8)


@given(h=st.sampled_from([-np.inf, -1.0, 0.0, 2.0, np.inf]), rho=st.floats(-0.9, 0.9))
def test_bivariate_normal_at_its_edges(h: float, rho: float) -> None:
    # Sheppard's formula for the quadrant, and the marginal where one limit is infinite.
    assert bivariate_normal_cdf(0.0, 0.0, rho) == pytest.approx(
        0.25 + np.arcsin(rho) / (2 * np.pi), abs=1e-15
    )
    assert bivariate_normal_cdf(h, np.inf, rho) == pytest.approx(norm.cdf(h), abs=1e-15)
    assert bivariate_normal_cdf(-np.inf, h, rho) == 0.0


def test_risk_weight_of_the_retail_classes_follows_the_formula_of_the_rule() -> None:
    # Written out by hand from CRE31: K = LGD (N((G(PD) + sqrt(R) G(0.999)) / sqrt(1 - R)) - PD), weight 12.5 K.
    pd, lgd = 0.02, 0.45
    share = (1 - np.exp(-35 * pd)) / (1 - np.exp(-35))
    correlation = {
        "residential_mortgage": 0.15,
        "qualifying_revolving": 0.04,
        "other_retail": 0.03 * share + 0.16 * (1 - share),
    }
    for asset_class, r in correlation.items():
        stressed = norm.cdf((norm.ppf(pd) + np.sqrt(r) * norm.ppf(0.999)) / np.sqrt(1 - r))
        got = irb_risk_weight(pd, lgd, asset_class=asset_class)  # type: ignore[arg-type]  # keys are class names
        assert got == pytest.approx(12.5 * lgd * (stressed - pd), rel=1e-12)


def test_firm_size_has_no_effect_from_50_million_and_is_held_below_5() -> None:
    weights = irb_risk_weight(0.01, 0.4, annual_sales_eur_m=[0.0, 5.0, 27.5, 50.0, np.inf])
    assert weights[0] == weights[1] < weights[2] < weights[3] == weights[4] == irb_risk_weight(0.01, 0.4)


@given(pd=st.floats(1e-5, 0.2), step=st.floats(0.01, 2.0))
def test_corporate_weight_rises_with_maturity(pd: float, step: float) -> None:
    assert irb_risk_weight(pd, 0.4, 2.5 + step) > irb_risk_weight(pd, 0.4, 2.5)


def test_scalars_give_floats_and_arrays_broadcast() -> None:
    assert isinstance(irb_risk_weight(0.01, 0.4), float)
    assert irb_risk_weight([[0.01], [0.02]], [0.2, 0.4, 0.6]).shape == (2, 3)
    assert irb_risk_weight(0.01, 0.4, [1.0, 2.0], asset_class="other_retail").shape == (2,)
    assert irb_risk_weight([0.0, 1.0], 0.4).tolist() == [0.0, 0.0]


def test_refusals_name_argument_found_and_expected() -> None:
    with pytest.raises(ValueError, match=r"pd: found 1\.2 at index \[1\], expected a number in \[0, 1\]"):
        irb_risk_weight([0.1, 1.2], 0.4)
    with pytest.raises(ValueError, match="lgd: found nan"):
        irb_risk_weight(0.1, np.nan)
    with pytest.raises(ValueError, match="asset_class: found 'bank'"):
        irb_risk_weight(0.1, 0.4, asset_class="bank")  # type: ignore[arg-type]  # the refusal is tested
    with pytest.raises(ValueError, match="annual_sales_eur_m"):
        irb_risk_weight(0.1, 0.4, asset_class="other_retail", annual_sales_eur_m=5)
    with pytest.raises(ValueError, match="pole"):
        irb_risk_weight(1e-6, 0.4)
    with pytest.raises(ValueError, match=r"rho: found 1\.0, expected a number in \[0, 1\)"):
        vasicek_loss_quantile(0.99, 0.01, 1.0)
    with pytest.raises(ValueError, match="alpha: found '0,99'"):
        vasicek_loss_quantile("0,99", 0.01, 0.1)


@given(pd=PD, rho=RHO)
def test_large_pool_mean_is_the_probability_of_default(pd: float, rho: float) -> None:
    # Midpoint rule over the quantile function: its error is below the tail's share of one cell.
    alpha = (np.arange(20_000) + 0.5) / 20_000
    assert vasicek_loss_quantile(alpha, pd, rho).mean() == pytest.approx(pd, abs=1e-4)


def test_large_pool_deviation_is_the_limit_of_finite_pools() -> None:
    # Var of the fraction in a pool of n = p(1-p)/n + (n-1)/n (P(two default) - p^2), exactly.
    n, pd, rho = 60, 0.03, 0.2
    pmf = default_count_pmf(n, pd, rho)
    fraction = np.arange(n + 1) / n
    assert pmf.sum() == pytest.approx(1.0, abs=1e-12)
    assert pmf @ fraction == pytest.approx(pd, abs=1e-12)
    variance = pmf @ (fraction - pd) ** 2
    expected = pd * (1 - pd) / n + (n - 1) / n * (vasicek_loss_sd(pd, rho) ** 2)
    assert variance == pytest.approx(expected, rel=1e-9)
    assert vasicek_loss_sd(pd, 0.0) == 0.0


@given(pd=PD, lgd=st.floats(0.05, 0.95), rho=RHO)
def test_frye_jacobs_preserves_the_expected_loss(pd: float, lgd: float, rho: float) -> None:
    # The LGD function is built so that E[conditional PD x conditional LGD] = PD x LGD.
    y = np.linspace(-9, 9, 4001)
    weight = norm.pdf(y) / norm.pdf(y).sum()
    conditional = norm.cdf((norm.ppf(pd) - np.sqrt(rho) * y) / np.sqrt(1 - rho))
    loss = weight @ (conditional * frye_jacobs_lgd(conditional, pd, lgd, rho))
    assert loss == pytest.approx(pd * lgd, rel=1e-6)


def test_frye_jacobs_limits() -> None:
    assert frye_jacobs_lgd([0.0, 0.3, 1.0], 0.08, [0.4, 0.0, 0.0], 0.2).tolist() == [0.0, 0.0, 0.0]
    assert frye_jacobs_lgd([0.0, 0.3], 0.08, 1.0, 0.2).tolist() == [1.0, 1.0]


@given(pd=st.floats(1e-3, 0.5), ratio=st.floats(0.3, 2.0), sd=st.floats(0.05, 4.0), rho=st.floats(-0.9, 0.9))
def test_secured_expected_loss_agrees_with_quadrature(pd: float, ratio: float, sd: float, rho: float) -> None:
    def loss_density(xi: float) -> float:
        conditional = norm.cdf((norm.ppf(pd) - rho * xi) / np.sqrt(1 - rho * rho))
        return float(norm.pdf(xi) * conditional * max(1.0 - ratio * np.exp(sd * xi), 0.0))

    edge = min(max(-np.log(ratio) / sd, -12.0), 12.0)
    second_method, _ = quad(loss_density, -12.0, edge, epsabs=1e-12, limit=200)
    got = expected_loss_lognormal_collateral(pd, ratio, sd, rho)
    assert got == pytest.approx(second_method, abs=1e-9)


def test_a_spread_beyond_what_the_closed_form_can_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="log_sd"):
        expected_loss_lognormal_collateral(0.02, 0.5, 4.5, 0.3)


def test_secured_expected_loss_limits() -> None:
    got = expected_loss_lognormal_collateral(0.02, [0.0, 0.75, 1.2], [0.2, 0.0, 0.0], 0.3)
    assert got == pytest.approx([0.02, 0.005, 0.0], abs=1e-15)
    assert expected_loss_lognormal_collateral([0.0, 1.0], 0.5, 0.0, 0.3) == pytest.approx([0.0, 0.5])


def test_a_steep_slope_over_a_narrow_width_has_its_limit_without_a_warning() -> None:
    """Nearly equal variables: P(X <= 0, Y <= 5) is P(X <= 0) = 1/2, however small the first limit and the width."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bivariate_normal_cdf(1e-307, 5.0, 1.0 - 1e-16) == pytest.approx(0.5, abs=1e-15)
