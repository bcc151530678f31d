"""Where compiled functions are kept on disk, and when they are stale: once any source file of this package changed.

numba's own locators look at the file of the function alone. A function that calls, inlines or takes a constant from
another file would then go on with the old one after an update, and a result would not be what the source says.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core import config
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

from quant.sources import PACKAGE, sources_digest

_NUMBAS_OWN = (
    "UserProvidedCacheLocator",
    "InTreeCacheLocator",
    "UserWideCacheLocator",
    "IPythonCacheLocator",
    "ZipCacheLocator",
)


class _OfThePackage:
    """Serves functions of this package alone, and asks all of its files whether a kept function is stale."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        """The place for a function; None where it is not of this package, or the place cannot be written."""
        if not Path(py_file).resolve().is_relative_to(PACKAGE):
            return None
        return super().from_function(py_func, py_file)  # type: ignore[misc]  # of numba's locator beside it

    def get_source_stamp(self) -> bytes:
        """What a kept function must have been compiled from."""
        return sources_digest()


class ProvidedFolder(_OfThePackage, UserProvidedCacheLocator):
    """In the folder that NUMBA_CACHE_DIR names."""


class BesideSource(_OfThePackage, InTreeCacheLocator):
    """In `__pycache__` beside the source."""


class UserFolder(_OfThePackage, UserWideCacheLocator):
    """In the user's cache folder, where the source's own cannot be written."""


def use_package_cache() -> None:
    """Let numba ask these locators first; functions of other packages are kept as they were."""
    own = [f"{__name__}.{locator.__name__}" for locator in (ProvidedFolder, BesideSource, UserFolder)]
    # numba fills its settings from the environment at run time: its annotations do not name them.
    others = config.CACHE_LOCATOR_CLASSES or ",".join(_NUMBAS_OWN)  # type: ignore[attr-defined]
    config.CACHE_LOCATOR_CLASSES = ",".join([*own, others])  # type: ignore[attr-defined]
