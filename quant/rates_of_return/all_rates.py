"""Every rate of return of a series of flows, by Rolle's theorem on sums of exponentials.

With v = ln(1 + r) the present value is `f(v) = sum_k c_k exp(-t_k v)`, defined for every rate above -100 %. The sign of
its zeros is that of the flows' order in time: by the generalised rule of Descartes f has at most as many zeros as
the coefficients, in order of time, change sign. Put s between two neighbouring times whose coefficients differ in sign.
The derivative of `exp(s v) f(v)` is again such a sum, with coefficients `c_k (s - t_k)`, and one change of sign less.
Its zeros, found in the same way, cut the line into pieces on which `exp(s v) f(v)` is monotone, so each piece holds one
zero of f at most, and a change of sign at its ends finds it. A zero that only touches the line is one of the cuts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from quant.arguments import FloatArray

_TOUCHES = 64.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class ExponentialSum:
    """`sum_k c_k exp(-t_k v)`.

    Attributes:
        coefficients: c, none of them 0, [n].
        times: t, strictly increasing, [n].
    """

    coefficients: FloatArray
    times: FloatArray

    def sign_changes(self) -> int:
        """How often the sign changes in order of time: no fewer than there are zeros."""
        return int(np.count_nonzero(np.diff(np.sign(self.coefficients))))

    def relative(self, v: float) -> float:
        """The sum over the sum of the absolute terms: its sign, free of overflow, in [-1, 1]."""
        exponents = -self.times * v
        terms = self.coefficients * np.exp(exponents - exponents.max())
        return float(terms.sum() / np.abs(terms).sum())

    def derivative(self) -> "ExponentialSum":
        """Of `exp(s v)` times this sum, s in the middle of the first change of sign, up to the factor exp(s v)."""
        change = int(np.argmax(np.diff(np.sign(self.coefficients)) != 0.0))
        middle = 0.5 * (self.times[change] + self.times[change + 1])
        coefficients = self.coefficients * (middle - self.times)
        coefficients /= np.abs(coefficients).max()
        kept = coefficients != 0.0  # what underflows weighs nothing
        return ExponentialSum(coefficients[kept], self.times[kept])

    def far_out(self) -> tuple[float, float]:
        """Values of v below and above which the last and the first term outweigh all others."""
        size = np.abs(self.coefficients)
        first, last = self.times[1] - self.times[0], self.times[-1] - self.times[-2]
        above = (np.log(size[1:].sum()) - np.log(size[0])) / first
        below = (np.log(size[:-1].sum()) - np.log(size[-1])) / last
        return -max(float(below), 0.0) - 1.0 / last, max(float(above), 0.0) + 1.0 / first

    def zeros(self) -> list[float]:
        """All v at which the sum is 0, ascending; one that touches is there once."""
        if self.sign_changes() == 0:
            return []
        low, high = self.far_out()
        cuts = [v for v in self.derivative().zeros() if low < v < high]
        found: list[float] = []
        ends = [low, *cuts, high]
        signs = [self._sign(v) for v in ends]
        for i in range(len(ends) - 1):
            if signs[i] == 0:
                found.append(ends[i])
            elif signs[i] * signs[i + 1] < 0:
                found.append(float(brentq(self.relative, ends[i], ends[i + 1], xtol=1e-14, rtol=1e-14)))
        return found

    def _sign(self, v: float) -> int:
        value = self.relative(v)
        return 0 if abs(value) <= _TOUCHES else int(np.sign(value))
