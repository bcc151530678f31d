"""Two ways to compile a numeric function: cached on disk, without the interpreter lock, IEEE arithmetic as written."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from quant.compiled_cache import use_package_cache

# Before the first function is decorated below: numba chooses the place of a function then.
use_package_cache()

# An option of numba's targets that its annotations do not name.
_BARE: dict[str, Any] = {"_nrt": False}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """The function, compiled on its first call; it takes its arguments by position."""
    # numba's own annotations say Dispatcher; what comes back is called like the function.
    return cast("_Function", numba.njit(cache=True, nogil=True)(function))


def compiled_bare(function: _Function) -> _Function:
    """The same for a function that makes no array: numba then counts no references.

    A count is an atomic operation on every array that is passed or taken out of a tuple: in a loop that spends a
    hundred nanoseconds a turn they cost as much as the work itself.
    """
    return cast("_Function", numba.njit(cache=True, nogil=True, **_BARE)(function))


def inlined(function: _Function) -> _Function:
    """The function, compiled bare into each caller: for small ones that take many arrays, whose passing costs more."""
    return cast("_Function", numba.njit(cache=True, nogil=True, inline="always", **_BARE)(function))
