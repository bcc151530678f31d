"""Draws of `quant.draws.random_numbers` at chosen addresses.

Defaults are rare, so a book needs few of the draws of an asset or a guarantor: `uniforms_at` computes single ones, and
compiled code calls `philox` itself. All give the very numbers of `random_numbers.uniforms` and release the interpreter
lock.

Philox-4x64-10: Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, section 3.3.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quant.compiled import compiled
from quant.draws.random_numbers import Purpose
from quant.schedules import Array

Lanes = NDArray[np.intp]

_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_LOW, _HALF, _ONE, _TWO, _THREE = (np.uint64(v) for v in (0xFFFFFFFF, 32, 1, 2, 3))
_MANTISSA_SHIFT = np.uint64(11)
_UNIT = 2.0**-53


def _high_word(a: Any, b: Any) -> Any:
    """Upper 64 bits of a 64 x 64 bit product."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    other = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _HALF) + (other >> _HALF)


_high = compiled(_high_word)


def _philox_words(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any) -> Any:
    """The four words of one counter under the key (k0, 0)."""
    k1 = np.uint64(0)
    for _ in range(10):
        high0, low0 = _high(_M0, c0), _M0 * c0
        high1, low1 = _high(_M1, c2), _M1 * c2
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + _W0, k1 + _W1
    return c0, c1, c2, c3


philox = compiled(_philox_words)


def _word_to_uniform(word: Any) -> Any:
    # The largest word rounds to 1; `normal_quantile` knows, so that not every draw is asked.
    return (np.float64(word >> _MANTISSA_SHIFT) + 0.5) * _UNIT


to_uniform = compiled(_word_to_uniform)


def _draw_uniforms_at(seed: Any, purpose: Any, lanes: Any, paths: Any, out: Any) -> None:
    for i in range(len(out)):
        path = np.uint64(paths[i])
        # The generator steps its counter before it draws.
        words = philox((path >> _TWO) + _ONE, np.uint64(0), np.uint64(lanes[i]), purpose, seed)
        out[i] = min(to_uniform(words[path & _THREE]), 1.0 - _UNIT)


_uniforms_at = compiled(_draw_uniforms_at)


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
