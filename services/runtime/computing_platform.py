"""What decides the last bits of a result: the code, the numeric libraries, and the arithmetic of the processor."""

import hashlib
import platform
from functools import cache
from importlib.metadata import version

import numpy as np
from scipy.special import ndtr, ndtri

from quant.sources import sources_digest

_LIBRARIES = ("numpy", "scipy", "numba", "llvmlite")
_PROBE = 4_096


@cache
def computing_platform() -> tuple[tuple[str, str], ...]:
    """Name and state of each thing that results depend on; two processes with the same one give the same bits.

    Libraries choose their loops by the processor, and loops of vectors of other widths may round differently: the
    last entry is a hash of what they compute here.
    """
    found = [("python", platform.python_version()), ("machine", platform.machine())]
    found += [(name, version(name)) for name in _LIBRARIES]
    found += [("quant", sources_digest().hex()[:16]), ("arithmetic", _arithmetic_hash())]
    return tuple(found)


def differences(here: tuple[tuple[str, str], ...], there: tuple[tuple[str, str], ...]) -> str:
    """What differs between two platforms, in words; empty where they are the same."""
    other = dict(there)
    return "; ".join(
        f"{name}: found {other.get(name, 'nothing')}, expected {state}"
        for name, state in here
        if other.get(name) != state
    )


def _arithmetic_hash() -> str:
    """Hash of functions on fixed points, and of a product of matrices."""
    points = np.linspace(-12.0, 12.0, _PROBE)
    shares = np.linspace(1e-9, 1.0 - 1e-9, _PROBE)
    square = points.reshape(64, 64)
    probes = (
        np.exp(points), np.expm1(points), np.log1p(shares), np.log(shares), np.sqrt(shares), np.sin(points),
        shares**1.7, ndtr(points), ndtri(shares), square @ np.exp(0.1 * square), np.einsum("ij,jk->ik", square, square),
        np.cumsum(points), np.array([points.sum(), shares.mean()]),
    )  # fmt: skip
    digest = hashlib.sha256()
    for probe in probes:
        digest.update(np.ascontiguousarray(probe).tobytes())
    return digest.hexdigest()[:16]
