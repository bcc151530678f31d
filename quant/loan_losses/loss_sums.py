"""What a simulation sums: floats of a path within a block, whole numbers of a loan over all paths.

A loan's sums come out the same in whatever order threads, blocks and machines add to them, because they are whole
numbers of a tiny unit, a power of 2.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from quant.loan_losses.credit_cells import Counts
from quant.schedules import Array

# A weight of 1 in the whole numbers that loans are counted in.
WEIGHT_UNIT = 2**20
# Of one simulation, so that no sum of a loan leaves its 64 bits.
MOST_PATHS = 2**24
# No single count of collateral is larger: as many of them as there are paths fit 63 bits.
LARGEST_COUNT = 2.0**39
_SUM_BITS = 61


class PathSums(NamedTuple):
    """What is summed on every path of a block; money in CNY except `loss`, in whole units.

    Attributes:
        loss: the bank's loss before caps of funds, whole units, [n_paths].
        claims: on funds with a cap, [n_paths, n_funds].
        defaulted: exposure that defaults in each period, [n_paths, n_periods].
        vanished: scheduled exposure of loans that have defaulted by each period, [n_paths, n_periods].
        events: defaults, [n_paths].
    """

    loss: Counts
    claims: Array
    defaulted: Array
    vanished: Array
    events: Counts

    @classmethod
    def zeros(cls, n_paths: int, n_periods: int, n_funds: int) -> "PathSums":
        """Nothing summed yet."""
        return cls(
            np.zeros(n_paths, dtype=np.int64),
            np.zeros((n_paths, n_funds)),
            np.zeros((n_paths, n_periods)),
            np.zeros((n_paths, n_periods)),
            np.zeros(n_paths, dtype=np.int64),
        )

    def part(self, paths: slice) -> "PathSums":
        """The sums of some of the paths, not a copy."""
        return PathSums(
            self.loss[paths],
            self.claims[paths],
            self.defaulted[paths],
            self.vanished[paths],
            self.events[paths],
        )


class LoanSums(NamedTuple):
    """What is summed over paths for every slot, in whole numbers, so that the order of summing leaves no trace.

    Attributes:
        loss: weight times loss in whole units, [n_slots].
        defaults: weight in units of 1 / WEIGHT_UNIT, [n_slots].
        collateral: weight times collateral in default, units of SLOT's `collateral_units`, [n_slots].
    """

    loss: Counts
    defaults: Counts
    collateral: Counts

    @classmethod
    def zeros(cls, n_slots: int) -> "LoanSums":
        """Nothing summed yet."""
        return cls(*(np.zeros(n_slots, dtype=np.int64) for _ in range(3)))

    @classmethod
    def total(cls, parts: "Sequence[LoanSums]") -> "LoanSums":
        """What several threads summed."""
        return cls(*(np.stack(column).sum(axis=0, dtype=np.int64) for column in zip(*parts, strict=True)))


def units_per_cny(largest: Array) -> float:
    """The power of 2 that leaves a path's sum over loans, and a loan's over the most paths, within 61 bits.

    Args:
        largest: exposure of each loan, CNY, [n_slots].
    """
    most = max(float(largest.sum()), float(largest.max(initial=0.0)) * MOST_PATHS)
    return 2.0 ** (_SUM_BITS - math.ceil(math.log2(most))) if most > 0.0 else 1.0
