"""Counter-based random numbers: every draw has an address, so results do not depend on blocks, threads or order.

A draw is addressed by (seed, purpose, lane, step, path). The generator is Philox-4x64-10 (Salmon et al. 2011, as
implemented by numpy), whose output is a function of its key and counter alone. Normals come from the inverse
distribution function, one uniform each, so that draw n never depends on how many draws were rejected before it.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

_WORDS_PER_COUNTER = 4
_UNIT = 2.0**-53


class Purpose(IntEnum):
    """What a stream of draws is for; streams of different purposes are independent."""

    FACTOR = 1
    QUANTITY_ERROR = 2
    LOSS_OF_RIGHT = 3
    DEFAULT = 4
    DEFAULT_TIME = 5
    PROJECT = 6
    GUARANTOR = 7
    TAIL = 8
    INDEX_SAMPLE = 9
    DEMONSTRATION = 100


def uniforms(
    seed: int, purpose: Purpose, n_paths: int, *, first_path: int = 0, lane: int = 0, step: int = 0
) -> NDArray[np.float64]:
    """Uniform draws on the open interval (0, 1) for paths first_path .. first_path + n_paths - 1.

    Args:
        seed: 0 .. 2**63 - 1; one seed is one universe of scenarios.
        purpose: which stream.
        n_paths: how many consecutive paths.
        first_path: number of the first path.
        lane: index of the factor, asset or obligor the draws belong to.
        step: index of the time step.

    Returns:
        Array [n_paths]; entry p depends only on (seed, purpose, lane, step, first_path + p).
    """
    first_counter, skip = divmod(first_path, _WORDS_PER_COUNTER)
    counter = np.array([first_counter, step, lane, int(purpose)], dtype=np.uint64)
    generator = np.random.Philox(counter=counter, key=np.array([seed, 0], dtype=np.uint64))
    words = generator.random_raw(skip + n_paths)[skip:]
    # The largest word rounds to 1, which has no normal quantile.
    return np.minimum(((words >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT, 1.0 - _UNIT)


def standard_normals(
    seed: int, purpose: Purpose, n_paths: int, *, first_path: int = 0, lane: int = 0, step: int = 0
) -> NDArray[np.float64]:
    """Standard normal draws [n_paths]; the arguments are those of `uniforms`."""
    draws: NDArray[np.float64] = ndtri(
        uniforms(seed, purpose, n_paths, first_path=first_path, lane=lane, step=step)
    )
    return draws
