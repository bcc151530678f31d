"""Draws of `quant.random_numbers` at chosen addresses, and defaults found without evaluating most of them.

Defaults are rare, so a book needs few of the draws of an asset or a guarantor: `uniforms_at` computes single ones.
`find_defaults` runs through every draw of every loan but compares it with a bound for the path's index first; only
draws below the bound cost an evaluation of the conditional probability. Both are compiled, release the interpreter
lock and give the very numbers of `random_numbers.uniforms`.

Philox-4x64-10: Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, section 3.3.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from quant.random_numbers import Purpose
from quant.schedules import Array

Lanes = NDArray[np.intp]

_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_LOW, _HALF, _ONE, _TWO, _THREE = (np.uint64(v) for v in (0xFFFFFFFF, 32, 1, 2, 3))
_MANTISSA_SHIFT = np.uint64(11)
_UNIT = 2.0**-53
_ROOT_HALF = math.sqrt(0.5)
# Edges of the bins of the index; below the first the bound is 1.
BIN_EDGES = np.arange(-4.5, 4.51, 0.25)

_compiled = numba.njit(cache=True, nogil=True)


def _high_word(a: Any, b: Any) -> Any:
    """Upper 64 bits of a 64 x 64 bit product."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    other = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _HALF) + (other >> _HALF)


_high = _compiled(_high_word)


def _philox_words(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any) -> Any:
    """The four words of one counter under the key (k0, 0)."""
    k1 = np.uint64(0)
    for _ in range(10):
        high0, low0 = _high(_M0, c0), _M0 * c0
        high1, low1 = _high(_M1, c2), _M1 * c2
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + _W0, k1 + _W1
    return c0, c1, c2, c3


philox = _compiled(_philox_words)
_philox = philox


def _word_to_uniform(word: Any) -> Any:
    return (np.float64(word >> _MANTISSA_SHIFT) + 0.5) * _UNIT


to_uniform = _compiled(_word_to_uniform)
_uniform = to_uniform


def _draw_uniforms_at(seed: Any, purpose: Any, lanes: Any, paths: Any, out: Any) -> None:
    for i in range(len(out)):
        path = np.uint64(paths[i])
        # The generator steps its counter before it draws.
        words = _philox((path >> _TWO) + _ONE, np.uint64(0), np.uint64(lanes[i]), purpose, seed)
        out[i] = _uniform(words[path & _THREE])


_uniforms_at = _compiled(_draw_uniforms_at)


def uniforms_at(seed: int, purpose: Purpose, lanes: Lanes, paths: Lanes) -> Array:
    """Uniform draws of step 0 at (lane, path) addresses, [n]: entry i is that of `uniforms` for lane and path i."""
    out = np.empty(len(lanes))
    _uniforms_at(np.uint64(seed), np.uint64(purpose), lanes, paths, out)
    return out


