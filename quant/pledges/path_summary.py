"""Means and quantiles of many columns over many paths, in bounded memory and to the same bits for any block size.

Paths are added in blocks whose first path is a multiple of GROUP. Means and variances come from all paths, group after
group (Chan, Golub and LeVeque 1983, updating formulae). Quantiles come from all paths up to MOST_KEPT of them, and
beyond that from every k-th path.
"""

import math
from collections.abc import Hashable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Columns: TypeAlias = Mapping[Hashable, FloatArray]
GROUP = 256
"""Sums are taken over groups of so many paths."""
MOST_KEPT = 131_072
"""Values kept of each column."""


class PathMoments:
    """Number, mean and variance of each column over all paths; nan means that a path has no value."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, int] = {}
        self._count = self._mean = self._squares = np.zeros(0)

    def add(self, block: Columns) -> None:
        """Add the next paths; the columns are the same in every block, [n_paths] each."""
        if not self._rows:
            self._rows = {key: row for row, key in enumerate(block)}
            self._count, self._mean, self._squares = (np.zeros(len(block)) for _ in range(3))
        values = np.stack([block[key] for key in self._rows])
        for first in range(0, values.shape[1], GROUP):
            self._add_group(np.ascontiguousarray(values[:, first : first + GROUP]))

    def _add_group(self, values: FloatArray) -> None:
        there = ~np.isnan(values)
        known = np.where(there, values, 0.0)
        count = there.sum(axis=1).astype(np.float64)
        mean = known.sum(axis=1) / np.maximum(count, 1.0)
        squares = (np.where(there, values - mean[:, None], 0.0) ** 2).sum(axis=1)
        total = np.maximum(self._count + count, 1.0)
        distance = mean - self._mean
        self._squares += squares + distance**2 * self._count * count / total
        self._mean += np.where(count > 0.0, distance * count / total, 0.0)
        self._count += count

    def count(self, key: Hashable) -> int:
        """Paths that have a value."""
        return int(self._count[self._rows[key]])

    def mean(self, key: Hashable) -> float:
        """Mean over them; 0 where there are none."""
        return float(self._mean[self._rows[key]])

    def sd(self, key: Hashable) -> float:
        """Standard deviation over them."""
        row = self._rows[key]
        count = self._count[row]
        return math.sqrt(self._squares[row] / (count - 1.0)) if count > 1.0 else 0.0


class PathSummary:
    """Moments and quantiles of each column.

    Args:
        n_paths: that will be added in all.
        most_kept: values kept of each column.
    """

    def __init__(self, n_paths: int, most_kept: int = MOST_KEPT) -> None:
        self.moments = PathMoments()
        self.stride = max(-(-n_paths // most_kept), 1)
        self.n_kept = -(-n_paths // self.stride)
        self._kept: dict[Hashable, FloatArray] = {}

    def add(self, first_path: int, block: Columns) -> None:
        """Add paths first_path, first_path + 1, ...; blocks come in order."""
        if not self._kept:
            self._kept = {key: np.empty(self.n_kept) for key in block}
        self.moments.add(block)
        begin = -first_path % self.stride
        place = (first_path + begin) // self.stride
        for key, values in block.items():
            chosen = values[begin :: self.stride]
            self._kept[key][place : place + len(chosen)] = chosen

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def ordered(self, key: Hashable) -> FloatArray:
        """Kept values in ascending order, without the paths that have none."""
        values = self._kept[key]
        return np.sort(values[~np.isnan(values)])
