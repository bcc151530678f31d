"""Discrete value distributions worked by hand."""

import pytest

from quant.credit_risk.migration import value_distribution


def test_moments_and_quantiles_by_hand() -> None:
    # Outcomes 0 (1/4), 10 (1/2, in two ratings), 20 (1/4): mean 10, variance 50.
    distribution = value_distribution([0.25, 0.3, 0.25, 0.2], [20.0, 10.0, 0.0, 10.0])
    assert distribution.mean == pytest.approx(10.0)
    assert distribution.sd == pytest.approx(50.0**0.5)
    assert [distribution.quantile(level) for level in (0.0, 0.25, 0.26, 0.75, 1.0)] == [
        0.0,
        0.0,
        10.0,
        10.0,
        20.0,
    ]


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"found a total of 0\.5, expected 1"):
        value_distribution([0.5], [1.0])
    with pytest.raises(ValueError, match="values: found shape"):
        value_distribution([0.5, 0.5], [1.0])
