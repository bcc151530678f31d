"""The quantile of the standard normal distribution for compiled code: Wichura 1988, algorithm AS 241 (PPND7).

Applied Statistics 37(3): relative accuracy of about one part in ten million, one rational function in the middle.
"""

import math
from typing import Any

from quant.compiled import inlined

_FARTHEST = 6.2
"""Beyond sqrt(-ln 2^-54), that of the smallest uniform that is drawn; the largest rounds to 1 and is infinitely far."""


@inlined
def normal_quantile(probability: Any) -> Any:
    """Z with P(Z <= z) = probability, for a probability in (0, 1]."""
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        below = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return q * above / below
    r = math.sqrt(-math.log(min(probability, 1.0 - probability)))
    if r <= 5.0:
        r -= 1.6
        above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        below = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r = min(r, _FARTHEST) - 5.0
        above = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        below = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return math.copysign(above / below, q)
