"""Loss of a right: every event of a Poisson process takes the same share of what is still to come.

With intensity h and severity s, N events before a time d leave (1 - s)^N, whose mean is exp(-h s d). The process has
no memory, so what is left at a horizon is worth the same multiple of the value of an untouched right, and the value
today is the mean of what will be (docs/adr/0009).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.compiled import compiled

Array = NDArray[np.float64]
_MOST_EVENTS = 1_000


def expected_share(intensity: ArrayLike, severity: ArrayLike, span_years: ArrayLike) -> Array:
    """Mean share of the right that is left after a span, exp(-h s d); the arguments broadcast."""
    share: Array = np.exp(-np.multiply(intensity, severity) * np.asarray(span_years, dtype=np.float64))
    return share


@compiled
def events_of(uniform: Any, mean: Any) -> Any:
    """Number of events of a Poisson variable: the largest k with P(N >= k) > u, so that u < P(N >= 1) is a loss."""
    tail, term, events = -math.expm1(-mean), math.exp(-mean), 0
    while uniform < tail and events < _MOST_EVENTS:
        events += 1
        term *= mean / events
        tail -= term
    return events


@compiled
def _shares(uniforms: Any, mean: Any, severity: Any) -> Any:
    out = np.empty(len(uniforms))
    for i in range(len(uniforms)):
        out[i] = (1.0 - severity[i]) ** events_of(uniforms[i], mean[i])
    return out


def share_left(uniforms: Array, mean_events: ArrayLike, severity: ArrayLike) -> Array:
    """Share of the right that is left, (1 - s)^N, for one uniform each, [n].

    Args:
        uniforms: draws in (0, 1), [n].
        mean_events: h d, [n] or one for all.
        severity: s, [n] or one for all.
    """
    mean = np.ascontiguousarray(np.broadcast_to(np.asarray(mean_events, dtype=np.float64), uniforms.shape))
    taken = np.ascontiguousarray(np.broadcast_to(np.asarray(severity, dtype=np.float64), uniforms.shape))
    shares: Array = _shares(uniforms, mean, taken)
    return shares