def lane_of_name(name: str) -> int:
    """Lane of a borrower, guarantor or asset, from its name alone: 62 bits of SHA-256.

    A loan that joins or leaves a book then leaves the draws of all others as they are.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 2


def _search(  # noqa: PLR0917  # compiled functions take their arrays by position
    seed: Any, purpose: Any, lanes: Any, index_of_loan: Any, thresholds: Any, loadings: Any, own: Any, bounds: Any,
    bins: Any, indices: Any, first: Any, out_loan: Any, out_path: Any,
) -> Any:  # fmt: skip
    """Writes defaults in order of loan, then path, while there is room; returns how many there are."""
    found = 0
    n = indices.shape[1]
    for loan in range(len(lanes)):
        row = index_of_loan[loan]
        words = (np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0))
        for i in range(n):
            path = np.uint64(first + i)
            place = path & _THREE
            if i == 0 or place == 0:
                counter = (path >> _TWO) + _ONE
                words = _philox(counter, np.uint64(0), np.uint64(lanes[loan]), purpose, seed)
            draw = _uniform(words[place])
            if draw < bounds[loan, bins[row, i]]:
                distance = (thresholds[loan] - loadings[loan] * indices[row, i]) / own[loan]
                if draw < 0.5 * math.erfc(-distance * _ROOT_HALF):
                    if found < len(out_loan):
                        out_loan[found] = loan
                        out_path[found] = i
                    found += 1
    return found


_search_compiled = _compiled(_search)


@dataclass(frozen=True, slots=True, eq=False)
class DefaultSearch:
    """Finds the defaults of a book: uniform draw below `N((threshold - loading Y) / own)`.

    Attributes:
        seed: of the scenario universe.
        lanes: borrower whose draws decide, [n_loans].
        index_of_loan: row of the indices, [n_loans].
        thresholds, loadings, own: N^-1(p), sqrt(R2) and sqrt(1 - R2), [n_loans].
        bounds: no conditional probability in a bin of the index is above it, [n_loans, n_bins].
    """

    seed: int
    lanes: Lanes
    index_of_loan: Lanes
    thresholds: Array
    loadings: Array
    own: Array
    bounds: Array

    @classmethod
    def over(
        cls, seed: int, lanes: Lanes, index_of_loan: Lanes, thresholds: Array, asset_correlation: Array
    ) -> "DefaultSearch":
        """The search for a book with the given thresholds and R2."""
        loadings, own = np.sqrt(asset_correlation), np.sqrt(1.0 - asset_correlation)
        at_edges = ndtr((thresholds[:, None] - loadings[:, None] * BIN_EDGES) / own[:, None])
        # The margin covers the rounding of both evaluations of the normal distribution.
        bounds = np.column_stack([np.full(len(lanes), 2.0), at_edges * (1.0 + 1e-9)])
        return cls(
            seed, np.asarray(lanes, dtype=np.intp), np.asarray(index_of_loan, dtype=np.intp),
            thresholds, loadings, own, bounds,
        )  # fmt: skip

    def find(self, indices: Array, first_path: int, expected: int) -> tuple[Lanes, Lanes]:
        """Defaults of a block, in order of loan, then path.

        Args:
            indices: Y, [n_indices, n_paths].
            first_path: number of the first path of the block.
            expected: how many defaults to make room for; more are found as well.

        Returns:
            (loan of each, path of each within the block), [n_defaults].
        """
        bins = np.searchsorted(BIN_EDGES, indices, side="right")
        while True:
            loan, path = np.empty(expected, dtype=np.intp), np.empty(expected, dtype=np.intp)
            found = _search_compiled(
                np.uint64(self.seed), np.uint64(Purpose.DEFAULT), self.lanes, self.index_of_loan, self.thresholds,
                self.loadings, self.own, self.bounds, bins, indices, first_path, loan, path,
            )  # fmt: skip
            if found <= expected:
                return loan[:found], path[:found]
            expected = found


def _value_pairs(  # noqa: PLR0917  # as above
    asset: Any, path: Any, row_start: Any, row_cell: Any, weights: Any, cells: Any, out: Any
) -> None:
    for i in range(len(out)):
        total = 0.0
        for row in range(row_start[asset[i]], row_start[asset[i] + 1]):
            total += weights[row] * cells[path[i], row_cell[row]]
        out[i] = total


_value_pairs_compiled = _compiled(_value_pairs)


def values_at(
    asset: Lanes, path: Lanes, *, row_start: Lanes, row_cell: Lanes, weights: Array, cells: Array
) -> Array:
    """Values of single assets on single paths, [n].

    Args:
        asset: which, [n].
        path: on which, within the block, [n].
        row_start: rows of asset i are row_start[i] .. row_start[i + 1] - 1, [n_assets + 1].
        row_cell: cell of each row, [n_rows].
        weights: of each row, [n_rows].
        cells: value of each cell on each path, [n_paths, n_cells]: the cells of a path side by side.
    """
    out = np.empty(len(asset))
    _value_pairs_compiled(asset, path, row_start, row_cell, weights, cells, out)
    return out
