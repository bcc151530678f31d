"""The quick quantile against scipy's."""

from typing import Any

import numpy as np
from scipy.special import ndtri

from quant.compiled import compiled
from quant.draws.normal_quantile import normal_quantile


@compiled
def _all(probabilities: Any, out: Any) -> None:
    for i in range(len(probabilities)):
        out[i] = normal_quantile(probabilities[i])


def test_the_quantile_is_right_to_a_few_parts_in_ten_million() -> None:
    small = np.logspace(-15, -0.4, 2_000)
    probabilities = np.concatenate([small, 1.0 - small, np.linspace(0.01, 0.99, 981)])
    found = np.empty_like(probabilities)
    _all(probabilities, found)
    assert np.all(np.abs(found - ndtri(probabilities)) <= 3e-7 * np.abs(ndtri(probabilities)) + 1e-12)
